package unit

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"

	"axpress/ir"
	"axpress/ir/pass"
	"axpress/lifter/discover"
	"axpress/lifter/image"
	"axpress/lifter/isa"
	"axpress/lifter/lift"
	"axpress/runtime/abi"
)

// Options say which functions are translated, and how. The zero value is all of them, at
// the cheap setting.
type Options struct {
	Hints []uint64 // further entries, from earlier runs
	// Full asks for the full setting: functions stay whole, and at the addresses of the
	// image. Not for images that may lie at any address.
	Full bool
	// At, if not nil, asks for nothing but the functions that contain one of these guest
	// addresses.
	At    []uint64
	Only  *regexp.Regexp       // nothing but the functions whose name matches; nil: all
	Keep  func(*Function) bool // the last word on a function, asked in their order; nil: all
	Model *isa.Model           // the CPU to run on; nil: isa.DefaultModel
	// Disable leaves steps out, by name. What is not in Steps is somebody else's.
	Disable map[string]bool
	Check   bool      // verify the IR after every pass
	Dump    io.Writer // if not nil, gets the IR before the first and after each pass; for one worker
	// MaxSwitchEdges bounds the edges of all switches of a function; 0: no bound. The
	// switches of one with more become plain indirect jumps.
	MaxSwitchEdges int
}

// ErrPlace says that code without a place of its own cannot have a hot translation.
var ErrPlace = errors.New("position-independent code has no translation at the full setting")

// wholeFunction is the number of instructions from which functions are split at the full
// setting: an interpreter's loop stays whole.
const wholeFunction = 16_000

// Function is a function to translate.
type Function struct {
	Name   string
	Start  uint64 // guest address of the primary entry
	Lo, Hi uint64 // from its first instruction to behind its last
	Insts  int

	calls    []call // where it can be called directly
	blocks   []discover.Block
	promoted bool // it comes in the promoted form, as after the passes
	lift     func() (*ir.Func, error)
}

// call is a place where a function can be called: the guest address, and the number of the
// entry.
type call struct {
	pc    uint64
	index int
}

// Link is an entry of a function that can be called directly: it begins with a poll.
type Link struct {
	Function *Function
	Index    int // in ir.Func.Entries
}

// Set is the functions that are translated together. Its methods may be called by several
// goroutines, unless Options.Dump is set.
type Set struct {
	Functions   []*Function // sorted by address
	Kernel      bool        // they run in kernel mode
	Relocatable bool        // they may run at other addresses than the image's

	o      Options
	passes pass.Options
	user   func(pc uint64) bool
	starts map[uint64]*Function
	links  map[uint64]Link // by guest PC
}

// Find finds the functions of img. The error wraps ErrPlace, or what discover.Discover
// returns.
func Find(img *image.Image, o Options) (*Set, error) {
	if o.Full && img.Kind == image.Dyn {
		return nil, ErrPlace
	}
	kernel := img.Kind == image.Kernel
	find := discover.Options{Hints: o.Hints, PageLimited: !kernel && !o.Full}
	if o.Full {
		find.MaxFunction = wholeFunction
	}
	found, err := discover.Discover(img, find)
	if err != nil {
		return nil, err
	}
	at := slices.Sorted(slices.Values(o.At))
	s := newSet(kernel, !kernel && !o.Full, o)
	for _, f := range found.Functions {
		if o.At == nil || contains(f, at) {
			s.discovered(f, img)
		}
	}
	user := userAccesses(img)
	s.user = func(pc uint64) bool { return user[pc] }
	s.finish()
	return s, nil
}

// Code makes the set of functions of the kernel that somebody else found in code. user
// says which of their instructions access the memory of users; nil: none.
func Code(code lift.Code, functions []*discover.Function, user func(pc uint64) bool, o Options) *Set {
	s := newSet(true, false, o)
	for _, f := range functions {
		s.discovered(f, code)
	}
	s.user = user
	s.finish()
	return s
}

func newSet(kernel, relocatable bool, o Options) *Set {
	return &Set{Kernel: kernel, Relocatable: relocatable, o: o, starts: map[uint64]*Function{}, links: map[uint64]Link{}}
}

// contains says whether f contains one of the addresses, which are sorted.
func contains(f *discover.Function, at []uint64) bool {
	return slices.ContainsFunc(f.Blocks, func(b discover.Block) bool {
		i, _ := slices.BinarySearch(at, b.Start)
		return i < len(at) && at[i] < b.End
	})
}

// discovered adds f, whose words are code's.
func (s *Set) discovered(f *discover.Function, code lift.Code) {
	o := lift.Options{Kernel: s.Kernel, Model: s.o.Model, Relocatable: s.Relocatable, Hot: s.o.Full && !s.o.Disable[stepGP]}
	if s.Relocatable { // the address that code is relative to is its page
		o.Base = f.Start & abi.PageMask
	}
	u := &Function{Name: f.Name, Start: f.Start, Lo: f.Blocks[0].Start, Hi: f.Blocks[len(f.Blocks)-1].End, blocks: f.Blocks,
		lift: func() (*ir.Func, error) { return lift.Lift(f, code, o) }}
	for i := range f.Blocks {
		u.Insts += int(f.Blocks[i].End-f.Blocks[i].Start) / 4
	}
	// Its start, and the entry behind the load of $29: the linker relaxes calls to it. Behind
	// a CALL_PAL there may be none after all, and no poll.
	for i, pc := range [...]uint64{f.Start, f.Start + lift.CallEntryBytes} {
		before, _ := code.Word(pc - 4)
		if slices.Contains(f.Entries, pc) && (i == 0 || isa.Decode(before).Op != isa.OpCALLPAL) {
			u.calls = append(u.calls, call{pc, i})
		}
	}
	s.add(u)
}

