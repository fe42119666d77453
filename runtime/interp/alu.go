package interp

import (
	"math/bits"

	"axpress/lifter/isa"
	"axpress/runtime/abi"
)

// alu holds the integer operations that have no code of their own, or none for one of
// the two forms, as functions of Ra and of Rb or the literal. What makes less than one
// in ten thousand of the instructions of a boot has none.
var alu = [isa.NumOps]func(a, b uint64) uint64{
	isa.OpSEXTB: func(_, b uint64) uint64 { return uint64(int8(b)) },
	isa.OpSEXTW: func(_, b uint64) uint64 { return uint64(int16(b)) },
	isa.OpCTPOP: func(_, b uint64) uint64 { return uint64(bits.OnesCount64(b)) },
	isa.OpCTLZ:  func(_, b uint64) uint64 { return uint64(bits.LeadingZeros64(b)) },
	isa.OpCTTZ:  func(_, b uint64) uint64 { return uint64(bits.TrailingZeros64(b)) },

	isa.OpS4SUBL: func(a, b uint64) uint64 { return uint64(int32(a<<2 - b)) },
	isa.OpS8SUBL: func(a, b uint64) uint64 { return uint64(int32(a<<3 - b)) },
	isa.OpEQV:    func(a, b uint64) uint64 { return a ^ ^b },
	isa.OpZAP:    func(a, b uint64) uint64 { return a &^ byteMasks[b&0xff] },
	isa.OpEXTWH:  func(a, b uint64) uint64 { return a << (-(b * 8) & 63) & 0xffff },
	isa.OpINSWH:  func(a, b uint64) uint64 { return (a & 0xffff) >> 1 >> (63 - b&7*8) },
	isa.OpMSKWH:  func(a, b uint64) uint64 { return a &^ (uint64(0xffff) >> 1 >> (63 - b&7*8)) },
	isa.OpEXTLL:  func(a, b uint64) uint64 { return a >> (b & 7 * 8) & 0xffffffff },
	isa.OpINSLL:  func(a, b uint64) uint64 { return (a & 0xffffffff) << (b & 7 * 8) },
	isa.OpMSKLL:  func(a, b uint64) uint64 { return a &^ (uint64(0xffffffff) << (b & 7 * 8)) },
	isa.OpEXTLH:  func(a, b uint64) uint64 { return a << (-(b * 8) & 63) & 0xffffffff },
	isa.OpINSLH:  func(a, b uint64) uint64 { return (a & 0xffffffff) >> 1 >> (63 - b&7*8) },
	isa.OpMSKLH:  func(a, b uint64) uint64 { return a &^ (uint64(0xffffffff) >> 1 >> (63 - b&7*8)) },
	isa.OpZAPNOT: func(a, b uint64) uint64 { return a & byteMasks[b&0xff] },
	isa.OpCMPBGE: cmpbge,
	isa.OpUMULH:  umulh,
	isa.OpORNOT:  func(a, b uint64) uint64 { return a | ^b },
	isa.OpINSBL:  func(a, b uint64) uint64 { return (a & 0xff) << (b & 7 * 8) },
	isa.OpMSKBL:  func(a, b uint64) uint64 { return a &^ (uint64(0xff) << (b & 7 * 8)) },
	isa.OpINSWL:  func(a, b uint64) uint64 { return (a & 0xffff) << (b & 7 * 8) },
	isa.OpMSKWL:  func(a, b uint64) uint64 { return a &^ (uint64(0xffff) << (b & 7 * 8)) },
	isa.OpEXTQL:  func(a, b uint64) uint64 { return a >> (b & 7 * 8) },
	isa.OpINSQL:  func(a, b uint64) uint64 { return a << (b & 7 * 8) },
	isa.OpMSKQL:  func(a, b uint64) uint64 { return a &^ (^uint64(0) << (b & 7 * 8)) },
	isa.OpEXTQH:  func(a, b uint64) uint64 { return a << (-(b * 8) & 63) },
	isa.OpINSQH:  func(a, b uint64) uint64 { return a >> 1 >> (63 - b&7*8) },
	isa.OpMSKQH:  func(a, b uint64) uint64 { return a &^ (^uint64(0) >> 1 >> (63 - b&7*8)) },
	isa.OpCMPULT: func(a, b uint64) uint64 { return b2u(a < b) },
	isa.OpMULL:   func(a, b uint64) uint64 { return uint64(int32(a * b)) },
	isa.OpS8ADDL: func(a, b uint64) uint64 { return uint64(int32(a<<3 + b)) },
	isa.OpEXTBL:  func(a, b uint64) uint64 { return a >> (b & 7 * 8) & 0xff },

	isa.OpPERR:   perr,
	isa.OpPKLB:   func(_, b uint64) uint64 { return b&0xff | b>>32&0xff<<8 },
	isa.OpPKWB:   func(_, b uint64) uint64 { return b&0xff | b>>16&0xff<<8 | b>>32&0xff<<16 | b>>48&0xff<<24 },
	isa.OpUNPKBL: func(_, b uint64) uint64 { return b&0xff | b>>8&0xff<<32 },
	isa.OpUNPKBW: func(_, b uint64) uint64 { return b&0xff | b>>8&0xff<<16 | b>>16&0xff<<32 | b>>24&0xff<<48 },
	isa.OpMINSB8: func(a, b uint64) uint64 { return lanes(a, b, 8, func(x, y uint64) bool { return int8(x) < int8(y) }) },
	isa.OpMINSW4: func(a, b uint64) uint64 {
		return lanes(a, b, 16, func(x, y uint64) bool { return int16(x) < int16(y) })
	},
	isa.OpMINUB8: func(a, b uint64) uint64 { return lanes(a, b, 8, func(x, y uint64) bool { return uint8(x) < uint8(y) }) },
	isa.OpMINUW4: func(a, b uint64) uint64 {
		return lanes(a, b, 16, func(x, y uint64) bool { return uint16(x) < uint16(y) })
	},
	isa.OpMAXUB8: func(a, b uint64) uint64 { return lanes(a, b, 8, func(x, y uint64) bool { return uint8(x) > uint8(y) }) },
	isa.OpMAXUW4: func(a, b uint64) uint64 {
		return lanes(a, b, 16, func(x, y uint64) bool { return uint16(x) > uint16(y) })
	},
	isa.OpMAXSB8: func(a, b uint64) uint64 { return lanes(a, b, 8, func(x, y uint64) bool { return int8(x) > int8(y) }) },
	isa.OpMAXSW4: func(a, b uint64) uint64 {
		return lanes(a, b, 16, func(x, y uint64) bool { return int16(x) > int16(y) })
	},
}

