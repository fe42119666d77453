package discover

import (
	"slices"

	"axpress/lifter/isa"
)

// Register sets by bit, per the Alpha calling standard that Linux follows.
const (
	regRA = 26
	regPV = 27
	regGP = 29
	// callClobbers are v0, t0-t12, a0-a5, ra and at.
	callClobbers = 0x1ff | 0x3ff<<16 | 1<<26 | 1<<27 | 1<<28
	// palClobbers are those that OSF/1 PALcode may change: v0, t0, a0-a5, t8-t11.
	palClobbers = 1<<0 | 1<<1 | 0x3ff<<16
)

// regs is what is known of the integer registers at a point: a set of known
// registers and their values.
type regs struct {
	known uint32
	val   [32]uint64
}

func (r *regs) get(n uint8) (uint64, bool) {
	if n == 31 {
		return 0, true
	}
	return r.val[n&31], r.known>>(n&31)&1 != 0
}

func (r *regs) set(n uint8, v uint64) {
	if n != 31 {
		r.known |= 1 << (n & 31)
		r.val[n&31] = v
	}
}

// meet keeps what r and o agree on. It reports whether r lost something.
func (r *regs) meet(o *regs) bool {
	keep := r.known & o.known
	for m, n := keep, 0; m != 0; m, n = m>>1, n+1 {
		if m&1 != 0 && r.val[n] != o.val[n] {
			keep &^= 1 << n
		}
	}
	lost := keep != r.known
	r.known = keep
	return lost
}

// flowState is the scratch memory of the analysis of one function.
type flowState struct {
	insts   []inst // of the function, by index minus its start
	in      []regs // by block
	visited []bool
	dirty   []bool
	// addrs are the addresses that the function computes, if haveAddrs.
	addrs     []uint64
	haveAddrs bool
}

// maxPasses bounds the passes over a function. Values only get lost from pass to
// pass, so stopping early leaves too much known; that is harmless, because a
// table is checked against the image and every target again at run time.
const maxPasses = 12

// analyseFunc finds the constants in registers of a function, and with them its
// jump tables and the likely targets of its indirect calls.
func (f *finder) analyseFunc(fn *funcInfo) {
	f.buildBlocks(fn)
	s := &f.flow
	s.reset(len(fn.blocks), fn.end-fn.start)
	a := f.code.areaOf(fn.start)
	for _, b := range fn.blocks {
		for i := b.first; i < b.end; i++ {
			in := isa.Decode(a.word(i))
			s.insts[i-fn.start] = inst{in, in.Writes().Int}
		}
	}
	f.entryRegs(fn, 0)
	if len(fn.blocks[0].preds) == 0 {
		s.in[0].set(regPV, a.va(fn.start))
	}
	f.passes(fn)
	// What the start does not lead to is entered from outside.
	for n := range fn.blocks {
		if !s.visited[n] {
			f.entryRegs(fn, n)
			f.passes(fn)
		}
	}
	clear(fn.guess)
	clear(fn.reasons)
	fn.unresolved, fn.tailJumps = 0, 0
	for n := range fn.blocks {
		switch fn.blocks[n].kind {
		case EndJump:
			f.resolveJump(fn, n)
		case EndCallReg:
			f.guessTarget(fn, n)
		}
	}
}

// reset makes room for nb blocks and ni instructions, nothing known.
func (s *flowState) reset(nb, ni int) {
	s.insts = slices.Grow(s.insts[:0], ni)[:ni]
	s.in = slices.Grow(s.in[:0], nb)[:nb]
	s.visited = slices.Grow(s.visited[:0], nb)[:nb]
	s.dirty = slices.Grow(s.dirty[:0], nb)[:nb]
	s.addrs, s.haveAddrs = s.addrs[:0], false
	clear(s.visited)
	clear(s.dirty)
}

// entryRegs makes block n one that control enters from outside, where only $29
// is known.
func (f *finder) entryRegs(fn *funcInfo, n int) {
	s := &f.flow
	s.in[n].known = 0
	if fn.gp != 0 {
		s.in[n].set(regGP, fn.gp)
	}
	s.visited[n], s.dirty[n] = true, true
}

