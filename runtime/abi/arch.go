package abi

import "sync/atomic"

// Arch is a copy of the architectural part of a State: what a guest can make of it in
// any engine.
type Arch struct {
	R, F    [32]uint64
	Field   [NumFields]uint64 // by Field*
	Entries [8]uint64
	Icount  int64
}

// The fields of the State that have a value in every engine, apart from the registers,
// the entries and Icount: indices of Arch.Field. LockPA and LockValue mean nothing while LockFlag
// is 0.
const (
	FieldPC = iota
	FieldPS
	FieldFPCR
	FieldLockFlag
	FieldLockPA
	FieldLockValue
	FieldIntrFlag
	FieldUnique
	FieldUSP
	FieldKSP
	FieldKGP
	FieldSysVal
	FieldMCES
	FieldFEN
	FieldASN
	FieldPTBR
	FieldVPTB
	FieldPCBB
	FieldWHAMI
	FieldPCCOffset
	FieldIRQLevel
	NumFields
)

// fields says what the fields are called and where they are. PS and ASN come with derived
// fields, which Arch.Load sets.
var fields = [NumFields]struct {
	name string
	of   func(*State) *uint64
}{
	FieldPC:        {"PC", func(s *State) *uint64 { return &s.PC }},
	FieldPS:        {"PS", func(s *State) *uint64 { return &s.PS }},
	FieldFPCR:      {"FPCR", func(s *State) *uint64 { return &s.FPCR }},
	FieldLockFlag:  {"lock flag", func(s *State) *uint64 { return &s.LockFlag }},
	FieldLockPA:    {"lock address", func(s *State) *uint64 { return &s.LockPA }},
	FieldLockValue: {"lock value", func(s *State) *uint64 { return &s.LockValue }},
	FieldIntrFlag:  {"interrupt flag", func(s *State) *uint64 { return &s.IntrFlag }},
	FieldUnique:    {"unique", func(s *State) *uint64 { return &s.Unique }},
	FieldUSP:       {"USP", func(s *State) *uint64 { return &s.USP }},
	FieldKSP:       {"KSP", func(s *State) *uint64 { return &s.KSP }},
	FieldKGP:       {"KGP", func(s *State) *uint64 { return &s.KGP }},
	FieldSysVal:    {"sysvalue", func(s *State) *uint64 { return &s.SysVal }},
	FieldMCES:      {"MCES", func(s *State) *uint64 { return &s.MCES }},
	FieldFEN:       {"FEN", func(s *State) *uint64 { return &s.FEN }},
	FieldASN:       {"ASN", func(s *State) *uint64 { return &s.ASN }},
	FieldPTBR:      {"PTBR", func(s *State) *uint64 { return &s.PTBR }},
	FieldVPTB:      {"VPTB", func(s *State) *uint64 { return &s.VPTB }},
	FieldPCBB:      {"PCBB", func(s *State) *uint64 { return &s.PCBB }},
	FieldWHAMI:     {"whami", func(s *State) *uint64 { return &s.WHAMI }},
	FieldPCCOffset: {"PCC offset", func(s *State) *uint64 { return &s.PCCOffset }},
	FieldIRQLevel:  {"IRQ level", func(s *State) *uint64 { return &s.IRQLevel }},
}

// FieldName is what field i of an Arch is called.
func FieldName(i int) string { return fields[i].name }

// Take copies s.
func (a *Arch) Take(s *State) {
	a.R, a.F, a.Entries, a.Icount = s.R, s.F, s.Entries, s.Icount
	for i := range fields {
		a.Field[i] = *fields[i].of(s)
	}
}

// Load makes s what was copied. Limit is left alone. What depends on the address space
// and the mode follows, but for the MMU.
func (a *Arch) Load(s *State) {
	s.R, s.F, s.Entries, s.Icount = a.R, a.F, a.Entries, a.Icount
	for i := range fields {
		if i != FieldIRQLevel {
			*fields[i].of(s) = a.Field[i]
		}
	}
	atomic.StoreUint64(&s.IRQLevel, a.Field[FieldIRQLevel])
	s.SetASN(s.ASN)
	s.SetPS(s.PS)
}

// Equal says whether a guest could not tell a from b.
func (a *Arch) Equal(b *Arch) bool {
	if a.R != b.R || a.F != b.F || a.Icount != b.Icount || a.Entries != b.Entries {
		return false
	}
	for i := range fields {
		if a.Differs(b, i) {
			return false
		}
	}
	return true
}

// Differs says whether field i of the two means different things.
func (a *Arch) Differs(b *Arch, i int) bool {
	return a.Field[i] != b.Field[i] && !(a.unlocked(i) && b.unlocked(i))
}

// unlocked says that field i means nothing, as no reservation is held.
func (a *Arch) unlocked(i int) bool {
	return (i == FieldLockPA || i == FieldLockValue) && a.Field[FieldLockFlag] == 0
}