// lanes picks, for each lane of width bits, the lane of a if takeA says so of
// the two (in the low bits of its arguments), else that of b.
func lanes(a, b uint64, width int, takeA func(x, y uint64) bool) uint64 {
	out := uint64(0)
	for i := 0; i < 64; i += width {
		x := b
		if takeA(a>>i, b>>i) {
			x = a
		}
		out |= x >> i & (1<<width - 1) << i
	}
	return out
}

// perr is the sum of the absolute differences of the bytes.
func perr(a, b uint64) uint64 {
	sum := uint64(0)
	for i := 0; i < 64; i += 8 {
		x, y := a>>i&0xff, b>>i&0xff
		sum += max(x, y) - min(x, y)
	}
	return sum
}

// byteMasks turns a byte mask into a bit mask: bit i gives byte i.
var byteMasks = buildByteMasks()

func buildByteMasks() (out [256]uint64) {
	for m := range out {
		for i := range 8 {
			if m>>i&1 != 0 {
				out[m] |= 0xff << (8 * i)
			}
		}
	}
	return out
}

// cmpbge compares bytes, unsigned; bit i of the result is byte i's a >= b.
func cmpbge(a, b uint64) uint64 {
	const high = 0x8080808080808080
	// Bit 7 of each byte of low: the lower seven bits of a are not below b's.
	low := (a | high) - (b &^ high)
	ge := (a&^b | ^(a^b)&low) & high
	return ge >> 7 * 0x0102040810204080 >> 56
}

func umulh(a, b uint64) uint64 {
	hi, _ := bits.Mul64(a, b)
	return hi
}

// pick is a or b, without a branch.
func pick(first bool, a, b uint64) uint64 {
	if first {
		return a
	}
	return b
}

