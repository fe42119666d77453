package fuzz

import (
	"encoding/binary"
	"hash/fnv"
	"math/rand/v2"

	"axpress/lifter/isa"
	"axpress/runtime/abi"
	"axpress/runtime/interp/cases"
)

// left out of random code, with the reason.
var left = map[isa.Op]string{
	isa.OpCALLPAL: "what it does is PALcode's business: the interpreter leaves it to palstubs, lifted code has stubs of its own",
}

// notInBlocks is left out of blocks and functions, where operands are what earlier instructions
// made of them: S instructions are defined for S values only (Handbook, section 4.7.4).
var notInBlocks = map[isa.Op]bool{
	isa.OpADDS: true, isa.OpSUBS: true, isa.OpMULS: true, isa.OpDIVS: true, isa.OpSQRTS: true, isa.OpCVTST: true,
	isa.OpADDF: true, isa.OpSUBF: true, isa.OpMULF: true, isa.OpDIVF: true, isa.OpSQRTF: true,
}

// program is code with the CPU it is for.
type program struct {
	model *isa.Model
	code  []uint32
	shape
	number int64 // under the seed
	states int   // how many it begins with
	r      *rand.Rand
}

// hash tells programs from each other.
func (p *program) hash() uint64 {
	h := fnv.New64a()
	b := []byte(p.model.Name)
	for _, w := range p.code {
		b = binary.LittleEndian.AppendUint32(b, w)
	}
	h.Write(b) // never fails
	return h.Sum64()
}

// The base register of accesses in blocks and functions, and how many others of each
// kind they use.
const (
	baseReg   = 16
	blockRegs = 4
	maxBlock  = 12
)

// shape is what random code looks like.
type shape uint8

const (
	single shape = iota // one instruction
	block               // a few without control flow
	flow                // a function: see function.go
)

// generate makes random code.
func generate(r *rand.Rand, s shape) program {
	p := program{model: isa.DefaultModel(), shape: s, r: r}
	if r.IntN(8) == 0 {
		models := isa.Models()
		p.model = models[r.IntN(len(models))]
	}
	switch s {
	case single:
		in := isa.Random(r, chooser(r, false))
		p.code = []uint32{in.Word}
	case block:
		b := &builder{r: r, keep: chooser(r, true)}
		b.straight(2 + r.IntN(maxBlock-1))
		p.code = b.code
	case flow:
		p.code = function(r)
	}
	return p
}

// chooser says which instructions a program is made of: all, or only those of the
// floating-point unit, which have the most to get wrong.
func chooser(r *rand.Rand, several bool) func(*isa.Info) bool {
	fp := r.IntN(2) == 0
	return func(i *isa.Info) bool {
		switch {
		case left[i.Op] != "":
			return false
		case several && (i.Flow != isa.FlowNext || notInBlocks[i.Op]):
			return false
		}
		return !fp || i.Class == isa.ClassFPOp || several && (i.Class == isa.ClassFPMove || i.Class == isa.ClassFPLoad || i.Class == isa.ClassFPStore)
	}
}

// tame makes an instruction of a block use few registers, and memory where the data
// are.
func tame(r *rand.Rand, in *isa.Inst) {
	for _, reg := range []*uint8{&in.Ra, &in.Rb, &in.Rc} {
		if *reg != 31 {
			*reg %= blockRegs
		}
	}
	if in.Op == isa.OpMTFPCR || in.Op == isa.OpMFFPCR {
		in.Rb, in.Rc = in.Ra, in.Ra
	}
	if size := int64(in.Op.Info().Size); size != 0 {
		in.Rb, in.Imm = baseReg, size*r.Int64N(64/size)
		if r.IntN(32) == 0 {
			in.Imm++
		}
	}
	if in.Op.Info().Class == isa.ClassFPOp && r.IntN(4) != 0 { // more of what is lifted
		if in.Trap &^= isa.TrapI; in.Round == isa.RoundMinus {
			in.Round = isa.RoundNormal
		}
	}
}

// state makes a random state for p to begin with.
func (p *program) state(r *rand.Rand) cases.State {
	s := cases.Initial()
	ordinary := p.shape != single && r.IntN(2) == 0
	for i := range 31 {
		s.R[i] = integer(r)
		s.F[i] = p.fpValue(r, ordinary)
	}
	for i := range s.Data {
		s.Data[i] = integer(r)
		if r.IntN(2) == 0 {
			s.Data[i] = doubleT(r)
		}
	}
	s.R[baseReg] = cases.DataVA
	s.FPCR, s.Flag, s.PCC = controls(r), r.Uint64N(2), r.Uint64N(1<<32)
	if r.IntN(64) == 0 {
		s.FEN = 0
	}
	p.aim(r, &s)
	return s
}

// fpValue makes a value that suits the instruction; blocks get a mixture.
func (p *program) fpValue(r *rand.Rand, ordinary bool) uint64 {
	if p.shape != single {
		if ordinary {
			return signBit(r) | (1000+r.Uint64N(46))<<52 | fraction(r, 52)
		}
		return [...]func(*rand.Rand) uint64{doubleT, doubleT, doubleT, doubleG, integer}[r.IntN(5)](r)
	}
	switch op := isa.Decode(p.code[0]).Op; op {
	case isa.OpADDS, isa.OpSUBS, isa.OpMULS, isa.OpDIVS, isa.OpSQRTS, isa.OpCVTST:
		return singleS(r)
	case isa.OpADDF, isa.OpSUBF, isa.OpMULF, isa.OpDIVF, isa.OpSQRTF:
		return singleF(r)
	case isa.OpCVTDG:
		return doubleD(r)
	case isa.OpCVTQL, isa.OpCVTQS, isa.OpCVTQT, isa.OpCVTQF, isa.OpCVTQG, isa.OpCVTLQ:
		return integer(r) >> r.IntN(64)
	default:
		if op.Info().Ext == isa.ExtVAX || op == isa.OpSQRTG {
			return doubleG(r)
		}
		return doubleT(r)
	}
}

// aim points the base register of the first access at the data, as a rule, and makes
// conditional stores succeed now and then.
func (p *program) aim(r *rand.Rand, s *cases.State) {
	in := isa.Decode(p.code[0])
	info := in.Op.Info()
	if info.Size == 0 || p.shape != single && in.Rb == baseReg {
		return
	}
	size := uint64(info.Size)
	off := r.Uint64N((cases.DataBytes-64)/size) * size
	if r.IntN(8) == 0 {
		off += r.Uint64N(size)
	}
	va := cases.DataVA + off
	if in.Rb != 31 && r.IntN(16) != 0 {
		s.R[in.Rb] = va - uint64(in.Imm)
	}
	if info.Class == isa.ClassStoreCond && r.IntN(4) != 0 && va%size == 0 {
		s.Lock, s.LockPA = 1, va-abi.KSEGBase
		s.LockVal = memory(s, off, size)
		if r.IntN(4) == 0 {
			s.LockVal++
		}
	}
}

// memory is the little-endian value of size bytes of the data.
func memory(s *cases.State, off, size uint64) uint64 {
	var b [cases.DataBytes]byte
	for i, v := range s.Data {
		binary.LittleEndian.PutUint64(b[8*i:], v)
	}
	v := uint64(0)
	for i := size; i > 0; i-- {
		v = v<<8 | uint64(b[off+i-1])
	}
	return v
}
