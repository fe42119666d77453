package interp

import (
	"axpress/lifter/isa"
	"axpress/runtime/interp/fpu"
)

// Memory and register layouts of the floating-point types (Handbook, section
// 2.2). S and F in a register have the exponent widened to 11 bits.

// expS widens the exponent of S: 0 and 255 stay the extremes.
func expS(e uint32) uint64 {
	switch {
	case e == 0:
		return 0
	case e == 0xff:
		return 0x7ff
	}
	return uint64(e) + (1023 - 127)
}

// expF widens the exponent of F: 0 stays 0, 255 is an ordinary one.
func expF(e uint32) uint64 {
	if e == 0 {
		return 0
	}
	return uint64(e) + (1024 - 128)
}

// ldS is the register value of an S in memory.
func ldS(m uint32) uint64 {
	return uint64(m>>31)<<63 | expS(m>>23&0xff)<<52 | uint64(m&0x7fffff)<<29
}

// stS is the memory value of an S in a register: bits 63:62 and 58:29.
func stS(r uint64) uint32 { return uint32(r>>62)<<30 | uint32(r>>29)&0x3fffffff }

// ldF is the register value of an F in memory, whose words are swapped.
func ldF(m uint32) uint64 { return fromF(m<<16 | m>>16) }

// fromF is ldF after the swap: ITOFF.
func fromF(m uint32) uint64 {
	return uint64(m>>31)<<63 | expF(m>>23&0xff)<<52 | uint64(m&0x7fffff)<<29
}

// stF is the memory value of an F in a register.
func stF(r uint64) uint32 {
	m := stS(r)
	return m<<16 | m>>16
}

// swapG reverses the words of a G (or D): memory to register and back.
func swapG(m uint64) uint64 {
	return m<<48 | m<<16&0xffff00000000 | m>>16&0xffff0000 | m>>48
}

// fpMoves holds the operations that move FP registers and never trap.
var fpMoves = [isa.NumOps]func(c *CPU, o *op){
	isa.OpCPYSE: func(c *CPU, o *op) {
		const signExp = 0xfff << 52
		c.setF(o.c, c.s.F[o.a&31]&signExp|c.s.F[o.b&31]&^signExp)
	},
	isa.OpMTFPCR:  func(c *CPU, o *op) { c.s.FPCR = fpu.CleanFPCR(c.s.F[o.a&31]) },
	isa.OpMFFPCR:  func(c *CPU, o *op) { c.setF(o.a, c.s.FPCR) },
	isa.OpFCMOVEQ: fcmov(func(f uint64) bool { return f<<1 == 0 }),
	isa.OpFCMOVNE: fcmov(func(f uint64) bool { return f<<1 != 0 }),
	isa.OpFCMOVLT: fcmov(func(f uint64) bool { return f > 1<<63 }),
	isa.OpFCMOVGE: fcmov(func(f uint64) bool { return f <= 1<<63 }),
	isa.OpFCMOVLE: fcmov(func(f uint64) bool { return f<<1 == 0 || f>>63 != 0 }),
	isa.OpFCMOVGT: fcmov(func(f uint64) bool { return int64(f) > 0 }),
	isa.OpITOFS:   func(c *CPU, o *op) { c.setF(o.c, ldS(uint32(c.s.R[o.a&31]))) },
	isa.OpITOFF:   func(c *CPU, o *op) { c.setF(o.c, fromF(uint32(c.s.R[o.a&31]))) },
	isa.OpITOFT:   func(c *CPU, o *op) { c.setF(o.c, c.s.R[o.a&31]) },
	isa.OpFTOIS: func(c *CPU, o *op) {
		if o.c != 31 {
			c.s.R[o.c&31] = sext32(uint64(stS(c.s.F[o.a&31])))
		}
	},
	isa.OpFTOIT: func(c *CPU, o *op) {
		if o.c != 31 {
			c.s.R[o.c&31] = c.s.F[o.a&31]
		}
	},
	isa.OpCPYS:  func(c *CPU, o *op) { c.setF(o.c, c.s.F[o.a&31]&(1<<63)|c.s.F[o.b&31]&^(1<<63)) },
	isa.OpCPYSN: func(c *CPU, o *op) { c.setF(o.c, ^c.s.F[o.a&31]&(1<<63)|c.s.F[o.b&31]&^(1<<63)) },
	isa.OpCVTLQ: func(c *CPU, o *op) {
		b := c.s.F[o.b&31]
		c.setF(o.c, sext32(b>>62<<30|b>>29&0x3fffffff))
	},
}

// fcmov makes a conditional move: tests count -0 as zero (Handbook, 4.10.3).
func fcmov(test func(f uint64) bool) func(c *CPU, o *op) {
	return func(c *CPU, o *op) {
		if test(c.s.F[o.a&31]) {
			c.setF(o.c, c.s.F[o.b&31])
		}
	}
}

func (c *CPU) moveFP(o *op) { fpMoves[o.imm&immOpMask](c, o) }

// operateFP executes an operation that can trap. false: an arithmetic trap, whose
// summary and register mask are in State.ExitArg and State.FaultVA.
func (c *CPU) operateFP(o *op) bool {
	round, trap := isa.Round(o.imm>>immRoundShift&3), isa.Trap(o.imm>>immTrapShift&7)
	id, a, b := isa.Op(o.imm&immOpMask), c.s.F[o.a&31], c.s.F[o.b&31]
	if v, ok := fpu.Fast(id, round, trap, a, b, c.s.FPCR); ok {
		c.setF(o.c, v)
		return true
	}
	r := fpu.Operate(id, round, trap, a, b, c.s.FPCR)
	c.s.FPCR = r.FPCR
	if r.Write {
		c.setF(o.c, r.Value)
	}
	if r.Summary != 0 {
		c.s.ExitArg, c.s.FaultVA = r.Summary, 1<<(32+uint(o.c&31))
	}
	return r.Summary == 0
}

// setF writes an FP register.
func (c *CPU) setF(reg uint8, v uint64) {
	if reg != 31 {
		c.s.F[reg&31] = v
	}
}
