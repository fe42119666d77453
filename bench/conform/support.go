package conform

import (
	"fmt"
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

// The levels.
const (
	// Full: all forms, for all operands. What traps does so as the Handbook says.
	Full = "full"
	// Part: some forms or operands are left to the interpreter, which Note names.
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
			executed.add(name, in.Round, interpreted(&in))
			how, err := liftedAs(&in, false)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			lifted.add(name, in.Round, how)
			if how, err = liftedAs(&in, true); err != nil {
				how = missing
			}
			emitted.add(name, in.Round, how)
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
	guarded            // not all operands
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
	exits, retires, interprets := 0, false, false
	for _, b := range f.Blocks {
		for _, v := range b.Vals {
			switch {
			case v.Op == ir.OpRetire:
				retires = true
			case v.Op != ir.OpPoll && v.Op.Info().Effect == ir.EffectExit:
				exits++
			}
		}
		interprets = interprets || b.Term.Kind == ir.TermInterpret
	}
	if in.Op.Info().Faults&isa.FaultFEN != 0 {
		exits-- // the check that floating point is enabled
	}
	switch {
	case interprets && !retires:
		return left, nil
	case interprets || exits > 0:
		return guarded, nil
	}
	return whole, nil
}

// noLink is for a unit that is alone.
func noLink(uint64, uint64) (llvm.UnitRef, bool) { return llvm.UnitRef{}, false }

// tally counts the forms of an instruction by what an engine does with them.
type tally struct {
	info *isa.Info
	all  int
	n    [missing + 1]int
	// dynamic counts those of the guarded forms that round as the FPCR says.
	dynamic int
	gone    []string // forms that are left or missing
}

func (t *tally) add(form string, round isa.Round, h how) {
	t.all++
	t.n[h]++
	if h == guarded && round == isa.RoundDynamic {
		t.dynamic++
	}
	if h >= left {
		t.gone = append(t.gone, strings.TrimPrefix(form, t.info.Name))
	}
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
	if t.n[guarded] > 0 {
		notes = append(notes, t.operands()+": interp")
	}
	if len(t.gone) > 0 {
		notes = append(notes, strings.Join(t.gone, " ")+": interp")
	}
	return Support{Part, strings.Join(notes, "; ")}
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

// operands says which operands guards leave to the interpreter.
func (t *tally) operands() string {
	switch {
	case t.info.Faults&isa.FaultArith == 0:
		return "overflow"
	case t.dynamic == t.n[guarded]:
		return "/d, unless to nearest"
	}
	return "what traps, rare operands"
}
