package conform

import (
	"slices"

	"axpress/ir"
	"axpress/ir/pass"
	"axpress/lifter/discover"
	"axpress/lifter/isa"
	"axpress/lifter/lift"
	"axpress/runtime/interp/cases"
	"axpress/translator/pipeline"
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

// lifted makes the IR of the functions of code.
func lifted(m *isa.Model, code []uint32, s Stage) (units []*ir.Func, err error) {
	o := pipeline.PassOptions(s.Hot)
	o.Check = true
	fns := cut(code)
	one := func(fn *discover.Function) (*ir.Func, error) {
		return lift.Lift(fn, words(code), lift.Options{Kernel: true, Model: m, Hot: s.Hot})
	}
	o.Callee = func(pc uint64) *ir.Func {
		i := slices.IndexFunc(fns, func(fn *discover.Function) bool { return fn.Start == pc })
		if i < 0 {
			return nil
		}
		f, err := one(fns[i])
		if err != nil {
			return nil
		}
		return f
	}
	for _, fn := range fns {
		f, err := one(fn)
		if err != nil {
			return nil, err
		}
		if s.Passes {
			err = pass.Run(f, o)
		} else {
			err = ir.Verify(f)
		}
		if err != nil {
			return nil, err
		}
		units = append(units, f)
	}
	return units, nil
}

// Lift makes the IR of code, which is one function.
func Lift(m *isa.Model, code []uint32, passes bool) (*ir.Func, error) {
	units, err := lifted(m, code, Stage{Passes: passes})
	if err != nil {
		return nil, err
	}
	return units[0], nil
}