// passes carries what is known through the function until nothing changes.
func (f *finder) passes(fn *funcInfo) {
	s := &f.flow
	var out regs
	for pass, again := 0, true; again && pass < maxPasses; pass++ {
		again = false
		for n := range fn.blocks {
			if !s.dirty[n] {
				continue
			}
			s.dirty[n] = false
			f.blockOut(fn, n, &out)
			for _, t := range fn.blocks[n].succs {
				if !s.visited[t] {
					s.in[t], s.visited[t] = out, true
				} else if !s.in[t].meet(&out) {
					continue
				}
				s.dirty[t] = true
				again = again || t <= n
			}
		}
	}
}

// blockOut computes what is known after block n, its last instruction included.
func (f *finder) blockOut(fn *funcInfo, n int, r *regs) {
	f.blockBody(fn, n, r)
	b := &fn.blocks[n]
	last := &f.flow.insts[b.end-1-fn.start]
	switch b.kind {
	case EndCall, EndCallReg, EndCoroutine:
		r.known &^= callClobbers
		r.set(last.Ra, f.code.areaOf(fn.start).va(b.end))
	case EndPAL:
		r.known &^= palClobbers
	case EndBranch:
		r.set(last.Ra, f.code.areaOf(fn.start).va(b.end))
	}
}

// blockBody computes what is known before the last instruction of block n takes
// effect, if that is a branch, jump or CALL_PAL, else after it.
func (f *finder) blockBody(fn *funcInfo, n int, r *regs) {
	s := &f.flow
	*r = s.in[n]
	if !s.visited[n] {
		r.known = 0
	}
	b := &fn.blocks[n]
	end := b.end
	if b.kind != EndFall {
		end--
	}
	insts := s.insts[b.first-fn.start : end-fn.start]
	for k := range insts {
		f.step(fn, &insts[k], r)
	}
}

// step computes what is known after one instruction.
func (f *finder) step(fn *funcInfo, in *inst, r *regs) {
	if in.writes == 0 {
		return
	}
	// A function's $29 changes only from its value and back (after calls).
	if in.writes == 1<<regGP && fn.gp != 0 {
		return
	}
	v, ok := uint64(0), false
	switch in.Op {
	case isa.OpLDA, isa.OpLDAH:
		v, ok = r.get(in.Rb)
		v += uint64(in.Imm)
	case isa.OpLDQ:
		if v, ok = r.get(in.Rb); ok {
			v, ok = f.constant(v + uint64(in.Imm))
		}
	case isa.OpADDQ, isa.OpSUBQ, isa.OpS4ADDQ, isa.OpS8ADDQ, isa.OpBIS, isa.OpSLL:
		x, okX := r.get(in.Ra)
		y, okY := r.get(in.Rb)
		if in.Lit {
			y, okY = uint64(in.Imm), true
		}
		v, ok = fold(in.Op, x, y), okX && okY
	}
	r.known &^= in.writes
	if ok {
		// One of these instructions writes one register.
		if in.Op == isa.OpLDA || in.Op == isa.OpLDAH || in.Op == isa.OpLDQ {
			r.set(in.Ra, v)
		} else {
			r.set(in.Rc, v)
		}
	}
}

// fold computes the operations that addresses are made of.
func fold(op isa.Op, x, y uint64) uint64 {
	switch op {
	case isa.OpADDQ:
		return x + y
	case isa.OpSUBQ:
		return x - y
	case isa.OpS4ADDQ:
		return x<<2 + y
	case isa.OpS8ADDQ:
		return x<<3 + y
	case isa.OpBIS:
		return x | y
	case isa.OpSLL:
		return x << (y & 63)
	}
	panic("BUG: discover: fold of " + op.String())
}

// guessTarget takes the target of the indirect call or jump that ends block n
// if the register is a known address of code. It reports whether it is.
func (f *finder) guessTarget(fn *funcInfo, n int) bool {
	var r regs
	f.blockBody(fn, n, &r)
	b := &fn.blocks[n]
	v, ok := r.get(f.flow.insts[b.end-1-fn.start].Rb)
	if v &^= 3; !ok { // the two low bits of a target are ignored
		return false
	}
	t := f.code.index(v)
	if t < 0 {
		return false
	}
	if fn.guess == nil {
		fn.guess = map[int]uint64{}
	}
	fn.guess[b.end-1] = v
	f.reachCallee(t)
	return true
}
