package interp

import (
	"sync/atomic"

	"axpress/runtime/abi"
)

// exec is the interpreter: decoded pages in the outer loop, instructions in the
// inner one. Inside a page count is Icount less the number of the current word, idx:
// nothing is added up while instructions follow each other.
func (c *CPU) exec(b bounds) abi.Exit {
	var (
		s      = c.s
		r      = &s.R
		f      = &s.F
		fen    = s.FEN&1 != 0
		native = b.entry
		pc     = s.PC &^ 3
		count  = s.Icount
		exit   abi.Exit
		va     uint64
		target uint64
	)
pages:
	for {
		if b.limited && count >= b.stop {
			exit = abi.ExitPoll
			break
		}
		pg := c.lookup(pc)
		if pg == nil {
			exit = abi.ExitFault
			break
		}
		base := pc & abi.PageMask
		idx := pc >> 2 % pageWords
		end := uint64(pageWords)
		if b.limited {
			end = min(end, idx+uint64(b.stop-count))
		}
		count -= int64(idx)
		for idx < end {
			o := &pg.ops[idx%pageWords]
			switch o.code {
			case opNop:
			case opLDA:
				r[o.a&31] = r[o.b&31] + uint64(int64(o.imm))
			case opLDAH:
				r[o.a&31] = r[o.b&31] + uint64(int64(o.imm)<<16)
			case opLDBU:
				va = r[o.b&31] + uint64(int64(o.imm))
				p := c.load(va, 0)
				if p == nil {
					goto slow
				}
				r[o.a&31] = uint64(*(*uint8)(p))
			case opLDWU:
				va = r[o.b&31] + uint64(int64(o.imm))
				p := c.load(va, 1)
				if p == nil {
					goto slow
				}
				r[o.a&31] = uint64(*(*uint16)(p))
			case opLDL:
				va = r[o.b&31] + uint64(int64(o.imm))
				p := c.load(va, 3)
				if p == nil {
					goto slow
				}
				r[o.a&31] = uint64(*(*int32)(p))
			case opLDQ:
				va = r[o.b&31] + uint64(int64(o.imm))
				p := c.load(va, 7)
				if p == nil {
					goto slow
				}
				r[o.a&31] = *(*uint64)(p)
			case opLDQU:
				va = (r[o.b&31] + uint64(int64(o.imm))) &^ 7
				p := c.load(va, 7)
				if p == nil {
					goto slow
				}
				r[o.a&31] = *(*uint64)(p)
			case opLDS:
				if !fen {
					goto noFEN
				}
				va = r[o.b&31] + uint64(int64(o.imm))
				p := c.load(va, 3)
				if p == nil {
					goto slow
				}
				f[o.a&31] = ldS(*(*uint32)(p))
			case opLDT:
				if !fen {
					goto noFEN
				}
				va = r[o.b&31] + uint64(int64(o.imm))
				p := c.load(va, 7)
				if p == nil {
					goto slow
				}
				f[o.a&31] = *(*uint64)(p)
			case opSTB:
				va = r[o.b&31] + uint64(int64(o.imm))
				p := c.store(va, 0)
				if p == nil {
					goto slow
				}
				*(*uint8)(p) = uint8(r[o.a&31])
			case opSTW:
				va = r[o.b&31] + uint64(int64(o.imm))
				p := c.store(va, 1)
				if p == nil {
					goto slow
				}
				*(*uint16)(p) = uint16(r[o.a&31])
			case opSTL:
				va = r[o.b&31] + uint64(int64(o.imm))
				p := c.store(va, 3)
				if p == nil {
					goto slow
				}
				*(*uint32)(p) = uint32(r[o.a&31])
			case opSTQ:
				va = r[o.b&31] + uint64(int64(o.imm))
				p := c.store(va, 7)
				if p == nil {
					goto slow
				}
				*(*uint64)(p) = r[o.a&31]
			case opSTQU:
				va = (r[o.b&31] + uint64(int64(o.imm))) &^ 7
				p := c.store(va, 7)
				if p == nil {
					goto slow
				}
				*(*uint64)(p) = r[o.a&31]
			case opSTS:
				if !fen {
					goto noFEN
				}
				va = r[o.b&31] + uint64(int64(o.imm))
				p := c.store(va, 3)
				if p == nil {
					goto slow
				}
				*(*uint32)(p) = stS(f[o.a&31])
			case opSTT:
				if !fen {
					goto noFEN
				}
				va = r[o.b&31] + uint64(int64(o.imm))
				p := c.store(va, 7)
				if p == nil {
					goto slow
				}
				*(*uint64)(p) = (f[o.a&31])
			case opLDF, opLDG, opSTF, opSTG: // no compiler of today makes these
				if !fen {
					goto noFEN
				}
				va = r[o.b&31] + uint64(int64(o.imm))
				goto slow
			case opLDLL, opLDQL:
				va = r[o.b&31] + uint64(int64(o.imm))
				s.Icount = count + int64(idx)
				if c.exclusive != nil && !b.single && c.begins(base+idx<<2) {
					exit = exitAlone
					goto stay
				}
				if !c.loadLocked(o, va) {
					goto fault
				}
				goto accessed
			case opSTLC, opSTQC:
				va = r[o.b&31] + uint64(int64(o.imm))
				s.Icount = count + int64(idx)
				if c.exclusive != nil {
					c.ends(base + idx<<2)
				}
				if !c.storeCond(o, va) {
					goto fault
				}
			case opBR:
				if o.a != 31 {
					r[o.a&31] = base + (idx+1)<<2
				}
				goto taken
			case opBSR:
				if o.a != 31 {
					r[o.a&31] = base + (idx+1)<<2
				}
				target = base + (idx+1)<<2 + uint64(int64(o.imm))<<2
				goto jump
			case opBEQ:
				if r[o.a&31] == 0 {
					goto taken
				}
			case opBNE:
				if r[o.a&31] != 0 {
					goto taken
				}
			case opBLT, opBGE:
				if (int64(r[o.a&31]) < 0) == (o.code == opBLT) {
					goto taken
				}
			case opBGT, opBLE:
				if (int64(r[o.a&31]) > 0) == (o.code == opBGT) {
					goto taken
				}
			case opBLBC, opBLBS:
				if (r[o.a&31]&1 == 0) == (o.code == opBLBC) {
					goto taken
				}
			case opFBEQ, opFBNE:
				if !fen {
					goto noFEN
				}
				if (f[o.a&31]<<1 == 0) == (o.code == opFBEQ) {
					goto taken
				}
			case opFBLT, opFBGE:
				if !fen {
					goto noFEN
				}
				if (f[o.a&31] > 1<<63) == (o.code == opFBLT) {
					goto taken
				}
			case opFBGT, opFBLE:
				if !fen {
					goto noFEN
				}
				if (int64(f[o.a&31]) > 0) == (o.code == opFBGT) {
					goto taken
				}
			case opJump:
				target = r[o.b&31] &^ 3
				if o.a != 31 {
					r[o.a&31] = base + (idx+1)<<2
				}
				goto jump
			case opADDL:
				r[o.c&31] = uint64(int32(r[o.a&31] + r[o.b&31]))
			case opADDLi:
				r[o.c&31] = uint64(int32(r[o.a&31] + uint64(o.b)))
			case opADDQ:
				r[o.c&31] = r[o.a&31] + r[o.b&31]
			case opADDQi:
				r[o.c&31] = r[o.a&31] + uint64(o.b)
			case opSUBL:
				r[o.c&31] = uint64(int32(r[o.a&31] - r[o.b&31]))
			case opSUBLi:
				r[o.c&31] = uint64(int32(r[o.a&31] - uint64(o.b)))
			case opSUBQ:
				r[o.c&31] = r[o.a&31] - r[o.b&31]
			case opSUBQi:
				r[o.c&31] = r[o.a&31] - uint64(o.b)
			case opS4ADDL:
				r[o.c&31] = uint64(int32(r[o.a&31]<<2 + r[o.b&31]))
			case opS4ADDLi:
				r[o.c&31] = uint64(int32(r[o.a&31]<<2 + uint64(o.b)))
			case opS4ADDQ:
				r[o.c&31] = r[o.a&31]<<2 + r[o.b&31]
			case opS4ADDQi:
				r[o.c&31] = r[o.a&31]<<2 + uint64(o.b)
			case opS8ADDL:
				r[o.c&31] = uint64(int32(r[o.a&31]<<3 + r[o.b&31]))
			case opS8ADDQ:
				r[o.c&31] = r[o.a&31]<<3 + r[o.b&31]
			case opS8ADDQi:
				r[o.c&31] = r[o.a&31]<<3 + uint64(o.b)
			case opS4SUBQ:
				r[o.c&31] = r[o.a&31]<<2 - r[o.b&31]
			case opS4SUBQi:
				r[o.c&31] = r[o.a&31]<<2 - uint64(o.b)
			case opS8SUBQ:
				r[o.c&31] = r[o.a&31]<<3 - r[o.b&31]
			case opS8SUBQi:
				r[o.c&31] = r[o.a&31]<<3 - uint64(o.b)
			case opCMPEQ:
				r[o.c&31] = b2u(r[o.a&31] == r[o.b&31])
			case opCMPEQi:
				r[o.c&31] = b2u(r[o.a&31] == uint64(o.b))
			case opCMPLT:
				r[o.c&31] = b2u(int64(r[o.a&31]) < int64(r[o.b&31]))
			case opCMPLTi:
				r[o.c&31] = b2u(int64(r[o.a&31]) < int64(uint64(o.b)))
			case opCMPLE:
				r[o.c&31] = b2u(int64(r[o.a&31]) <= int64(r[o.b&31]))
			case opCMPLEi:
				r[o.c&31] = b2u(int64(r[o.a&31]) <= int64(uint64(o.b)))
			case opCMPULT:
				r[o.c&31] = b2u(r[o.a&31] < r[o.b&31])
			case opCMPULE:
				r[o.c&31] = b2u(r[o.a&31] <= r[o.b&31])
			case opCMPULEi:
				r[o.c&31] = b2u(r[o.a&31] <= uint64(o.b))
			case opCMPBGE:
				r[o.c&31] = cmpbge(r[o.a&31], r[o.b&31])
			case opMULL:
				r[o.c&31] = uint64(int32(r[o.a&31] * r[o.b&31]))
			case opMULQ:
				r[o.c&31] = r[o.a&31] * r[o.b&31]
			case opMULQi:
				r[o.c&31] = r[o.a&31] * uint64(o.b)
			case opUMULH:
				r[o.c&31] = umulh(r[o.a&31], r[o.b&31])
			case opAND:
				r[o.c&31] = r[o.a&31] & r[o.b&31]
			case opANDi:
				r[o.c&31] = r[o.a&31] & uint64(o.b)
			case opBIC:
				r[o.c&31] = r[o.a&31] &^ r[o.b&31]
			case opBICi:
				r[o.c&31] = r[o.a&31] &^ uint64(o.b)
			case opBIS:
				r[o.c&31] = r[o.a&31] | r[o.b&31]
			case opBISi:
				r[o.c&31] = r[o.a&31] | uint64(o.b)
			case opORNOT:
				r[o.c&31] = r[o.a&31] | ^r[o.b&31]
			case opXOR:
				r[o.c&31] = r[o.a&31] ^ r[o.b&31]
			case opXORi:
				r[o.c&31] = r[o.a&31] ^ uint64(o.b)
			case opSLL:
				r[o.c&31] = r[o.a&31] << (r[o.b&31] & 63)
			case opSLLi:
				r[o.c&31] = r[o.a&31] << (uint64(o.b) & 63)
			case opSRL:
				r[o.c&31] = r[o.a&31] >> (r[o.b&31] & 63)
			case opSRLi:
				r[o.c&31] = r[o.a&31] >> (uint64(o.b) & 63)
			case opSRA:
				r[o.c&31] = uint64(int64(r[o.a&31]) >> (r[o.b&31] & 63))
			case opSRAi:
				r[o.c&31] = uint64(int64(r[o.a&31]) >> (uint64(o.b) & 63))
			case opZAPNOTi:
				r[o.c&31] = r[o.a&31] & byteMasks[uint64(o.b)&0xff]
			case opEXTBL:
				r[o.c&31] = r[o.a&31] >> (r[o.b&31] & 7 * 8) & 0xff
			case opINSBL:
				r[o.c&31] = (r[o.a&31] & 0xff) << (r[o.b&31] & 7 * 8)
			case opMSKBL:
				r[o.c&31] = r[o.a&31] &^ (uint64(0xff) << (r[o.b&31] & 7 * 8))
			case opEXTWL:
				r[o.c&31] = r[o.a&31] >> (r[o.b&31] & 7 * 8) & 0xffff
			case opEXTWLi:
				r[o.c&31] = r[o.a&31] >> (uint64(o.b) & 7 * 8) & 0xffff
			case opINSWL:
				r[o.c&31] = (r[o.a&31] & 0xffff) << (r[o.b&31] & 7 * 8)
			case opMSKWL:
				r[o.c&31] = r[o.a&31] &^ (uint64(0xffff) << (r[o.b&31] & 7 * 8))
			case opEXTQL:
				r[o.c&31] = r[o.a&31] >> (r[o.b&31] & 7 * 8)
			case opINSQL:
				r[o.c&31] = r[o.a&31] << (r[o.b&31] & 7 * 8)
			case opMSKQL:
				r[o.c&31] = r[o.a&31] &^ (^uint64(0) << (r[o.b&31] & 7 * 8))
			case opEXTQH:
				r[o.c&31] = r[o.a&31] << (-(r[o.b&31] * 8) & 63)
			case opINSQH:
				r[o.c&31] = r[o.a&31] >> 1 >> (63 - r[o.b&31]&7*8)
			case opMSKQH:
				r[o.c&31] = r[o.a&31] &^ (^uint64(0) >> 1 >> (63 - r[o.b&31]&7*8))
			case opCMOVEQ:
				r[o.c&31] = pick(r[o.a&31] == 0, r[o.b&31], r[o.c&31])
			case opCMOVEQi:
				r[o.c&31] = pick(r[o.a&31] == 0, uint64(o.b), r[o.c&31])
			case opCMOVNE:
				r[o.c&31] = pick(r[o.a&31] != 0, r[o.b&31], r[o.c&31])
			case opCMOVNEi:
				r[o.c&31] = pick(r[o.a&31] != 0, uint64(o.b), r[o.c&31])
			case opCMOVLT, opCMOVGE:
				r[o.c&31] = pick((int64(r[o.a&31]) < 0) == (o.code == opCMOVLT), r[o.b&31], r[o.c&31])
			case opCMOVLTi, opCMOVGEi:
				r[o.c&31] = pick((int64(r[o.a&31]) < 0) == (o.code == opCMOVLTi), uint64(o.b), r[o.c&31])
			case opCMOVGT, opCMOVLE:
				r[o.c&31] = pick((int64(r[o.a&31]) > 0) == (o.code == opCMOVGT), r[o.b&31], r[o.c&31])
			case opCMOVGTi, opCMOVLEi:
				r[o.c&31] = pick((int64(r[o.a&31]) > 0) == (o.code == opCMOVGTi), uint64(o.b), r[o.c&31])
			case opCMOVLBC, opCMOVLBS:
				r[o.c&31] = pick((r[o.a&31]&1 == 0) == (o.code == opCMOVLBC), r[o.b&31], r[o.c&31])
			case opCMOVLBCi, opCMOVLBSi:
				r[o.c&31] = pick((r[o.a&31]&1 == 0) == (o.code == opCMOVLBCi), uint64(o.b), r[o.c&31])
			case opAMASK:
				r[o.c&31] = r[o.b&31] &^ uint64(o.imm)
			case opALU:
				r[o.c&31] = alu[o.imm&0xff](r[o.a&31], r[o.b&31])
			case opALUi:
				r[o.c&31] = alu[o.imm&0xff](r[o.a&31], uint64(o.b))
			case opIntV:
				if !c.integerV(o, r[o.b&31]) {
					goto arith
				}
			case opIntVi:
				if !c.integerV(o, uint64(o.b)) {
					goto arith
				}
			case opCPYS:
				if !fen {
					goto noFEN
				}
				f[o.c&31] = f[o.a&31]&(1<<63) | f[o.b&31]&^(1<<63)
			case opFPMove:
				if !fen {
					goto noFEN
				}
				c.moveFP(o)
			case opFP:
				if !fen {
					goto noFEN
				}
				if !c.operateFP(o) {
					goto arith
				}
			case opRPCC:
				s.Icount = count + int64(idx)
				c.rpcc(o)
			case opFlag:
				c.interruptFlag(o)
			case opMB:
				c.fence()
			case opUndecoded:
				c.code.decode(pg, idx)
				continue
			case opCallPAL:
				exit, s.ExitArg = abi.ExitCallPAL, uint64(uint32(o.imm))
				goto stay
			default:
				exit, s.ExitArg = abi.ExitOPCDEC, opcDEC
				goto stay
			}
			idx++
			continue

		slow: // a load or store that went to no window
			s.Icount = count + int64(idx)
			if !c.slow(o, va) {
				goto fault
			}

		accessed: // perhaps a device, which may have moved Limit: a counted run ends where that is now
			idx++
			if b.limited && b.moved(s) {
				break
			}
			continue

		taken:
			target = base + (idx+1)<<2 + uint64(int64(o.imm))<<2
			if o.imm >= 0 {
				count += int64(idx + 1)
				goto moved
			}
		jump:
			count += int64(idx + 1)
			if count >= atomic.LoadInt64(&s.Limit) && !b.single {
				pc, exit = target, abi.ExitPoll
				break pages
			}
		moved:
			pc = target
			if native != nil && native(pc) {
				exit = abi.ExitNative
				break pages
			}
			if pc&abi.PageMask == base && !b.limited {
				idx = pc >> 2 % pageWords
				count -= int64(idx)
				continue
			}
			continue pages

		arith: // the summary and the mask are set, the instruction is retired
			count += int64(idx + 1)
			pc, exit = base+(idx+1)<<2, abi.ExitArith
			break pages

		noFEN:
			exit, s.ExitArg = abi.ExitOPCDEC, opcFEN
			goto stay
		fault:
			exit = abi.ExitFault
		stay: // the instruction is not retired
			count += int64(idx)
			pc = base + idx<<2
			break pages
		}
		count += int64(idx)
		pc = base + idx<<2
	}
	s.PC, s.Icount = pc, count
	return exit
}