// add adds f, if it is wanted.
func (s *Set) add(f *Function) {
	if s.o.Only != nil && !s.o.Only.MatchString(f.Name) || s.o.Keep != nil && !s.o.Keep(f) {
		return
	}
	s.Functions = append(s.Functions, f)
	s.starts[f.Start] = f
	for _, c := range f.calls {
		s.links[c.pc] = Link{f, c.index}
	}
}

// finish makes the options of the passes. At the cheap setting registers are written to
// their spill slots before exits anyway. At the full setting an innermost loop may carry
// more, where each store would be executed each time round.
func (s *Set) finish() {
	s.passes = pass.Options{Pinned: abi.SnapshotRegs, Disable: s.passesOff(), Check: s.o.Check, Dump: s.o.Dump, User: s.user, Callee: s.callee}
	if s.o.Full {
		s.passes.Full, s.passes.Carry, s.passes.CarryLoop = true, 8, 16
	}
}

// Contains says whether the instruction at pc is one of f, which was found in code.
func (f *Function) Contains(pc uint64) bool {
	return slices.ContainsFunc(f.blocks, func(b discover.Block) bool { return b.Start <= pc && pc < b.End })
}

// Promoted says that f comes in the promoted form: the passes have been there.
func (f *Function) Promoted() bool { return f.promoted }

// Function returns the function that begins at guest address start, nil if there is none.
func (s *Set) Function(start uint64) *Function { return s.starts[start] }

// User says whether the kernel's instruction at pc accesses the memory of a user.
func (s *Set) User(pc uint64) bool { return s.user != nil && s.user(pc) }

// Link returns the entry that the function at from can call directly for guest address
// pc. Code of a program may be called if it lies in the pages of the caller: these have
// been found to hold what was translated. Code that may lie at any address is for the back
// end to check.
func (s *Set) Link(from, pc uint64) (Link, bool) {
	l, ok := s.links[pc]
	if ok && !s.Kernel && !s.Relocatable {
		caller := s.starts[from]
		ok = caller != nil && l.Function.Lo&abi.PageMask >= caller.Lo&abi.PageMask && (l.Function.Hi-1)&abi.PageMask <= (caller.Hi-1)&abi.PageMask
	}
	return l, ok
}

// callee is pass.Options.Callee: small functions of the set may be copied.
func (s *Set) callee(pc uint64) *ir.Func {
	l, ok := s.links[pc]
	if !ok || l.Function.Insts > pass.MaxBody || l.Function.promoted {
		return nil
	}
	u, err := s.lifted(l.Function)
	if err != nil {
		return nil
	}
	return u
}

// lifted makes the lifted form of f, anew.
func (s *Set) lifted(f *Function) (*ir.Func, error) {
	u, err := f.lift()
	if err != nil {
		return nil, err
	}
	if s.o.MaxSwitchEdges > 0 {
		boundSwitches(u, s.o.MaxSwitchEdges)
	}
	return u, nil
}

// Called returns the starts of the functions of the set that f calls, as far as its
// instructions, or guesses, say; sorted, each once.
func (s *Set) Called(f *Function) (starts []uint64, err error) {
	u, err := s.Lift(f)
	if err != nil {
		return nil, err
	}
	for _, b := range u.Blocks {
		t := &b.Term
		if t.Kind != ir.TermCall {
			continue
		}
		pc := t.Guess
		if t.Target.Op == ir.OpPC {
			pc = uint64(t.Target.Imm)
		}
		if l, ok := s.links[pc]; ok {
			starts = append(starts, l.Function.Start)
		}
	}
	slices.Sort(starts)
	return slices.Compact(starts), nil
}

// Lift returns the IR of f as it is before the passes. A panic becomes an error: it is a
// bug, but one function is no reason to lose the others.
func (s *Set) Lift(f *Function) (u *ir.Func, err error) {
	defer recovered(&err)
	return s.lifted(f)
}

// Make returns the IR of f after the passes. Panics are as in Lift.
func (s *Set) Make(f *Function) (u *ir.Func, err error) {
	defer recovered(&err)
	if u, err = s.lifted(f); err != nil || f.promoted {
		return u, err
	}
	if err := pass.Run(u, s.passes); err != nil {
		return nil, err
	}
	for i, e := range u.Entries {
		if l, ok := s.links[e.PC]; ok && l.Function == f && l.Index != i {
			return nil, fmt.Errorf("BUG: entry %#x is number %d, linked as %d", e.PC, i, l.Index)
		}
	}
	return u, nil
}

func recovered(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("BUG: %v", p)
	}
}

// boundSwitches makes the switches of a unit with too many edges plain indirect jumps.
func boundSwitches(u *ir.Func, most int) {
	edges := 0
	for _, b := range u.Blocks {
		edges += len(b.Term.Cases)
	}
	if edges <= most {
		return
	}
	for _, b := range u.Blocks {
		if b.Term.Kind == ir.TermSwitch {
			b.Term.Kind, b.Term.Cases = ir.TermGoto, nil
		}
	}
}
