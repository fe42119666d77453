package sched

import (
	"fmt"

	"axpress/runtime/device"
	"axpress/runtime/state"
)

// Policy says which of the CPUs that take turns runs next, and for how long. What it
// says may depend on what it was asked before and on nothing else: it is saved with the machine.
type Policy interface {
	device.Device
	// Next picks one of the CPUs that are runnable, by their numbers, and says for how many
	// instructions at most; cpu is -1 if none is.
	Next(runnable []bool) (cpu int, n int64)
}

// RoundRobin is the Policy of equal turns: after a CPU comes the next one that is runnable.
type RoundRobin struct {
	cpus int
	last int // whose turn it was
}

// NewRoundRobin is for cpus CPUs, of which the first comes first.
func NewRoundRobin(cpus int) *RoundRobin { return &RoundRobin{cpus: cpus, last: cpus - 1} }

// Instructions of a turn. Several CPUs wait for each other's locks.
const (
	turnAlone = 500_000
	turn      = 100_000
)

// Next implements Policy.
func (r *RoundRobin) Next(runnable []bool) (cpu int, n int64) {
	for i := range runnable {
		if cpu := (r.last + 1 + i) % len(runnable); runnable[cpu] {
			r.last = cpu
			if r.cpus > 1 {
				return cpu, turn
			}
			return cpu, turnAlone
		}
	}
	return -1, 0
}

// Name implements device.Device.
func (r *RoundRobin) Name() string { return "round robin" }

// Save implements device.Device.
func (r *RoundRobin) Save(w *state.Writer) { w.Block(r.block()) }

// Load implements device.Device.
func (r *RoundRobin) Load(from *state.Reader) error { return from.Block(r.block()) }

func (r *RoundRobin) block() state.Block {
	return state.Block{Name: r.Name(), Version: 1, Fields: []any{&r.last}, Check: func() error {
		if r.last < 0 || r.last >= r.cpus {
			return fmt.Errorf("the turn of CPU %d of %d", r.last, r.cpus)
		}
		return nil
	}}
}
