package isa

// Op names an instruction of the Alpha architecture. The constants are
// spelled as the Architecture Handbook spells the mnemonic, with the
// qualifier separator dropped: OpADDL, OpADDLV (ADDL/V), OpLDQL (LDQ_L),
// OpLDQU (LDQ_U), OpADDT, OpCVTTQ. Floating-point rounding and trap
// qualifiers are not part of the Op: they stand in Inst.Round and Inst.Trap.
// The zero value is OpInvalid: a word that no Alpha implementation defines.
type Op uint16

// Round is the rounding qualifier of a floating-point operate instruction.
type Round uint8

// The rounding modes, in the order of the FPCR.DYN field's encoding.
const (
	RoundChopped Round = 0 // /C
	RoundMinus   Round = 1 // /M
	RoundNormal  Round = 2 // no qualifier: nearest even
	RoundDynamic Round = 3 // /D: what FPCR.DYN says
)

// Trap is the trap qualifier of a floating-point operate instruction, as a set.
type Trap uint8

// The trap qualifiers. /V and /U share a bit in the encoding (/V is what /U is
// called on conversions to integer), and so do they here.
const (
	TrapU Trap = 1 << iota // /U: underflow enabled (/V: integer overflow enabled)
	TrapI                  // /I: inexact enabled
	TrapS                  // /S: software completion
)

// Inst is one decoded instruction. It is a value: two words that decode alike
// compare equal apart from Word.
type Inst struct {
	Word uint32
	Op   Op
	// Ra, Rb, Rc are the register numbers of the fields of the same name, 0-31;
	// whether they name integer or floating-point registers is the Op's business
	// (see Info). A field that the format lacks is 31.
	Ra, Rb, Rc uint8
	// Lit says that an operate instruction takes Imm (0-255) in place of Rb.
	Lit bool
	// Imm is the displacement of a memory-format instruction in bytes (LDAH's
	// already times 65536), the displacement of a branch in bytes (already times
	// 4, relative to the updated PC), an operate literal, the CALL_PAL function
	// code, or the 16-bit function field of a memory-format-with-function
	// instruction.
	Imm int64
	// Hint is the 14-bit hint of JMP, JSR, RET and JSR_COROUTINE.
	Hint  uint16
	Round Round
	Trap  Trap
}
