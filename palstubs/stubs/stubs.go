package stubs

import (
	"axpress/ir"
	"axpress/runtime/abi"
)

// Stub is the row of one CALL_PAL function.
type Stub struct {
	Number uint32
	Name   string
	// Emit appends the operation to b; nil if the call is not inlined. The result
	// is nil, or an i1 that says that the run loop must look at the machine (an
	// interrupt may have become deliverable) before the next instruction.
	Emit func(b *ir.Builder) (attention *ir.Value)
	// Why says why Emit is nil.
	Why string
}

// Privileged says whether CALL_PAL fn is allowed in kernel mode only; in user
// mode it is a reserved instruction. The rule is the architecture's: function
// codes 00-3F are privileged (Handbook, appendix C.11).
func Privileged(fn uint32) bool { return fn < 0x40 }

// Lookup returns the row of CALL_PAL fn, or nil if the table has none: such a
// call is not inlined.
func Lookup(fn uint32) *Stub {
	if fn >= uint32(len(byNumber)) {
		return nil
	}
	return byNumber[fn]
}

// Table returns the rows in ascending order of Number, for a support page.
func Table() []Stub { return append([]Stub(nil), table[:]...) }

// byNumber holds the rows of table by function code.
var byNumber = index()

func index() (out [0x100]*Stub) {
	for i := range table {
		out[table[i].Number] = &table[i]
	}
	return out
}

// Integer registers of the calling standard.
const (
	v0 ir.Reg = 0
	a0 ir.Reg = 16
)

// The state fields that stubs touch.
var (
	offPS       = abi.Offset("PS")
	offUSP      = abi.Offset("USP")
	offMCES     = abi.Offset("MCES")
	offSysVal   = abi.Offset("SysVal")
	offWHAMI    = abi.Offset("WHAMI")
	offUnique   = abi.Offset("Unique")
	offIRQLevel = abi.Offset("IRQLevel")
)

const (
	whyFrame = "reads or writes a stack frame and changes the mode"
	whyCode  = "drops translations"
	whyIdle  = "waits on the host"
)

var table = [...]Stub{
	{Number: 0x10, Name: "rdmces", Emit: read(offMCES)},
	{Number: 0x31, Name: "wrval", Emit: write(offSysVal)},
	{Number: 0x32, Name: "rdval", Emit: read(offSysVal)},
	{Number: 0x35, Name: "swpipl", Emit: swpipl},
	{Number: 0x36, Name: "rdps", Emit: read(offPS)},
	{Number: 0x38, Name: "wrusp", Emit: write(offUSP)},
	{Number: 0x3a, Name: "rdusp", Emit: read(offUSP)},
	{Number: 0x3c, Name: "whami", Emit: read(offWHAMI)},
	{Number: 0x3d, Name: "retsys", Why: whyFrame},
	{Number: 0x3e, Name: "wtint", Why: whyIdle},
	{Number: 0x3f, Name: "rti", Why: whyFrame},
	{Number: 0x83, Name: "callsys", Why: whyFrame},
	{Number: 0x86, Name: "imb", Why: whyCode},
	{Number: 0x9e, Name: "rduniq", Emit: read(offUnique)},
	{Number: 0x9f, Name: "wruniq", Emit: write(offUnique)},
}

// read makes a stub for v0 = state field.
func read(off int64) func(*ir.Builder) *ir.Value {
	return func(b *ir.Builder) *ir.Value {
		b.SetReg(v0, b.LdState(ir.I64, off))
		return nil
	}
}

// write makes a stub for state field = a0.
func write(off int64) func(*ir.Builder) *ir.Value {
	return func(b *ir.Builder) *ir.Value {
		b.StState(off, b.GetReg(a0))
		return nil
	}
}

// iplMask is PS<2:0>, the interrupt priority level.
const iplMask = 7

// swpipl: v0 = PS<IPL>; PS<IPL> = a0<2:0>. Attention when an interrupt above the
// new level is pending. The mode bit does not change, so neither does JumpKey.
// IRQLevel never exceeds 7; masking it says so to the optimiser, which then sees
// that raising the level to 7 needs no attention.
func swpipl(b *ir.Builder) *ir.Value {
	mask := b.Int64(iplMask)
	ps := b.LdState(ir.I64, offPS)
	irq := b.Binary(ir.OpAnd, b.LdState(ir.I64, offIRQLevel), mask)
	ipl := b.Binary(ir.OpAnd, b.GetReg(a0), mask)
	old := b.Binary(ir.OpAnd, ps, mask)
	rest := b.Binary(ir.OpAnd, ps, b.Int64(^iplMask))
	attention := b.Cmp(ir.OpICmpULT, ipl, irq)
	b.StState(offPS, b.Binary(ir.OpOr, rest, ipl))
	b.SetReg(v0, old)
	return attention
}
