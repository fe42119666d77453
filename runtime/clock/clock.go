// Package clock is the guest's time: the host's, or that of the instructions which
// its CPUs have retired.
//
// In: how many instructions the CPUs have retired, as a function; what the CPUs tell of
// their turns at the beginning (Counts, Accesses, Settle). Out: the time, the time of
// day, and the timers of devices in its order. It must not know what a CPU or a
// machine is, nor who waits for a timer.
//
// With the deterministic clock one instruction takes 1 ns and the CPUs run side by
// side, so time is the mean of their counts, and what was skipped while all of them
// waited. It moves with instructions alone: nothing that the host does is in it.
package clock

import (
	"math"
	"time"

	"axpress/runtime/device"
	"axpress/runtime/device/timers"
	"axpress/runtime/state"
)

// Config says what a clock counts.
type Config struct {
	// Deterministic: guest time is the number of retired instructions, else the host's time.
	Deterministic bool
	// Epoch is the time of day at boot of the deterministic clock.
	Epoch time.Time
	// CPUs is how many there are, and Instructions how many instructions all of them have retired.
	CPUs         int
	Instructions func() uint64
	// Ports: where time is counted an access to a device takes portNS even with the
	// deterministic clock, as the kernel measures loops of them.
	Ports bool
	// First is called when a timer has been set that is now the first to fall due.
	First func()
}

// Clock is the guest's time and the timers that wait for it. With the host's time any
// goroutine may ask for it; the rest is under the machine's lock, or belongs to the
// goroutine that the CPUs take turns on.
type Clock struct {
	Timers *timers.Queue
	cfg    Config
	host   *hostTime
	early  early  // the beginning of a run with the host's time
	skew   uint64 // deterministic: ns that no instruction has taken
}

var _ device.Clock = (*Clock)(nil)

// New makes a clock that stands at 0.
func New(cfg Config) *Clock {
	k := &Clock{cfg: cfg, host: newHostTime(monotonic()), Timers: timers.New(cfg.First)}
	k.early.counting.Store(!cfg.Deterministic)
	return k
}

// Deterministic says that time is counted instructions.
func (k *Clock) Deterministic() bool { return k.cfg.Deterministic }

// Now is the virtual time in ns since boot. It never goes back.
func (k *Clock) Now() uint64 {
	if !k.cfg.Deterministic {
		return k.hostNow()
	}
	return k.cfg.Instructions()/uint64(k.cfg.CPUs) + k.skew
}

// WallTime is the time of day in unix ns.
func (k *Clock) WallTime() int64 {
	if k.cfg.Deterministic {
		return k.cfg.Epoch.UnixNano() + int64(k.Now())
	}
	return time.Now().UnixNano()
}

// Left is how many instructions one CPU has to retire, while the others stand still, until the
// first timer falls due: 0 if it is due, math.MaxInt64 if there is none. Precondition: the
// clock is deterministic.
func (k *Clock) Left() int64 {
	next := k.Timers.Next()
	if next <= k.skew {
		return 0
	}
	at, n := next-k.skew, k.cfg.Instructions()
	if at > math.MaxInt64/uint64(k.cfg.CPUs) {
		return math.MaxInt64
	}
	if at *= uint64(k.cfg.CPUs); at <= n {
		return 0
	}
	return int64(at - n)
}

// Fire calls the timers that are due. One that a call sets is left to the next Fire.
func (k *Clock) Fire() { k.Timers.Fire(k.Now()) }

// Skip moves the deterministic time on to ns, unless it is later already.
func (k *Clock) Skip(ns uint64) {
	if now := k.Now(); ns > now {
		k.skew += ns - now
	}
}

// Run lets the host's time go on while the machine runs; end ends that.
func (k *Clock) Run() (end func()) {
	if k.cfg.Deterministic {
		return func() {}
	}
	return k.host.beat()
}

// Name implements device.Device.
func (k *Clock) Name() string { return "clock" }

// Save implements device.Device, for the deterministic clock: its timers are in it. The
// count of instructions is the CPUs'.
func (k *Clock) Save(w *state.Writer) {
	w.Block(k.block())
	k.Timers.Save(w)
}

// Load implements device.Device.
func (k *Clock) Load(r *state.Reader) error {
	if err := r.Block(k.block()); err != nil {
		return err
	}
	return k.Timers.Load(r)
}

func (k *Clock) block() state.Block {
	return state.Block{Name: k.Name(), Version: 1, Fields: []any{&k.skew}}
}
