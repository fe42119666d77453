package fuzz

import (
	"math/rand/v2"

	"axpress/lifter/isa"
)

// A random function has what passes and lifter look at beyond a block: joins, loops,
// calls, registers that live across them. It ends always: branches go forward, but for
// those of loops, whose counters nothing else writes, and a call is to a leaf.
//
//	segment...           straight code, if, if-else, loop, call
//	br      out
//	leaf:   straight code
//	ret

// Registers of a function besides those of straight code.
const (
	counterReg = 10 // and the next, of the loop within the loop
	returnReg  = 26
	maxDepth   = 2
)

// builder collects the code of a function.
type builder struct {
	r     *rand.Rand
	keep  func(*isa.Info) bool
	code  []uint32
	calls []int // places of calls of the leaf
}

// function makes the code of a random function.
func function(r *rand.Rand) []uint32 {
	b := &builder{r: r, keep: chooser(r, true)}
	for range 2 + r.IntN(3) {
		b.segment(0)
	}
	if len(b.calls) == 0 {
		b.straight(1)
		return b.code
	}
	out := b.hole()
	leaf := len(b.code)
	for _, at := range b.calls {
		b.branch(at, isa.OpBSR, returnReg, leaf)
	}
	b.straight(1 + r.IntN(3))
	b.emit(isa.Inst{Op: isa.OpRET, Ra: 31, Rb: returnReg, Hint: 1})
	b.branch(out, isa.OpBR, 31, len(b.code))
	return b.code
}

func (b *builder) emit(in isa.Inst) { b.code = append(b.code, isa.Encode(in)) }

// hole leaves room for a branch.
func (b *builder) hole() int {
	b.code = append(b.code, 0)
	return len(b.code) - 1
}

// branch puts a branch to index to at index at.
func (b *builder) branch(at int, op isa.Op, reg uint8, to int) {
	b.code[at] = isa.Encode(isa.Inst{Op: op, Ra: reg, Rb: 31, Rc: 31, Imm: 4 * int64(to-at-1)})
}

// straight appends n instructions without control flow; now and then another gives a
// base register a constant, which is no address.
func (b *builder) straight(n int) {
	for n > 0 {
		if b.r.IntN(100) == 0 {
			b.emit(isa.Inst{Op: isa.OpLDA, Ra: bases[b.r.IntN(len(bases))], Rb: 31, Rc: 31, Imm: 8 * (b.r.Int64N(8192) - 4096)})
		}
		in := isa.Random(b.r, b.keep)
		tame(b.r, &in)
		if w := isa.Encode(in); isa.Decode(w).Op == in.Op {
			b.code = append(b.code, w)
			n--
		}
	}
}

// updates are operations on what a locked load gives.
var updates = [...]isa.Op{isa.OpADDL, isa.OpADDQ, isa.OpSUBL, isa.OpSUBQ, isa.OpAND, isa.OpBIC, isa.OpBIS, isa.OpORNOT, isa.OpXOR, isa.OpEQV, isa.OpS4ADDQ}

// update appends a locked load and a conditional store behind it, as a rule of the same
// place.
func (b *builder) update() {
	load, store, size := isa.OpLDQL, isa.OpSTQC, int64(8)
	if b.r.IntN(2) == 0 {
		load, store, size = isa.OpLDLL, isa.OpSTLC, 4
	}
	base, off := bases[b.r.IntN(len(bases))], size*b.r.Int64N(reach/size)
	reg := func() uint8 { return uint8(b.r.IntN(blockRegs)) }
	loaded, stored := reg(), reg()
	b.emit(isa.Inst{Op: load, Ra: loaded, Rb: base, Rc: 31, Imm: off})
	if b.r.IntN(2) == 0 { // what may be one instruction of the host
		in := isa.Inst{Op: updates[b.r.IntN(len(updates))], Ra: loaded, Rb: reg(), Rc: stored}
		if b.r.IntN(4) == 0 {
			in.Ra, in.Rb = in.Rb, in.Ra
		}
		b.emit(in)
	} else {
		b.straight(b.r.IntN(3))
	}
	if b.r.IntN(8) == 0 {
		base = bases[b.r.IntN(len(bases))]
	}
	b.emit(isa.Inst{Op: store, Ra: stored, Rb: base, Rc: 31, Imm: off})
}

// segment appends a construct, in so many loops.
func (b *builder) segment(depth int) {
	b.straight(b.r.IntN(3))
	kinds := 6
	if depth >= maxDepth {
		kinds = 4
	}
	switch b.r.IntN(kinds) {
	case 0:
		b.straight(1 + b.r.IntN(4))
	case 1: // if
		skip := b.hole()
		b.straight(1 + b.r.IntN(3))
		b.condition(skip, len(b.code))
	case 2: // if-else
		to := b.hole()
		b.straight(1 + b.r.IntN(3))
		over := b.hole()
		b.condition(to, len(b.code))
		b.straight(1 + b.r.IntN(3))
		b.branch(over, isa.OpBR, 31, len(b.code))
	case 3:
		b.update()
	case 4: // loop
		counter := uint8(counterReg + depth)
		b.emit(isa.Inst{Op: isa.OpLDA, Ra: counter, Rb: 31, Rc: 31, Imm: 1 + b.r.Int64N(5)})
		head := len(b.code)
		b.segment(depth + 1)
		if b.r.IntN(2) == 0 { // towards the end of a page
			b.emit(isa.Inst{Op: isa.OpLDA, Ra: walkReg, Rb: walkReg, Rc: 31, Imm: 8})
		}
		b.emit(isa.Inst{Op: isa.OpSUBQ, Ra: counter, Rb: 31, Rc: counter, Lit: true, Imm: 1})
		b.branch(b.hole(), isa.OpBNE, counter, head)
	case 5: // call
		b.calls = append(b.calls, b.hole())
	}
}

// condition puts a conditional branch at index at.
func (b *builder) condition(at, to int) {
	ops := [...]isa.Op{isa.OpBEQ, isa.OpBNE, isa.OpBLT, isa.OpBGE, isa.OpBLE, isa.OpBGT, isa.OpBLBS, isa.OpBLBC,
		isa.OpFBEQ, isa.OpFBNE, isa.OpFBLT, isa.OpFBGE, isa.OpFBLE, isa.OpFBGT}
	b.branch(at, ops[b.r.IntN(len(ops))], uint8(b.r.IntN(blockRegs)), to)
}
