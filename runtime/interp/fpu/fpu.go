package fpu

import (
	"axpress/lifter/isa"
	"axpress/runtime/interp/softfp"
)

// FPCR bits (Handbook, section 4.7.8). The status bits stand in the order of
// softfp.Flags.
const (
	fpcrDNZ         = 1 << 48
	fpcrDisable     = 49 // INVD, DZED, OVFD
	fpcrStatus      = 52 // INV, DZE, OVF, UNF, INE, IOV
	fpcrDyn         = 58
	fpcrUNDZ        = 1 << 60
	fpcrUNFD        = 1 << 61
	fpcrDisableHigh = 61 // UNFD, INED
	fpcrSUM         = 1 << 63
	fpcrStatusMask  = 0x3f << fpcrStatus
	// fpcrMask is what EV67 implements: DNOD, bit 47, is not in it.
	fpcrMask = 0xffff << 48
)

// CleanFPCR is what MT_FPCR leaves of a value: SUM is the OR of the status bits.
func CleanFPCR(v uint64) uint64 {
	v &= fpcrMask &^ fpcrSUM
	if v&fpcrStatusMask != 0 {
		v |= fpcrSUM
	}
	return v
}

// Exception summary bits (EXC_SUM; Handbook, II-B, "Exception Summary Register"). The conditions of
// softfp.Flags follow in its order.
const (
	excSWC   = 1 << 0
	excShift = 1
)

// Result is what an operation does to the guest.
type Result struct {
	Value uint64 // for Fc
	FPCR  uint64
	// Summary is the exception summary of an arithmetic trap, 0 if there is none.
	Summary uint64
	// Write says that Value is written to Fc, as it always is without a trap.
	Write bool
}

// Handles says whether Operate executes op.
func Handles(op isa.Op) bool { return fpOps[op].fn != nil || fpOps[op].test != nil }

// Operate executes an operation that Handles knows, with its qualifiers. a and b are
// Fa and Fb. What Fast can do has the same result there, sooner.
func Operate(op isa.Op, round isa.Round, trap isa.Trap, a, b, fpcr uint64) Result {
	if v, ok := Fast(op, round, trap, a, b, fpcr); ok {
		return Result{Value: v, FPCR: fpcr, Write: true}
	}
	row, s, r := &fpOps[op], state{fpcr}, Result{}
	if row.vax {
		r.Value, r.Summary, r.Write = vax(row, round, trap, a, b)
	} else {
		r.Value, r.Summary, r.Write = s.ieee(row, round, trap, a, b)
	}
	r.FPCR = s.fpcr
	return r
}

// Execute is Operate of an instruction word.
func Execute(word uint32, a, b, fpcr uint64) Result {
	op, round, trap := isa.DecodeFP(word)
	return Operate(op, round, trap, a, b, fpcr)
}

// state is what operations change besides Fc.
type state struct{ fpcr uint64 }

// raise records conditions in the FPCR.
func (s *state) raise(fl softfp.Flags) {
	if fl != 0 {
		s.fpcr |= uint64(fl)<<fpcrStatus | fpcrSUM
	}
}

// fpOp is a row of the table of floating-point operations that can trap: either
// fn, on Fa (if useA) and Fb, or test, on the outcome of comparing them.
type fpOp struct {
	fn       func(m softfp.Mode, a, b uint64) (uint64, softfp.Flags)
	test     func(o softfp.Order) bool
	useA     bool // Fa is an operand
	fromInt  bool // Fb is an integer: any bits are fine
	toInt    bool // the U qualifier is V
	ordered  bool // a comparison that is invalid on quiet NaNs too
	vax      bool
	vaxShort bool // Fb is a D: the exponent has 8 bits
}

// binary and unary make the functions of operations on one format.
func binary(f softfp.Format, fn func(softfp.Format, softfp.Mode, uint64, uint64) (uint64, softfp.Flags)) fpOp {
	return fpOp{useA: true, vax: f >= softfp.F, fn: func(m softfp.Mode, a, b uint64) (uint64, softfp.Flags) { return fn(f, m, a, b) }}
}

func unary(f softfp.Format, fn func(softfp.Format, softfp.Mode, uint64) (uint64, softfp.Flags)) fpOp {
	return fpOp{vax: f >= softfp.F, fn: func(m softfp.Mode, _, b uint64) (uint64, softfp.Flags) { return fn(f, m, b) }}
}

func convert(from, to softfp.Format) fpOp {
	return fpOp{vax: from >= softfp.F, vaxShort: from == softfp.D,
		fn: func(m softfp.Mode, _, b uint64) (uint64, softfp.Flags) { return softfp.Convert(from, to, m, b) }}
}

func toInt(f softfp.Format) fpOp {
	o := unary(f, softfp.ToInt)
	o.toInt = true
	return o
}

func fromInt(f softfp.Format) fpOp {
	o := unary(f, softfp.FromInt)
	o.fromInt = true
	return o
}

func compare(vax, ordered bool, test func(softfp.Order) bool) fpOp {
	return fpOp{useA: true, vax: vax, ordered: ordered, test: test}
}

