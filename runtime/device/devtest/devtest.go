// Package devtest has what tests of devices need and production code must not
// use: a clock that stands still until told to advance, with its scheduler, and
// recorders for interrupt lines.
//
// In: calls from a test, on one goroutine. Out: deterministic callbacks.
package devtest

import "axpress/runtime/device"

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
