package sched

// Policy says which of the CPUs that take turns runs next, and for how long.
type Policy interface {
	// Next picks one of the CPUs that are runnable, by their numbers, and says for how many
	// instructions at most; cpu is -1 if none is.
	Next(runnable []bool) (cpu int, n int64)
}

// RoundRobin is the Policy of equal turns: after a CPU comes the next one that is runnable.
type RoundRobin struct {
	Last    int   // whose turn it was
	Quantum int64 // instructions
}

// Next implements Policy.
func (r *RoundRobin) Next(runnable []bool) (cpu int, n int64) {
	for i := range runnable {
		if cpu := (r.Last + 1 + i) % len(runnable); runnable[cpu] {
			r.Last = cpu
			return cpu, r.Quantum
		}
	}
	return -1, 0
}