func isLess(o softfp.Order) bool        { return o == softfp.Less }
func isLessOrEqual(o softfp.Order) bool { return o == softfp.Less || o == softfp.Equal }
func isEqual(o softfp.Order) bool       { return o == softfp.Equal }
func isUnordered(o softfp.Order) bool   { return o == softfp.Unordered }

var fpOps = [isa.NumOps]fpOp{
	isa.OpADDS: binary(softfp.S, softfp.Add), isa.OpADDT: binary(softfp.T, softfp.Add),
	isa.OpSUBS: binary(softfp.S, softfp.Sub), isa.OpSUBT: binary(softfp.T, softfp.Sub),
	isa.OpMULS: binary(softfp.S, softfp.Mul), isa.OpMULT: binary(softfp.T, softfp.Mul),
	isa.OpDIVS: binary(softfp.S, softfp.Div), isa.OpDIVT: binary(softfp.T, softfp.Div),
	isa.OpADDF: binary(softfp.F, softfp.Add), isa.OpADDG: binary(softfp.G, softfp.Add),
	isa.OpSUBF: binary(softfp.F, softfp.Sub), isa.OpSUBG: binary(softfp.G, softfp.Sub),
	isa.OpMULF: binary(softfp.F, softfp.Mul), isa.OpMULG: binary(softfp.G, softfp.Mul),
	isa.OpDIVF: binary(softfp.F, softfp.Div), isa.OpDIVG: binary(softfp.G, softfp.Div),
	isa.OpSQRTS: unary(softfp.S, softfp.Sqrt), isa.OpSQRTT: unary(softfp.T, softfp.Sqrt),
	isa.OpSQRTF: unary(softfp.F, softfp.Sqrt), isa.OpSQRTG: unary(softfp.G, softfp.Sqrt),
	isa.OpCMPTUN: compare(false, false, isUnordered),
	isa.OpCMPTEQ: compare(false, false, isEqual),
	isa.OpCMPTLT: compare(false, true, isLess),
	isa.OpCMPTLE: compare(false, true, isLessOrEqual),
	isa.OpCMPGEQ: compare(true, false, isEqual),
	isa.OpCMPGLT: compare(true, false, isLess),
	isa.OpCMPGLE: compare(true, false, isLessOrEqual),
	isa.OpCVTTQ:  toInt(softfp.T), isa.OpCVTGQ: toInt(softfp.G),
	isa.OpCVTQS: fromInt(softfp.S), isa.OpCVTQT: fromInt(softfp.T),
	isa.OpCVTQF: fromInt(softfp.F), isa.OpCVTQG: fromInt(softfp.G),
	isa.OpCVTTS: convert(softfp.T, softfp.S), isa.OpCVTST: convert(softfp.S, softfp.T),
	isa.OpCVTDG: convert(softfp.D, softfp.G), isa.OpCVTGD: convert(softfp.G, softfp.D),
	isa.OpCVTGF: convert(softfp.G, softfp.F),
	isa.OpCVTQL: {fn: cvtql, fromInt: true, toInt: true},
}

// fpTrue is what comparisons give for true: 2.0, or 0.5 in VAX.
const fpTrue = 0x4000000000000000

// cvtql moves a longword into its place in a register (Handbook, 4.10.2).
func cvtql(_ softfp.Mode, _, b uint64) (uint64, softfp.Flags) {
	var fl softfp.Flags
	if int64(b) != int64(int32(b)) {
		fl = softfp.IntOverflow
	}
	return b&0xc0000000<<32 | b&0x3fffffff<<29, fl
}

// outcome is the result of an operation: exc is the exception summary, 0 if
// there is no trap.
func outcome(trap isa.Trap, v uint64, traps softfp.Flags) (_, exc uint64, write bool) {
	if traps == 0 {
		return v, 0, true
	}
	exc = uint64(traps) << excShift
	if trap&isa.TrapS != 0 {
		return v, exc | excSWC, false
	}
	return v, exc, true
}

// enabled is the set of conditions that an instruction asks traps for
// (Handbook, section 4.7.3).
func enabled(row *fpOp, trap isa.Trap) softfp.Flags {
	en := softfp.Invalid | softfp.DivByZero | softfp.Overflow
	if trap&isa.TrapU != 0 && row.toInt {
		en |= softfp.IntOverflow
	} else if trap&isa.TrapU != 0 {
		en |= softfp.Underflow
	}
	if trap&isa.TrapI != 0 {
		en |= softfp.Inexact
	}
	return en
}

