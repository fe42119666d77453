package fuzz

import (
	"encoding/binary"
	"hash/fnv"
	"math/rand/v2"

	"axpress/lifter/isa"
	"axpress/runtime/interp/cases"
)

// left out of random code, with the reason.
var left = [isa.NumOps]string{
	isa.OpCALLPAL: "what it does is PALcode's business: the interpreter leaves it to palstubs, lifted code has stubs of its own",
}

// notInBlocks is left out of blocks and functions, where operands are what earlier instructions
// made of them: S instructions are defined for S values only (Handbook, section 4.7.4).
var notInBlocks = [isa.NumOps]bool{
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

// Base registers of accesses in blocks and functions: where the data can always be
// accessed; where it may depend; the same, and loops move it on; and the stack pointer,
// of which the translator has its own idea. blockRegs is how many other registers of
// each kind they use.
const (
	baseReg   = 16
	viewReg   = 17
	walkReg   = 18
	stackReg  = 30
	blockRegs = 4
	maxBlock  = 12
)

var bases = [...]uint8{baseReg, baseReg, viewReg, walkReg, stackReg}

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
		if r.IntN(8) == 0 {
			b.update()
		}
		p.code = b.code
	case flow:
		p.code = function(r)
	}
	return p
}

// chooser says which instructions a program is made of: all, or those of the
// floating-point unit, which have the most to get wrong, or in several instructions
// mostly accesses.
func chooser(r *rand.Rand, several bool) func(*isa.Info) bool {
	const all, float, memory = 0, 1, 2
	kind := r.IntN(2)
	if several && r.IntN(3) == 0 {
		kind = memory
	}
	return func(i *isa.Info) bool {
		switch {
		case left[i.Op] != "" || several && (i.Flow != isa.FlowNext || notInBlocks[i.Op]):
			return false
		case kind == memory:
			return i.Size != 0 || r.IntN(16) == 0
		case kind == float:
			return i.Class == isa.ClassFPOp || several && (i.Class == isa.ClassFPMove || i.Class == isa.ClassFPLoad || i.Class == isa.ClassFPStore)
		}
		return true
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
		in.Rb, in.Imm = bases[r.IntN(len(bases))], size*r.Int64N(reach/size)
		if r.IntN(64) == 0 {
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
	if s.R[baseReg] = cases.DataVA; p.shape != single {
		s.R[viewReg], s.R[walkReg], s.R[stackReg] = place(r), place(r), cases.DataVA+8*r.Uint64N((cases.DataBytes-2*reach)/8)
		if r.IntN(4) == 0 {
			s.R[stackReg] = place(r)
		}
	}
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

// reach is how far from their base the accesses of blocks and functions go.
const reach = 64

// place returns an address for accesses within reach of it: in a view of the data, most
// often the one for all accesses, and near its end every other time.
func place(r *rand.Rand) uint64 {
	va := view(r)
	if r.IntN(2) == 0 {
		return va + 8*r.Uint64N((cases.DataBytes-2*reach)/8)
	}
	va += cases.DataBytes - reach + 8*r.Uint64N(reach/8+1)
	if r.IntN(16) == 0 {
		va += r.Uint64N(8)
	}
	return va
}

// view returns the address of the data in one of their views.
func view(r *rand.Rand) uint64 {
	list := cases.Views()
	va := list[0].VA
	if r.IntN(3) == 0 {
		va = list[r.IntN(len(list))].VA
	}
	if r.IntN(3) == 0 {
		va += cases.ViewsHigh
	}
	return va
}

// aim points the base register of a single access at the data, as a rule, and makes
// conditional stores succeed now and then.
func (p *program) aim(r *rand.Rand, s *cases.State) {
	in := isa.Decode(p.code[0])
	info := in.Op.Info()
	if info.Size == 0 || p.shape != single {
		return
	}
	size := uint64(info.Size)
	va, off := cases.DataVA, r.Uint64N((cases.DataBytes-64)/size)*size
	if r.IntN(3) == 0 {
		if va = view(r); r.IntN(2) == 0 {
			off = cases.DataBytes - 2*size + r.Uint64N(4)*size
		}
	}
	if r.IntN(8) == 0 {
		off += r.Uint64N(size)
	}
	va += off
	if in.Rb != 31 && r.IntN(16) != 0 {
		s.R[in.Rb] = va - uint64(in.Imm)
	}
	if info.Class == isa.ClassStoreCond && r.IntN(4) != 0 && va%size == 0 && off < cases.DataBytes {
		s.Lock, s.LockPA = 1, cases.DataPA+off
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
