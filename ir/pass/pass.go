package pass

import (
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"strings"

	"axpress/ir"
)

// Options says how Run works. The zero value runs all passes.
type Options struct {
	// Disable switches passes off by name. Required passes refuse.
	Disable map[string]bool
	// Check verifies the unit before the first and after each pass, and that it polls often
	// enough after the last.
	Check bool
	// Dump, if not nil, gets the text form before the first and after each pass.
	Dump io.Writer
	// Pinned is a set of integer registers (bit n is rn) that travel in host
	// registers between units: every exit carries their value, changed or not.
	Pinned uint32
	// Full says that the unit is made for the full setting: it may be larger, if it is
	// faster, and exits spill registers themselves.
	Full bool
	// User says whether the kernel's instruction at pc accesses user memory; nil: none.
	User func(pc uint64) bool
	// Carry is how many registers of a kind a block may get as parameters for the sake
	// of its exits alone; if there are more, they are spilled before it. CarryLoop
	// is the same for the blocks of innermost loops, where that costs most.
	Carry, CarryLoop int
	// Callee returns the function that is called at guest address pc, in the lifted form,
	// if it may be copied to where it is called; else, and by default, nil. The pass
	// changes what it returns.
	Callee func(pc uint64) *ir.Func
}

// Pass is a row of the table of passes.
type Pass struct {
	Name     string
	Doc      string
	Required bool // the back ends need it
	Full     bool // it does something at the full setting only
	Fn       func(f *ir.Func, o *Options) error
}

// passes is the pipeline, in order.
var passes = []Pass{
	{"inline", "copy small functions to where they are called", false, true, inline},
	{"presimplify", "simplify, on the lifted form: less to promote", false, false, simplify},
	{"unroll", "copy short innermost loops that compute with floating point, for fewer polls", false, true, unroll},
	{"bound", "poll where the guest could go on for long without", true, false, bound},
	{"promote", "turn guest registers into SSA values, give exits their snapshots", true, false, promote},
	{"facts", "make constants of what a branch tells", false, true, facts},
	{"simplify", "fold constants, identities and Alpha idioms; drop decided guards and branches", false, false, simplify},
	{"params", "replace block parameters that always have the same value", false, false, params},
	{"singles", "keep single-precision numbers that loops carry in single format", false, false, singles},
	{"cse", "compute equal values once", false, false, cse},
	{"atomics", "make one operation of load-locked, an operation and store-conditional", false, false, atomics},
	{"unaligned", "read bytes and unaligned numbers at once, not the quadwords they are in", false, true, unaligned},
	{"finite", "drop guards of numbers that cannot be infinite; check those that loops carry before the loop", false, true, finite},
	{"fen", "ask once whether floating point is enabled, and before loops", false, true, fen},
	{"dce", "drop values and block parameters that nothing needs", false, false, dce},
	{"merge", "skip empty blocks, join straight lines, drop unreachable blocks", false, false, merge},
	{"retire", "join the instruction counts between exits", false, false, retire},
}

// constraint says that pass first must stand before pass then, and why.
type constraint struct{ first, then, why string }

var constraints = []constraint{
	{"inline", "presimplify", "what is copied is simplified with what it meets"},
	{"inline", "promote", "calls need registers spilled, copies do not"},
	{"presimplify", "promote", "what is folded first needs no snapshot"},
	{"presimplify", "unroll", "there is less to copy"},
	{"inline", "bound", "calls poll, copies do not"},
	{"unroll", "bound", "copies of a loop's head do not poll"},
	{"bound", "promote", "between instructions all of the guest's state is in registers"},
	{"unroll", "promote", "in the lifted form what copies carry is in registers"},
	{"promote", "facts", "comparisons and the registers they go to become one value"},
	{"facts", "simplify", "what is known decides guards and branches"},
	{"promote", "simplify", "constants flow through registers only when promoted"},
	{"simplify", "params", "folding makes arguments equal"},
	{"params", "cse", "values equal up to a parameter become equal"},
	{"params", "singles", "what is always the same is no parameter"},
	{"simplify", "cse", "equal meaning becomes equal form"},
	{"cse", "atomics", "the two addresses become one value"},
	{"atomics", "dce", "what only the second try wanted loses its last use"},
	{"atomics", "merge", "the second try is gone"},
	{"cse", "unaligned", "addresses become equal"},
	{"unaligned", "dce", "addresses of quadwords lose their last use"},
	{"singles", "finite", "what loops carry has its format"},
	{"finite", "dce", "what guards computed loses its last use"},
	{"fen", "dce", "what guards computed loses its last use"},
	{"finite", "merge", "checks are in blocks of their own"},
	{"cse", "dce", "replaced operands lose their last use"},
	{"params", "dce", "replaced parameters lose their last use"},
	{"dce", "merge", "blocks become empty"},
	{"merge", "retire", "longer blocks join more counts"},
}

// List returns the passes in order.
func List() []Pass { return slices.Clone(passes) }

// Run takes f, in the lifted form, through the passes. f must satisfy ir.Verify
// (with Check set that is checked first). After an error f must not be used.
func Run(f *ir.Func, o Options) error {
	if err := checkDisabled(o.Disable); err != nil {
		return err
	}
	if err := after(f, &o, "input"); err != nil {
		return err
	}
	for i := range passes {
		p := &passes[i]
		if o.Disable[p.Name] {
			continue
		}
		if err := runOne(p, f, &o); err != nil {
			return err
		}
		if err := after(f, &o, p.Name); err != nil {
			return err
		}
	}
	if o.Check {
		return checkReach(f)
	}
	return nil
}

func checkDisabled(disable map[string]bool) error {
	var bad []string
	for name, off := range disable {
		i := slices.IndexFunc(passes, func(p Pass) bool { return p.Name == name })
		switch {
		case i < 0:
			bad = append(bad, fmt.Sprintf("no pass is called %q", name))
		case off && passes[i].Required:
			bad = append(bad, fmt.Sprintf("pass %q is required", name))
		}
	}
	if len(bad) == 0 {
		return nil
	}
	slices.Sort(bad)
	return fmt.Errorf("pass: %s", strings.Join(bad, "; "))
}

// runOne runs p on f. A panic becomes an error, so that one bad unit among
// thousands can be left to the interpreter.
func runOne(p *Pass, f *ir.Func, o *Options) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("pass %s: func %q @%#x: panic: %v\n%s", p.Name, f.Name, f.PC, r, debug.Stack())
		}
	}()
	if err := p.Fn(f, o); err != nil {
		return fmt.Errorf("pass %s: func %q @%#x: %w", p.Name, f.Name, f.PC, err)
	}
	return nil
}

// after does what Options ask for between passes.
func after(f *ir.Func, o *Options, name string) error {
	if o.Dump != nil {
		if _, err := fmt.Fprintf(o.Dump, "; after %s\n", name); err != nil {
			return fmt.Errorf("pass: dump: %w", err)
		}
		if err := f.Print(o.Dump); err != nil {
			return fmt.Errorf("pass: dump: %w", err)
		}
	}
	if o.Check {
		if err := ir.Verify(f); err != nil {
			return fmt.Errorf("after %s: %w", name, err)
		}
	}
	return nil
}
