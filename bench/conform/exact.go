package conform

import (
	"fmt"

	"axpress/bench/conform/exact"
	"axpress/lifter/isa"
	"axpress/runtime/abi"
	"axpress/runtime/interp/cases"
)

// Exact is the engine of package exact: one floating-point operation, by the
// Handbook's rules.
type Exact struct {
	in isa.Inst
	// Any says that the last Run's result is UNPREDICTABLE: it left Fc alone.
	Any bool
}

// Name implements Engine.
func (*Exact) Name() string { return "exact" }

// Load implements Engine.
func (e *Exact) Load(m *isa.Model, code []uint32) error {
	e.in = m.Decode(code[0])
	if len(code) != 1 || !exact.Handles(e.in.Op) {
		return fmt.Errorf("%w: not one floating-point operation", ErrExcluded)
	}
	return nil
}

// Run implements Engine.
func (e *Exact) Run(s *cases.State) error {
	if s.FEN&1 == 0 {
		return fmt.Errorf("%w: floating point is disabled", ErrExcluded)
	}
	r := exact.Execute(&e.in, s.F[e.in.Ra], s.F[e.in.Rb], s.FPCR)
	e.Any = r.Any && e.in.Rc != 31
	if r.Write && e.in.Rc != 31 && !r.Any {
		s.F[e.in.Rc] = r.Value
	}
	s.FPCR = r.FPCR
	s.Outcome = cases.Outcome{PC: 4, Count: 1, Exit: abi.ExitPoll}
	if r.Summary != 0 {
		s.Exit, s.Arg, s.VA = abi.ExitArith, r.Summary, 1<<(32+uint(e.in.Rc))
	}
	return nil
}

// Same describes how got differs from want, but for what the Handbook leaves open.
func (e *Exact) Same(got, want *cases.State) string {
	if e.Any {
		got.F[e.in.Rc] = want.F[e.in.Rc]
	}
	return cases.Difference(got, want)
}

// Close implements Engine.
func (*Exact) Close() error { return nil }