// ieee executes an IEEE operation.
func (s *state) ieee(row *fpOp, round isa.Round, trap isa.Trap, a, b uint64) (v, exc uint64, write bool) {
	complete := trap&isa.TrapS != 0
	if !row.fromInt {
		var bad operandFault
		b, bad = s.screen(b, row, complete)
		if row.useA {
			var badA operandFault
			a, badA = s.screen(a, row, complete)
			bad = max(bad, badA)
		}
		switch {
		case bad == operandDenormal && complete:
			// The kernel completes it and does the book-keeping: not an FPCR.INV.
			return 0, uint64(softfp.Invalid)<<excShift | excSWC, false
		case bad != operandFine:
			s.raise(softfp.Invalid)
			return 0, uint64(softfp.Invalid) << excShift, false
		}
	}
	mode := softfp.Mode(round)
	if round == isa.RoundDynamic {
		mode = softfp.Mode(s.fpcr >> fpcrDyn & 3)
	}
	var fl softfp.Flags
	if row.test != nil {
		v, fl = row.compare(softfp.T, a, b)
	} else {
		v, fl = row.fn(mode, a, b)
	}
	en := enabled(row, trap)
	if complete {
		disabled := s.fpcr>>fpcrDisable&7 | s.fpcr>>fpcrDisableHigh&3<<3
		en &^= softfp.Flags(disabled)
	}
	if fl&softfp.Underflow != 0 {
		v, fl = s.underflow(trap, v, fl)
	}
	if fl&softfp.IntOverflow != 0 && row.fn != nil && !row.fromInt {
		fl |= softfp.Inexact // CVTTQ reports both (QEMU, target/alpha/fpu_helper.c)
	}
	if trap&isa.TrapI == 0 {
		fl &^= softfp.Inexact
	}
	s.raise(fl)
	return outcome(trap, v, fl&en)
}

// underflow decides what a result that is too small becomes: the IEEE result
// where software has asked for it with /SU and FPCR.UNFD without UNDZ, else a
// true zero (Handbook, sections 4.7.7.7 and 4.7.7.11). An exact IEEE result is
// no underflow when nobody traps it.
func (s *state) underflow(trap isa.Trap, v uint64, fl softfp.Flags) (uint64, softfp.Flags) {
	const su = isa.TrapS | isa.TrapU
	if trap&su == su && s.fpcr&(fpcrUNFD|fpcrUNDZ) == fpcrUNFD {
		if fl&softfp.Inexact == 0 {
			fl &^= softfp.Underflow
		}
		return v, fl
	}
	return 0, fl | softfp.Inexact
}

// operandFault says what is wrong with an operand; of two, the larger counts.
type operandFault uint8

const (
	operandFine      operandFault = iota
	operandNonFinite              // infinity or NaN, without /S
	operandDenormal
)

// screen checks an IEEE operand (Handbook, section 4.7.7.4; EV67 hardware
// reference manual, A.8): without /S only finite numbers are allowed, and
// infinities in comparisons; with /S denormals trap unless FPCR.DNZ makes them
// zero.
func (s *state) screen(x uint64, row *fpOp, complete bool) (uint64, operandFault) {
	const exp, frac = 0x7ff << 52, 1<<52 - 1
	switch {
	case x&exp == 0 && x&frac != 0:
		if complete && s.fpcr&fpcrDNZ != 0 {
			return x & (1 << 63), operandFine
		}
		return x, operandDenormal
	case x&exp == exp && !complete && (x&frac != 0 || row.test == nil):
		return x, operandNonFinite
	}
	return x, operandFine
}

// compare executes a comparison.
func (row *fpOp) compare(f softfp.Format, a, b uint64) (uint64, softfp.Flags) {
	o, fl := softfp.Compare(f, a, b)
	if o == softfp.Unordered && row.ordered {
		fl = softfp.Invalid
	}
	if row.test(o) {
		return fpTrue, fl
	}
	return 0, fl
}

// vax executes a VAX operation: rounding is chopped or VAX rounding, the FPCR
// has no say, inexact results are not noticed (Handbook, sections 4.7.5 and
// 4.7.7).
func vax(row *fpOp, round isa.Round, trap isa.Trap, a, b uint64) (v, exc uint64, write bool) {
	if !row.fromInt {
		var okA, okB bool
		b, okB = screenVAX(b, row.vaxShort, trap&isa.TrapS != 0)
		okA = true
		if row.useA {
			a, okA = screenVAX(a, false, trap&isa.TrapS != 0)
		}
		if !okA || !okB {
			_, exc, _ = outcome(trap, 0, softfp.Invalid)
			return 0, exc, false
		}
	}
	mode := softfp.Away
	if round == isa.RoundChopped {
		mode = softfp.Chopped
	}
	var fl softfp.Flags
	if row.test != nil {
		v, fl = row.compare(softfp.G, a, b)
	} else {
		v, fl = row.fn(mode, a, b)
	}
	return outcome(trap, v, fl&enabled(row, trap)&^softfp.Inexact)
}

// screenVAX checks a VAX operand: exponent 0 with the sign set is reserved; a
// zero with fraction bits counts as zero with /S only (Handbook, section 4.7.5).
func screenVAX(x uint64, short, complete bool) (uint64, bool) {
	exp := uint64(0x7ff) << 52
	if short {
		exp = 0xff << 55
	}
	if x&exp != 0 || x == 0 {
		return x, true
	}
	return 0, complete && x>>63 == 0
}
