package hostile

import "testing"

func TestNewsEvery(t *testing.T) {
	for count, want := range map[uint64]uint64{1: 1, 9: 1, 100: 10, 499: 49, 1 << 40: 50} {
		if got := newsEvery(count); got != want {
			t.Errorf("%d: %d, want %d", count, got, want)
		}
	}
}
