package dispatch

import "testing"

// An address space becomes hot by running, and cold by missing more than it runs.
func TestHeat(t *testing.T) {
	const ptbr, other, asn = 7, 7 + 256, 3
	var h heat
	if h.isHot(ptbr, asn) {
		t.Fatal("hot before it has run")
	}
	if h.ran(ptbr, asn, warmUp-1) || h.isHot(ptbr, asn) {
		t.Fatal("hot too early")
	}
	if !h.ran(ptbr, asn, 1) || !h.isHot(ptbr, asn) {
		t.Fatal("not hot after the warm-up")
	}
	if n := spend(&h, ptbr, asn); n != grant/missPrice+1 || h.isHot(ptbr, asn) {
		t.Errorf("cold after %d misses, want %d", n, grant/missPrice+1)
	}
	if h.ran(ptbr, asn, penalty-1); h.isHot(ptbr, asn) {
		t.Error("hot before the penalty is over")
	}
	if h.ran(ptbr, asn, 1); !h.isHot(ptbr, asn) {
		t.Error("not hot after the penalty")
	}
	for range 1000 {
		h.ran(ptbr, asn, missPrice)
		if h.missed(ptbr, asn) {
			t.Fatal("cold though it runs as much as it misses")
		}
	}
	if h.isHot(other, asn) {
		t.Error("another address space is hot")
	}
	if h.isHot(ptbr, asn) {
		t.Error("still known after another took its place")
	}
}

// Linux gives a process that unmaps pages a new number each time: it has to get warm
// again, but what it did counts.
func TestHeatOfNewNumber(t *testing.T) {
	const ptbr = 7
	var h heat
	asn := uint64(1)
	h.ran(ptbr, asn, warmUp)
	h.missed(ptbr, asn)
	asn++
	if h.isHot(ptbr, asn) {
		t.Error("hot though its window is another")
	}
	if h.ran(ptbr, asn, warmUp); !h.isHot(ptbr, asn) {
		t.Error("not hot after the warm-up")
	}
	if n := spend(&h, ptbr, asn); n != grant/missPrice {
		t.Errorf("cold after %d misses, want %d, as there was one before", n, grant/missPrice)
	}
	asn++
	if h.ran(ptbr, asn, penalty-1); h.isHot(ptbr, asn) {
		t.Error("a new number ended the penalty")
	}
	if h.ran(ptbr, asn, 1); !h.isHot(ptbr, asn) {
		t.Error("not hot after the penalty")
	}
	h.forget()
	if h.isHot(ptbr, asn) {
		t.Error("hot though its window is empty")
	}
}

// Who spends all again and again is cold for longer and longer, but not for ever, and
// it is forgotten after a good while.
func TestPenalty(t *testing.T) {
	const ptbr, asn = 3, 9
	var h heat
	h.ran(ptbr, asn, warmUp)
	for _, want := range []int64{penalty, 2 * penalty, 4 * penalty, maxPenalty, maxPenalty} {
		spend(&h, ptbr, asn)
		if h.ran(ptbr, asn, want-1); h.isHot(ptbr, asn) {
			t.Errorf("hot before %d instructions were over", want)
		}
		if h.ran(ptbr, asn, 1); !h.isHot(ptbr, asn) {
			t.Errorf("not hot after %d instructions", want)
		}
	}
	h.ran(ptbr, asn, maxCredit)
	spend(&h, ptbr, asn)
	if h.ran(ptbr, asn, penalty); !h.isHot(ptbr, asn) {
		t.Error("the penalty does not go down again")
	}
}

// spend misses until the address space is cold, and returns how often.
func spend(h *heat, ptbr, asn uint64) (misses int) {
	for misses = 1; !h.missed(ptbr, asn); misses++ {
	}
	return misses
}
