package idle

import "testing"

// Short sleeps make a CPU go round first, as it does in a new loop, long ones make it sleep at once; loops are told apart.
func TestAdaptiveSpin(t *testing.T) {
	var h AdaptiveSpin
	const lock, idle = 0x10000, 0x20000
	if more := h.Of(lock).GoRound(1000, 10); more != MaxSpin-10 {
		t.Errorf("a new loop: %d more", more)
	}
	h.Of(lock + 16).Parked(shortPark - 1)
	h.Of(idle).Parked(longPark + 1)
	now := uint64(1_000_000)
	if more := h.Of(lock).GoRound(now, 20_000); more != MaxSpin-20_000 {
		t.Errorf("lock: %d more", more)
	}
	if more := h.Of(lock).GoRound(now+20_000, 20_000); more != MaxSpin-40_000 {
		t.Errorf("lock, still there: %d more", more)
	}
	if more := h.Of(lock).GoRound(now+5_000_000, 20_000); more != MaxSpin-20_000 {
		t.Errorf("lock, there again: %d more", more)
	}
	if more := h.Of(idle).GoRound(now, 100); more != 0 {
		t.Errorf("idle: %d more", more)
	}
	if more := h.Of(lock).GoRound(now+5_80_000, 80_000); more != 0 {
		t.Errorf("lock, long enough: %d more", more)
	}
	h.Of(lock).Parked(longPark + 1)
	if more := h.Of(lock).GoRound(now+9_000_000, 100); more != 0 {
		t.Errorf("lock, that takes long by now: %d more", more)
	}
	h.Of(lock).Parked((shortPark + longPark) / 2)
	if more := h.Of(lock).GoRound(now+9_500_000, 100); more != 0 {
		t.Errorf("lock, neither short nor long: %d more", more)
	}
	for pc := uint64(1); pc < 8; pc++ {
		h.Of(idle + pc<<20)
	}
	if h.Find(lock) != nil {
		t.Error("the oldest was not forgotten")
	}
}
