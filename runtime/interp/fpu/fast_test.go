package fpu

import (
	"math/rand/v2"
	"testing"

	"axpress/lifter/isa"
)

// TestFastFPAgrees compares the host's arithmetic with the exact one.
func TestFastFPAgrees(t *testing.T) {
	const nearest = 2 << fpcrDyn
	rng := rand.New(rand.NewPCG(13, 14))
	var ops []isa.Op
	for op := range isa.Op(isa.NumOps) {
		if fastOps[op] != nil {
			ops = append(ops, op)
		}
	}
	edges := []uint64{0, 1 << 63, 1, 0x3ff0000000000000, 0x7ff0000000000000, 0x7ff8000000000000, 0x7ff0000000000001,
		0x0010000000000000, 0x0010000000000001, 0x7fefffffffffffff, 0x3810000000000000, 0x47efffffe0000000, 0x43e0000000000000}
	operand := func() uint64 {
		switch rng.IntN(4) {
		case 0:
			return edges[rng.IntN(len(edges))] ^ uint64(rng.IntN(2))<<63
		case 1: // a single, by its memory form
			v := rng.Uint32()
			exp := uint64(v>>23&0xff) + 1023 - 127
			switch exp {
			case 1023 - 127:
				exp = 0
			case 1023 + 128:
				exp = 0x7ff
			}
			return uint64(v>>31)<<63 | exp<<52 | uint64(v&0x7fffff)<<29
		case 2: // ordinary magnitude
			return rng.Uint64()&^(0x7ff<<52) | uint64(1023-40+rng.IntN(80))<<52
		}
		return rng.Uint64()
	}
	taken := map[isa.Op]int{}
	for range 60000 {
		a, b := operand(), operand()
		if rng.IntN(3) == 0 { // near one another: cancellation, equality
			b = a ^ rng.Uint64()>>rng.IntN(64)&^(1<<29-1)
		}
		op := ops[rng.IntN(len(ops))]
		round := isa.RoundNormal
		if op == isa.OpCVTTQ {
			round = isa.RoundChopped
		}
		v, ok := Fast(op, round, 0, a, b, nearest)
		if !ok {
			continue
		}
		taken[op]++
		s := state{nearest}
		want, exc, write := s.ieee(&fpOps[op], round, 0, a, b)
		if v != want || exc != 0 || !write || s.fpcr != nearest {
			t.Fatalf("%s %#x %#x: host %#x, exact %#x exc %#x fpcr %#x", op, a, b, v, want, exc, s.fpcr)
		}
	}
	for _, op := range ops {
		if taken[op] < 100 {
			t.Errorf("the fast path of %s was taken %d times", op, taken[op])
		}
	}
}
