package isa

import "math/bits"

// RegSet is a set of registers: bit n of Int is Rn, of FP is Fn. R31 and F31,
// which read as zero and swallow writes, are never members.
type RegSet struct{ Int, FP uint32 }

// Union returns the registers that are in s or in t.
func (s RegSet) Union(t RegSet) RegSet { return RegSet{s.Int | t.Int, s.FP | t.FP} }

// Intersect returns the registers that are in both s and t.
func (s RegSet) Intersect(t RegSet) RegSet { return RegSet{s.Int & t.Int, s.FP & t.FP} }

// Minus returns the registers of s that are not in t.
func (s RegSet) Minus(t RegSet) RegSet { return RegSet{s.Int &^ t.Int, s.FP &^ t.FP} }

// Empty tells whether the set has no member.
func (s RegSet) Empty() bool { return s.Int|s.FP == 0 }

// Len returns the number of members.
func (s RegSet) Len() int { return bits.OnesCount32(s.Int) + bits.OnesCount32(s.FP) }

const notR31 = 1<<31 - 1

// Reads returns the registers whose values the instruction uses, conditional
// moves' old destination included. The FPCR is not in it; neither is anything
// for CALL_PAL and the reserved opcodes, where the PALcode decides.
func (inst Inst) Reads() RegSet {
	i := inst.Op.Info()
	f := i.Reads
	if inst.Lit {
		f &^= FieldRb
	}
	return inst.regs(f, i.FP)
}

// Writes returns the registers that the instruction sets when it completes,
// with the same exceptions as Reads.
func (inst Inst) Writes() RegSet {
	i := inst.Op.Info()
	return inst.regs(i.Writes, i.FP)
}

func (inst Inst) regs(fields, fp Fields) RegSet {
	var s RegSet
	s.add(fields, fp, FieldRa, inst.Ra)
	s.add(fields, fp, FieldRb, inst.Rb)
	s.add(fields, fp, FieldRc, inst.Rc)
	return s
}

func (s *RegSet) add(fields, fp, field Fields, reg uint8) {
	if fields&field == 0 {
		return
	}
	bit := uint32(1) << (reg & 31) & notR31
	if fp&field != 0 {
		s.FP |= bit
	} else {
		s.Int |= bit
	}
}

// BranchTarget returns the address that a branch-format instruction at pc goes
// to when taken: Imm counts from the updated PC (Handbook, section 4.3). It has
// no meaning for other formats.
func (inst Inst) BranchTarget(pc uint64) uint64 { return pc + 4 + uint64(inst.Imm) }

// HintTarget returns the address that the hint of a JMP or JSR at pc predicts;
// only its low 16 bits are meant, the rest is the nearest extension, as
// objdump prints it (Handbook, section 4.3.3).
func (inst Inst) HintTarget(pc uint64) uint64 {
	return pc + 4 + uint64(int64(int16(inst.Hint<<2)))
}
