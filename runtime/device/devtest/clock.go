package devtest

import (
	"axpress/runtime/device"
	"axpress/runtime/device/timers"
)

// Clock is a device.Clock and device.Scheduler under the test's control. The zero
// value is at the beginning of time.
type Clock struct {
	NS   uint64 // Now
	Wall int64  // WallTime at NS == 0, in unix ns
	// Step is added to NS after each Now, so that a loop polling a device ends.
	Step  uint64
	queue *timers.Queue
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

// Timers is the queue of the clock's timers.
func (c *Clock) Timers() *timers.Queue {
	if c.queue == nil {
		c.queue = timers.New(nil)
	}
	return c.queue
}

// NewTimer makes a timer of this clock.
func (c *Clock) NewTimer(name string, fn func()) device.Timer { return c.Timers().NewTimer(name, fn) }

// Pending counts the timers that are set.
func (c *Clock) Pending() int { return len(c.Timers().Pending()) }

// Advance lets ns nanoseconds pass and runs what falls due, in time order.
func (c *Clock) Advance(ns uint64) {
	end := c.NS + ns
	for next := c.Timers().Next(); next <= end && c.Pending() > 0; next = c.Timers().Next() {
		c.NS = max(c.NS, next)
		c.Timers().Fire(c.NS)
	}
	c.NS = max(c.NS, end)
}
