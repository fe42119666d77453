package trace

import (
	"sync/atomic"

	"axpress/runtime/abi"
)

// field is a part of the State that has a value in every engine, apart from the
// registers.
type field struct {
	name string
	of   func(*abi.State) *uint64
}

// fields are compared and copied. PS and ASN come with derived fields, which
// archState.load sets.
var fields = [...]field{
	{"PC", func(s *abi.State) *uint64 { return &s.PC }},
	{"PS", func(s *abi.State) *uint64 { return &s.PS }},
	{"FPCR", func(s *abi.State) *uint64 { return &s.FPCR }},
	{"lock flag", func(s *abi.State) *uint64 { return &s.LockFlag }},
	{"lock address", func(s *abi.State) *uint64 { return &s.LockPA }},
	{"lock value", func(s *abi.State) *uint64 { return &s.LockValue }},
	{"interrupt flag", func(s *abi.State) *uint64 { return &s.IntrFlag }},
	{"unique", func(s *abi.State) *uint64 { return &s.Unique }},
	{"USP", func(s *abi.State) *uint64 { return &s.USP }},
	{"KSP", func(s *abi.State) *uint64 { return &s.KSP }},
	{"KGP", func(s *abi.State) *uint64 { return &s.KGP }},
	{"sysvalue", func(s *abi.State) *uint64 { return &s.SysVal }},
	{"MCES", func(s *abi.State) *uint64 { return &s.MCES }},
	{"FEN", func(s *abi.State) *uint64 { return &s.FEN }},
	{"ASN", func(s *abi.State) *uint64 { return &s.ASN }},
	{"PTBR", func(s *abi.State) *uint64 { return &s.PTBR }},
	{"VPTB", func(s *abi.State) *uint64 { return &s.VPTB }},
	{"PCBB", func(s *abi.State) *uint64 { return &s.PCBB }},
	{"whami", func(s *abi.State) *uint64 { return &s.WHAMI }},
	{"PCC offset", func(s *abi.State) *uint64 { return &s.PCCOffset }},
	{"IRQ level", func(s *abi.State) *uint64 { return &s.IRQLevel }},
}

// Numbers of fields that are treated specially.
const (
	fieldPC        = 0
	fieldLockFlag  = 3
	fieldLockPA    = 4
	fieldLockValue = 5
)

// archState is a copy of the architectural part of a State.
type archState struct {
	r, f    [32]uint64
	field   [len(fields)]uint64
	entries [8]uint64
	icount  int64
	limit   int64
}

// take copies s.
func (a *archState) take(s *abi.State) {
	a.r, a.f, a.entries, a.icount = s.R, s.F, s.Entries, s.Icount
	a.limit = atomic.LoadInt64(&s.Limit)
	for i := range fields {
		a.field[i] = *fields[i].of(s)
	}
}

// load makes s what was copied. Limit is left alone.
func (a *archState) load(s *abi.State) {
	s.R, s.F, s.Entries, s.Icount = a.r, a.f, a.entries, a.icount
	for i := range fields {
		*fields[i].of(s) = a.field[i]
	}
	s.SetASN(s.ASN)
	s.SetPS(s.PS)
}

// equal compares, quickly.
func (a *archState) equal(b *archState) bool {
	if a.r != b.r || a.f != b.f || a.icount != b.icount || a.entries != b.entries {
		return false
	}
	for i := range fields {
		if a.field[i] != b.field[i] && !(a.unlocked(i) && b.unlocked(i)) {
			return false
		}
	}
	return true
}

// unlocked says that field i means nothing, as no reservation is held.
func (a *archState) unlocked(i int) bool {
	return (i == fieldLockPA || i == fieldLockValue) && a.field[fieldLockFlag] == 0
}
