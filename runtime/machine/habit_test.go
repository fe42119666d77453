package machine

import "testing"

// Short naps make a CPU go round first, as it does in a new loop, long ones make it sleep at once; loops are told apart.
func TestHabits(t *testing.T) {
	var h habits
	const lock, idle = 0x10000, 0x20000
	if more := h.of(lock).goRound(1000, 10); more != maxSpin-10 {
		t.Errorf("a new loop: %d more", more)
	}
	h.of(lock + 16).napped(shortNap - 1)
	h.of(idle).napped(longNap + 1)
	now := uint64(1_000_000)
	if more := h.of(lock).goRound(now, 20_000); more != maxSpin-20_000 {
		t.Errorf("lock: %d more", more)
	}
	if more := h.of(lock).goRound(now+20_000, 20_000); more != maxSpin-40_000 {
		t.Errorf("lock, still there: %d more", more)
	}
	if more := h.of(lock).goRound(now+5_000_000, 20_000); more != maxSpin-20_000 {
		t.Errorf("lock, there again: %d more", more)
	}
	if more := h.of(idle).goRound(now, 100); more != 0 {
		t.Errorf("idle: %d more", more)
	}
	if more := h.of(lock).goRound(now+5_80_000, 80_000); more != 0 {
		t.Errorf("lock, long enough: %d more", more)
	}
	h.of(lock).napped(longNap + 1)
	if more := h.of(lock).goRound(now+9_000_000, 100); more != 0 {
		t.Errorf("lock, that takes long by now: %d more", more)
	}
	h.of(lock).napped((shortNap + longNap) / 2)
	if more := h.of(lock).goRound(now+9_500_000, 100); more != 0 {
		t.Errorf("lock, neither short nor long: %d more", more)
	}
	for pc := uint64(1); pc < 8; pc++ {
		h.of(idle + pc<<20)
	}
	if h.find(lock) != nil {
		t.Error("the oldest was not forgotten")
	}
}
