package dispatch

import "testing"

// An address space becomes hot by running, and cold by missing more than it runs.
func TestHeat(t *testing.T) {
	const ptbr, other = 7, 7 + 256
	var h heat
	if h.isHot(ptbr) {
		t.Fatal("hot before it has run")
	}
	if h.ran(ptbr, warmUp-1) || h.isHot(ptbr) {
		t.Fatal("hot too early")
	}
	if !h.ran(ptbr, 1) || !h.isHot(ptbr) {
		t.Fatal("not hot after the warm-up")
	}
	if n := spend(&h, ptbr); n != grant/missPrice+1 || h.isHot(ptbr) {
		t.Errorf("cold after %d misses, want %d", n, grant/missPrice+1)
	}
	if h.ran(ptbr, penalty-1); h.isHot(ptbr) {
		t.Error("hot before the penalty is over")
	}
	if h.ran(ptbr, 1+missPrice); !h.isHot(ptbr) {
		t.Error("not hot after the penalty")
	}
	for range 1000 {
		h.ran(ptbr, missPrice)
		if h.missed(ptbr) {
			t.Fatal("cold though it runs as much as it misses")
		}
	}
	if h.isHot(other) {
		t.Error("another address space is hot")
	}
	if h.isHot(ptbr) {
		t.Error("still known after another took its place")
	}
}

// Who spends all again and again is cold for longer and longer, but not for ever, and
// it is forgotten after a good while.
func TestPenalty(t *testing.T) {
	const ptbr = 3
	var h heat
	h.ran(ptbr, warmUp)
	for _, want := range []int64{penalty, 2 * penalty, maxPenalty, maxPenalty} {
		spend(&h, ptbr)
		if h.ran(ptbr, want-1); h.isHot(ptbr) {
			t.Errorf("hot before %d instructions were over", want)
		}
		if h.ran(ptbr, 1); !h.isHot(ptbr) {
			t.Errorf("not hot after %d instructions", want)
		}
	}
	h.ran(ptbr, maxCredit)
	spend(&h, ptbr)
	if h.ran(ptbr, penalty); !h.isHot(ptbr) {
		t.Error("the penalty does not go down again")
	}
}

// spend misses until the address space is cold, and returns how often.
func spend(h *heat, ptbr uint64) (misses int) {
	for misses = 1; !h.missed(ptbr); misses++ {
	}
	return misses
}
