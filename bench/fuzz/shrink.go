package fuzz

import (
	"slices"

	"axpress/bench/conform"
	"axpress/lifter/isa"
	"axpress/runtime/abi"
	"axpress/runtime/interp/cases"
)

// shrinker makes a case that fails smaller as long as it still fails.
type shrinker struct {
	engines []conform.Engine
	p       program
	before  cases.State
	found   *conform.Difference
}

// fails runs the candidate; if it fails it becomes the case.
func (s *shrinker) fails(p program, before cases.State) bool {
	engines, _, err := load(s.engines, &p)
	if err != nil {
		return false
	}
	_, _, d, err := conform.Compare(engines, &before)
	if err != nil || d == nil {
		return false
	}
	s.p, s.before, s.found = p, before, d
	return true
}

func (s *shrinker) run() {
	if s.p.shape == flow {
		s.blank()
	} else {
		s.shorten()
	}
	if s.p.model != isa.DefaultModel() {
		p := s.p
		p.model = isa.DefaultModel()
		s.fails(p, s.before)
	}
	initial := cases.Initial()
	for i := range 31 {
		s.try(&s.before.R[i], initial.R[i])
		s.try(&s.before.F[i], initial.F[i])
	}
	for i := range s.before.Data {
		s.try(&s.before.Data[i], 0)
	}
	b := &s.before
	for _, p := range []*uint64{&b.Lock, &b.LockPA, &b.LockVal, &b.Flag, &b.PCC} {
		s.try(p, 0)
	}
	s.try(&b.FPCR, initial.FPCR)
	s.try(&b.FEN, 1)
}

// shorten takes instructions away.
func (s *shrinker) shorten() {
	for i := 0; i < len(s.p.code) && len(s.p.code) > 1; {
		p := s.p
		p.code = slices.Delete(slices.Clone(s.p.code), i, i+1)
		if !s.fails(p, s.before) {
			i++
		}
	}
	for len(s.p.code) > 1 && s.advance() {
	}
}

// blank makes instructions NOPs, so that branches keep their targets, and takes away
// what is behind the last that counts.
func (s *shrinker) blank() {
	const nop = 0x47ff041f
	for i := range s.p.code {
		p := s.p
		p.code = slices.Clone(s.p.code)
		if p.code[i] != nop {
			p.code[i] = nop
			s.fails(p, s.before)
		}
	}
	for n := len(s.p.code) - 1; n > 0 && s.p.code[n] == nop; n-- {
		p := s.p
		if p.code = p.code[:n]; !s.fails(p, s.before) {
			break
		}
	}
}

// advance begins with the state that the first engine has after the first
// instruction.
func (s *shrinker) advance() bool {
	first, rest := s.p, s.p
	first.code, rest.code = s.p.code[:1], s.p.code[1:]
	before := s.before
	if s.engines[0].Load(first.model, first.code) != nil || s.engines[0].Run(&before) != nil || before.Exit != abi.ExitPoll {
		return false
	}
	before.Outcome = s.before.Outcome
	return s.fails(rest, before)
}

// try sets a place of the state to v, if the case still fails then.
func (s *shrinker) try(place *uint64, v uint64) {
	old := *place
	if old == v {
		return
	}
	*place = v
	if !s.fails(s.p, s.before) {
		*place = old
	}
}

func (s *shrinker) failure(number int64) *Failure {
	d := s.found
	return &Failure{Program: number, Engine: d.Engine, Text: d.Text,
		Line: cases.New(s.p.model, s.p.code, &s.before, &d.Want).String(),
		Got:  cases.New(s.p.model, s.p.code, &s.before, &d.Got).String()}
}
