package conform

import (
	"fmt"
	"slices"
	"strings"

	"axpress/ir"
	"axpress/lifter/isa"
	"axpress/runtime/interp"
	"axpress/translator/llvm"
)

// Support says how an engine does an instruction: Full, or what else and why.
type Support struct {
	Level string `json:"level"`
	Note  string `json:"note,omitempty"`
}

// The levels. A side exit leaves translated code before an instruction, with the exact
// state, for the interpreter to execute it, as a page fault does.
const (
	// Full: every form is executed, and translated, whatever the state of the machine.
	// Operands that trap, or that are rare where Note says so, may take a side exit.
	Full = "full"
	// Part: some forms, or all operands in some state of the machine, are left to the
	// interpreter. Note names the forms.
	Part = "part"
	// Interp: left to the interpreter; exact, but slow.
	Interp = "interp"
	// Missing: not done at all.
	Missing = "missing"
)

// Engines names the columns of Row.Engines.
var Engines = [...]string{"interp", "ir", "native"}

// Row is what there is to say about an instruction.
type Row struct {
	Name     string    `json:"name"`
	Encoding string    `json:"encoding"`
	Class    string    `json:"class"`
	Ext      string    `json:"extension"`
	Since    string    `json:"since"`   // the first model that has it
	Forms    []string  `json:"forms"`   // with all qualifiers
	Engines  []Support `json:"engines"` // in the order of the columns
}

// Table says, for each instruction, which engine does it and how. Nothing of it is
// written down: the interpreter is asked what it decodes a form to, the lifter lifts
// every form, and the back end emits it.
func Table() ([]Row, error) {
	var out []Row
	for _, r := range isa.Table() {
		row := Row{Name: r.Name, Encoding: r.Encoding, Class: r.Class.String(), Ext: r.Ext.String(),
			Since: r.Ext.Since().Name, Forms: r.Forms}
		lifted, emitted := tally{info: r.Info}, tally{info: r.Info}
		executed := tally{info: r.Info}
		for i, in := range r.Op.Samples() {
			name := r.Forms[i]
			executed.add(name, interpreted(&in))
			how, err := liftedAs(&in, false)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			lifted.add(name, how)
			if how, err = liftedAs(&in, true); err != nil {
				how = missing
			}
			emitted.add(name, how)
		}
		row.Engines = []Support{executed.support(), lifted.support(), emitted.support()}
		out = append(out, row)
	}
	return out, nil
}

// how is what an engine does with a form.
type how uint8

const (
	whole   how = iota // everything
	guarded            // side exits for some operands
	called             // the runtime computes; a side exit for what traps
	moded              // side exits in some state of the machine
	left               // nothing: it leaves it to the interpreter
	missing
)

// reserved says whether the instruction is one that traps outside PALmode.
func reserved(info *isa.Info) bool { return info.Faults&isa.FaultDEC != 0 }

func interpreted(in *isa.Inst) how {
	if interp.Executes(nil, in.Word) || reserved(in.Op.Info()) {
		return whole
	}
	return missing
}

// liftedAs looks at the IR of an instruction, or of what becomes of it on the way to
// the back end, which has to take it.
func liftedAs(in *isa.Inst, emit bool) (how, error) {
	f, err := Lift(isa.DefaultModel(), []uint32{in.Word}, emit)
	if err != nil {
		return missing, err
	}
	if emit {
		if _, err := llvm.Emit([]*ir.Func{f}, llvm.Options{Link: noLink}); err != nil {
			return missing, err
		}
	}
	return liftedInto(f, in.Op.Info()), nil
}

// liftedInto looks at the IR of one instruction.
func liftedInto(f *ir.Func, info *isa.Info) how {
	exits, modes, calls, retires, interprets := 0, 0, 0, false, false
	for _, b := range f.Blocks {
		for _, v := range b.Vals {
			switch {
			case v.Op == ir.OpRetire:
				retires = true
			case v.Op == ir.OpFPOperate:
				calls++
			case v.Op == ir.OpGuard && !byOperands(v):
				modes++
			case v.Op != ir.OpPoll && v.Op.Info().Effect == ir.EffectExit:
				exits++
			}
		}
		interprets = interprets || b.Term.Kind == ir.TermInterpret
	}
	if info.Faults&isa.FaultFEN != 0 {
		modes-- // the check that floating point is enabled, without which it traps
	}
	switch {
	case interprets && !retires:
		return left
	case interprets || modes > 0:
		return moded
	case exits > 0:
		return guarded
	case calls > 0:
		return called
	}
	return whole
}

// byOperands says whether v depends on what the instruction reads, rather than on the
// state of the machine alone.
func byOperands(v *ir.Value) bool {
	switch v.Op {
	case ir.OpGetReg, ir.OpParam, ir.OpLoad, ir.OpLoadLocked, ir.OpFPOperate:
		return true
	}
	return slices.ContainsFunc(v.Args, byOperands)
}

// noLink is for a unit that is alone.
func noLink(uint64, uint64) (llvm.UnitRef, bool) { return llvm.UnitRef{}, false }

// tally counts the forms of an instruction by what an engine does with them.
type tally struct {
	info *isa.Info
	all  int
	n    [missing + 1]int
	// forms are the qualifiers of the forms.
	forms [missing + 1][]string
}

func (t *tally) add(form string, h how) {
	t.all++
	t.n[h]++
	t.forms[h] = append(t.forms[h], strings.TrimPrefix(form, t.info.Name))
}

// support makes a cell of the table.
func (t *tally) support() Support {
	switch {
	case t.n[missing] == t.all:
		return Support{Missing, ""}
	case t.n[left] == t.all:
		return Support{Interp, ""}
	case t.n[whole] == t.all:
		return Support{Full, t.remark()}
	}
	var notes []string
	switch {
	case t.n[guarded] > 0:
		notes = append(notes, t.operands()+": side exit")
	case t.n[called] > 0:
		notes = append(notes, "traps: side exit")
	}
	switch {
	case t.n[called] == t.all:
		notes = append(notes, "by the runtime")
	case t.n[called] > 0:
		notes = append(notes, strings.Join(t.forms[called], " ")+": by the runtime")
	}
	gone := slices.Concat(t.forms[moded], t.forms[left], t.forms[missing])
	if len(gone) == 0 {
		return Support{Full, strings.Join(notes, "; ")}
	}
	return Support{Part, strings.Join(append(notes, strings.Join(gone, " ")+": interp"), "; ")}
}

// remark explains a full support that is not what it seems.
func (t *tally) remark() string {
	switch {
	case t.info.Class == isa.ClassPAL:
		return "by PALcode"
	case reserved(t.info):
		return "traps outside PALmode"
	}
	return ""
}

// operands says for which operands there is a side exit.
func (t *tally) operands() string {
	switch t.info.Op {
	case isa.OpCVTQL:
		return "overflow"
	case isa.OpCMPTEQ, isa.OpCMPTLT, isa.OpCMPTLE, isa.OpCMPTUN:
		return "NaN, denormal"
	}
	if t.info.Faults&isa.FaultArith == 0 {
		return "overflow"
	}
	return "traps, NaN, infinity, denormal"
}
