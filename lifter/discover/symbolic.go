package discover

import "axpress/lifter/isa"

// node is a value on a path: a constant, an unknown, or an operation on nodes.
// Equal nodes have equal numbers, so equal values mostly do.
type node struct {
	op   isa.Op // OpInvalid: a constant (imm) or, with a = -1, unknown number imm
	a, b int
	imm  uint64 // of a constant; displacement of a load
}

// fact is a condition that holds on the path: value is non-zero, or zero.
type fact struct {
	value int
	holds bool // non-zero
}

// evaluator follows the integer registers along one path of instructions.
type evaluator struct {
	nodes  []node
	number map[node]int
	regs   [32]int // node numbers
	conds  []fact
	fresh0 uint64
}

// newEvaluator starts a path where the registers are known to be r.
func newEvaluator(r *regs) *evaluator {
	ev := &evaluator{number: map[node]int{}}
	for n := uint8(0); n < 32; n++ {
		if v, ok := r.get(n); ok {
			ev.regs[n] = ev.constant(v)
		} else {
			ev.regs[n] = ev.fresh()
		}
	}
	return ev
}

func (ev *evaluator) intern(n node) int {
	k, ok := ev.number[n]
	if !ok {
		k = len(ev.nodes)
		ev.nodes = append(ev.nodes, n)
		ev.number[n] = k
	}
	return k
}

func (ev *evaluator) constant(v uint64) int { return ev.intern(node{imm: v, b: -1}) }

// fresh makes a value that nothing is known of.
func (ev *evaluator) fresh() int {
	ev.fresh0++
	return ev.intern(node{a: -1, b: -1, imm: ev.fresh0})
}

func (ev *evaluator) reg(n uint8) int { return ev.regs[n&31] }

// constOf returns the value of a node that is a constant.
func (ev *evaluator) constOf(v int) (uint64, bool) {
	if v < 0 {
		return 0, false
	}
	n := &ev.nodes[v]
	return n.imm, n.op == isa.OpInvalid && n.a >= 0
}

// step follows one instruction. gp is the value of $29 that the function keeps,
// 0 if unknown.
func (ev *evaluator) step(in *inst, gp uint64) {
	if in.writes == 0 || in.writes == 1<<regGP && gp != 0 {
		return
	}
	rb := ev.reg(in.Rb)
	if in.Lit {
		rb = ev.constant(uint64(in.Imm))
	}
	switch in.Op {
	case isa.OpLDA, isa.OpLDAH:
		ev.regs[in.Ra] = ev.binary(isa.OpADDQ, rb, ev.constant(uint64(in.Imm)))
	case isa.OpLDQ, isa.OpLDL, isa.OpLDBU, isa.OpLDWU, isa.OpLDQU:
		// Two loads from one address count as equal: the worst that a store
		// between them does is a table read with a wrong bound.
		ev.regs[in.Ra] = ev.intern(node{op: in.Op, a: rb, b: -1, imm: uint64(in.Imm)})
	case isa.OpADDQ, isa.OpSUBQ, isa.OpADDL, isa.OpSUBL, isa.OpS4ADDQ, isa.OpS8ADDQ, isa.OpBIS, isa.OpAND, isa.OpZAPNOT,
		isa.OpSLL, isa.OpSRL, isa.OpEXTBL, isa.OpEXTWL, isa.OpCMPULE, isa.OpCMPULT, isa.OpCMPEQ:
		ev.regs[in.Rc] = ev.binary(in.Op, ev.reg(in.Ra), rb)
	default:
		for r := 0; r < 31; r++ {
			if in.writes>>r&1 != 0 {
				ev.regs[r] = ev.fresh()
			}
		}
	}
}

// binary makes the node of an operation, folded where that is easy. Constants
// go to the right of a sum.
func (ev *evaluator) binary(op isa.Op, a, b int) int {
	x, okX := ev.constOf(a)
	y, okY := ev.constOf(b)
	switch op {
	case isa.OpADDQ, isa.OpSUBQ, isa.OpS4ADDQ, isa.OpS8ADDQ, isa.OpBIS, isa.OpSLL:
		if okX && okY {
			return ev.constant(fold(op, x, y))
		}
	}
	switch {
	case (op == isa.OpADDQ || op == isa.OpADDL) && okX && !okY:
		a, b, y, okY = b, a, x, true
	case op == isa.OpBIS && okX && x == 0, op == isa.OpBIS && a == b:
		return b
	}
	if (op == isa.OpADDQ || op == isa.OpSUBQ || op == isa.OpBIS) && okY && y == 0 {
		return a
	}
	return ev.intern(node{op: op, a: a, b: b})
}

// condition notes what the conditional branch in says when it is taken or not.
func (ev *evaluator) condition(in *inst, taken bool) {
	switch in.Op {
	case isa.OpBNE, isa.OpBLBS:
		ev.conds = append(ev.conds, fact{ev.reg(in.Ra), taken})
	case isa.OpBEQ, isa.OpBLBC:
		ev.conds = append(ev.conds, fact{ev.reg(in.Ra), !taken})
	}
}
