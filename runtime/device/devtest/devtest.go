// Package devtest has what tests of devices need and production code must not
// use: a clock that stands still until told to advance, with its scheduler, and
// recorders for interrupt lines.
//
// In: calls from a test, on one goroutine. Out: deterministic callbacks.
package devtest

import (
	"sort"

	"axpress/runtime/device"
)

// Clock is a device.Clock and device.Scheduler under the test's control.
type Clock struct {
	NS   uint64 // Now
	Wall int64  // WallTime at NS == 0, in unix ns
	// Step is added to NS after each Now, so that a loop polling a device ends.
	Step  uint64
	queue []*event
	seq   int
}

type event struct {
	at   uint64
	seq  int
	fn   func()
	dead bool
}

var (
	_ device.Clock     = (*Clock)(nil)
	_ device.Scheduler = (*Clock)(nil)
)

// Now is the virtual time in ns.
func (c *Clock) Now() uint64 {
	now := c.NS
	c.NS += c.Step
	return now
}

// WallTime is the virtual time of day in unix ns.
func (c *Clock) WallTime() int64 { return c.Wall + int64(c.NS) }

// At queues fn.
func (c *Clock) At(ns uint64, fn func()) func() {
	e := &event{at: ns, seq: c.seq, fn: fn}
	c.seq++
	c.queue = append(c.queue, e)
	return func() { e.dead = true }
}

// Pending counts the events that still wait.
func (c *Clock) Pending() int {
	n := 0
	for _, e := range c.queue {
		if !e.dead {
			n++
		}
	}
	return n
}

// Advance lets ns nanoseconds pass and runs what falls due, in time order.
func (c *Clock) Advance(ns uint64) {
	end := c.NS + ns
	for {
		sort.Slice(c.queue, func(i, j int) bool {
			a, b := c.queue[i], c.queue[j]
			return a.at < b.at || a.at == b.at && a.seq < b.seq
		})
		if len(c.queue) == 0 || c.queue[0].at > end {
			break
		}
		e := c.queue[0]
		c.queue = c.queue[1:]
		if e.dead {
			continue
		}
		e.dead = true
		if e.at > c.NS {
			c.NS = e.at
		}
		e.fn()
	}
	if end > c.NS {
		c.NS = end
	}
}

// Line records an interrupt line.
type Line struct {
	Level bool
	Rises int
}

// Set records the level and counts rising edges.
func (l *Line) Set(level bool) {
	if level && !l.Level {
		l.Rises++
	}
	l.Level = level
}

// CPUs records the interrupt inputs of up to four CPUs.
type CPUs struct {
	Level [4][device.NumIRQKinds]bool
	Calls int
}

// SetIRQ records a level.
func (c *CPUs) SetIRQ(cpu int, kind device.IRQKind, level bool) {
	c.Level[cpu][kind] = level
	c.Calls++
}