func b2u(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// overflowing holds the /V operations: result and whether it overflowed.
var overflowing = [isa.NumOps]func(a, b uint64) (uint64, bool){
	isa.OpADDLV: func(a, b uint64) (uint64, bool) { return long(int64(int32(a)) + int64(int32(b))) },
	isa.OpSUBLV: func(a, b uint64) (uint64, bool) { return long(int64(int32(a)) - int64(int32(b))) },
	isa.OpMULLV: func(a, b uint64) (uint64, bool) { return long(int64(int32(a)) * int64(int32(b))) },
	isa.OpADDQV: func(a, b uint64) (uint64, bool) { r := a + b; return r, int64((a^r)&(b^r)) < 0 },
	isa.OpSUBQV: func(a, b uint64) (uint64, bool) { r := a - b; return r, int64((a^b)&(a^r)) < 0 },
	isa.OpMULQV: mulqv,
}

func long(v int64) (uint64, bool) { return uint64(int32(v)), v != int64(int32(v)) }

func mulqv(a, b uint64) (uint64, bool) {
	hi, lo := bits.Mul64(a, b)
	// Unsigned to signed: take off 2**64 times the other for a negative operand.
	hi -= a>>63*b + b>>63*a
	return lo, hi != uint64(int64(lo)>>63)
}

// excIOV is integer overflow in the exception summary (EXC_SUM; Handbook,
// II-B, "Exception Summary Register").
const excIOV = 1 << 6

// integerV executes a /V operation. false: integer overflow, which is a trap
// with the low-order bits of the result written (Handbook, section 4.4.1).
func (c *CPU) integerV(o *op, b uint64) bool {
	v, overflow := overflowing[o.imm&immOpMask](c.s.R[o.a&31], b)
	if o.c != 31 {
		c.s.R[o.c&31] = v
	}
	if overflow {
		c.s.ExitArg, c.s.FaultVA = excIOV, 1<<(o.c&31)
	}
	return !overflow
}

// rpcc is RPCC: the counter in the low half, the process offset in the high
// half (Handbook, section 4.11.8).
func (c *CPU) rpcc(o *op) {
	cycles := uint64(c.s.Icount)
	if c.cycles != nil {
		cycles = c.cycles()
	}
	if o.a != 31 {
		c.s.R[o.a&31] = c.s.PCCOffset<<32 | cycles&0xffffffff
	}
}

// interruptFlag is RC and RS: read the flag, then clear or set it (Handbook,
// section 4.12.1).
func (c *CPU) interruptFlag(o *op) {
	if o.a != 31 {
		c.s.R[o.a&31] = c.s.IntrFlag
	}
	c.s.IntrFlag = b2u(isa.Op(o.imm&immOpMask) == isa.OpRS)
}

// memOp describes a load or store for the slow path. from and to convert
// between memory and register; nil means no conversion.
type memOp struct {
	log2  int
	store bool
	fp    bool
	from  func(m uint64) uint64
	to    func(r uint64) uint64
}

var memOps = [256]memOp{
	opLDBU: {log2: 0}, opSTB: {log2: 0, store: true},
	opLDWU: {log2: 1}, opSTW: {log2: 1, store: true},
	opLDL: {log2: 2, from: sext32}, opSTL: {log2: 2, store: true},
	opLDQ: {log2: 3}, opSTQ: {log2: 3, store: true}, opLDQU: {log2: 3}, opSTQU: {log2: 3, store: true},
	opLDLL: {log2: 2, from: sext32}, opSTLC: {log2: 2, store: true},
	opLDQL: {log2: 3}, opSTQC: {log2: 3, store: true},
	opLDS: {log2: 2, fp: true, from: func(m uint64) uint64 { return ldS(uint32(m)) }},
	opLDF: {log2: 2, fp: true, from: func(m uint64) uint64 { return ldF(uint32(m)) }},
	opLDT: {log2: 3, fp: true},
	opLDG: {log2: 3, fp: true, from: swapG},
	opSTS: {log2: 2, store: true, fp: true, to: func(r uint64) uint64 { return uint64(stS(r)) }},
	opSTF: {log2: 2, store: true, fp: true, to: func(r uint64) uint64 { return uint64(stF(r)) }},
	opSTT: {log2: 3, store: true, fp: true},
	opSTG: {log2: 3, store: true, fp: true, to: swapG},
}

func sext32(m uint64) uint64 { return uint64(int32(m)) }

// file is the register file of a load or store.
func (mo *memOp) file(s *abi.State) *[32]uint64 {
	if mo.fp {
		return &s.F
	}
	return &s.R
}

// slow is a load or store that missed the windows. false: a fault.
func (c *CPU) slow(o *op, va uint64) bool {
	if memOps[o.code].store {
		return c.slowStore(o, va)
	}
	return c.slowLoad(o, va, false)
}

// loadLocked is LDx_L.
func (c *CPU) loadLocked(o *op, va uint64) bool { return c.slowLoad(o, va, true) }

func (c *CPU) slowLoad(o *op, va uint64, locked bool) bool {
	mo := &memOps[o.code]
	v, ok := c.m.Load(abi.VAddr(va), mo.log2, locked)
	if !ok {
		return false
	}
	if mo.from != nil {
		v = mo.from(v)
	}
	if o.a != 31 {
		mo.file(c.s)[o.a&31] = v
	}
	return true
}

func (c *CPU) slowStore(o *op, va uint64) bool {
	mo := &memOps[o.code]
	v := mo.file(c.s)[o.a&31]
	if mo.to != nil {
		v = mo.to(v)
	}
	return c.m.Store(abi.VAddr(va), mo.log2, v)
}

// storeCond is STx_C. false: a fault.
func (c *CPU) storeCond(o *op, va uint64) bool {
	stored, ok := c.m.StoreCond(abi.VAddr(va), memOps[o.code].log2, c.s.R[o.a&31])
	if ok && o.a != 31 {
		c.s.R[o.a&31] = b2u(stored)
	}
	return ok
}
