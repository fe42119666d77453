package measure

import (
	"runtime"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Quiet says how quiet the machine was. Others on it, and its neighbours on the same hardware, of which it does not know,
// show by the time that fixed work takes: a loop of register instructions on each of its processors at once, before each run
// of a workload. The slowest processor counts. The unit is the least time that it took.
type Quiet struct {
	Median float64 `json:"median"`
	Worst  float64 `json:"worst"`
}

// yardstick collects the times of the work.
type yardstick struct {
	processors []int // by the host's numbers
	times      []float64
}

func newYardstick() *yardstick {
	var set unix.CPUSet
	y := &yardstick{}
	if unix.SchedGetaffinity(0, &set) != nil {
		return y // it measures nothing
	}
	for i := range 64 * len(set) {
		if set.IsSet(i) {
			y.processors = append(y.processors, i)
		}
	}
	return y
}

// measure does the work once. Precondition: nothing else of ours runs.
func (y *yardstick) measure() {
	var all sync.WaitGroup
	took := make([]float64, len(y.processors))
	for i, p := range y.processors {
		all.Go(func() {
			runtime.LockOSThread() // for ever: the thread ends with the goroutine, and its affinity with it
			var only unix.CPUSet
			only.Set(p)
			_ = unix.SchedSetaffinity(0, &only) // else the host's scheduler spreads them
			began := time.Now()
			if work() != 0 { // so that the compiler keeps it
				took[i] = time.Since(began).Seconds()
			}
		})
	}
	all.Wait()
	if len(took) > 0 {
		y.times = append(y.times, slices.Max(took))
	}
}

// work computes for some milliseconds, and returns what is not 0.
func work() uint64 {
	a, b := uint64(1), uint64(2)
	for range 5_000_000 {
		a = a<<13 ^ a>>7 ^ b
		b = b*5 + a
	}
	return a | b | 1
}

// quiet returns what was found out, nil if that is nothing.
func (y *yardstick) quiet() *Quiet {
	if len(y.times) == 0 {
		return nil
	}
	least := slices.Min(y.times)
	return &Quiet{Median: Median(y.times) / least, Worst: slices.Max(y.times) / least}
}
