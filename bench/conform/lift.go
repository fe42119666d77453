package conform

import (
	"axpress/ir"
	"axpress/lifter/isa"
	"axpress/runtime/interp/cases"
	"axpress/translator/unit"
)

// Stage says how far the translator takes code.
type Stage struct {
	Passes bool // through the optimisation passes
	Hot    bool // at the full setting, as for code that was found to be hot
}

// words is the code, for the lifter.
type words []uint32

// Word implements lift.Code.
func (c words) Word(va uint64) (uint32, bool) {
	if i := (va - cases.CodeVA) / 4; va >= cases.CodeVA && i < uint64(len(c)) {
		return c[i], true
	}
	return 0, false
}

// lifted makes the IR of the functions of code, and says what they know of each other.
func lifted(m *isa.Model, code []uint32, s Stage) (set *unit.Set, units []*ir.Func, err error) {
	set = unit.Code(words(code), cut(code), accessesUser, unit.Options{Full: s.Hot, Model: m, Check: true})
	for _, f := range set.Functions {
		one := set.Lift
		if s.Passes {
			one = set.Make
		}
		u, err := one(f)
		if err == nil {
			err = ir.Verify(u)
		}
		if err != nil {
			return nil, nil, err
		}
		units = append(units, u)
	}
	return set, units, nil
}

// Lift makes the IR of code, which is one function.
func Lift(m *isa.Model, code []uint32, passes bool) (*ir.Func, error) {
	_, units, err := lifted(m, code, Stage{Passes: passes})
	if err != nil {
		return nil, err
	}
	return units[0], nil
}
