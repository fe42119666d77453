package dispatch

import "testing"

// An address space becomes hot by running, and cold by missing more than it runs.
func TestHeat(t *testing.T) {
	var h heat
	if h.isHot(7) {
		t.Fatal("hot before it has run")
	}
	if h.ran(7, warmUp-1) || h.isHot(7) {
		t.Fatal("hot too early")
	}
	if !h.ran(7, 1) || !h.isHot(7) {
		t.Fatal("not hot after the warm-up")
	}
	if h.isHot(8) {
		t.Error("another address space is hot")
	}
	misses := 1
	for !h.missed(7) {
		misses++
	}
	if misses != 101 || h.isHot(7) {
		t.Errorf("cold after %d misses, want 101", misses)
	}
	if h.ran(7, penalty-1); h.isHot(7) {
		t.Error("hot before the penalty is over")
	}
	if h.ran(7, 1+missPrice); !h.isHot(7) {
		t.Error("not hot after the penalty")
	}
	for range 1000 {
		h.ran(7, missPrice)
		if h.missed(7) {
			t.Fatal("cold though it runs as much as it misses")
		}
	}
	h.forget()
	if h.isHot(7) {
		t.Error("hot after its number was given up")
	}
}
