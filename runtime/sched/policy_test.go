package sched

import (
	"errors"
	"testing"

	"axpress/runtime/state"
)

// Turns go round, past those that cannot run, also in one that was loaded.
func TestRoundRobin(t *testing.T) {
	r := NewRoundRobin(3)
	for i, k := range []struct {
		runnable [3]bool
		want     int
	}{
		{[3]bool{true, true, true}, 0}, {[3]bool{true, true, true}, 1}, {[3]bool{true, false, true}, 2},
		{[3]bool{false, true, true}, 1}, {[3]bool{}, -1}, {[3]bool{true, true, false}, 0}, {[3]bool{true, false, false}, 0},
	} {
		var w state.Writer
		r.Save(&w)
		r = NewRoundRobin(3)
		if err := r.Load(state.NewReader(w.Bytes())); err != nil {
			t.Fatal(err)
		}
		cpu, n := r.Next(k.runnable[:])
		if cpu != k.want || (cpu >= 0) != (n > 0) {
			t.Errorf("turn %d: CPU %d for %d, want %d", i, cpu, n, k.want)
		}
	}
	var w state.Writer
	r.last = 2
	r.Save(&w)
	if err := NewRoundRobin(2).Load(state.NewReader(w.Bytes())); !errors.Is(err, state.ErrRefused) {
		t.Errorf("the third of two CPUs: %v", err)
	}
}
