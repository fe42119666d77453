// Package ipi counts interprocessor interrupts, and says which of them get lost.
//
// In: what is sent and taken, and where Linux notes what it is for (Data). Out: Stats. It
// must not know how an interrupt gets to its CPU.
package ipi

import (
	"fmt"
	"math/bits"

	"axpress/runtime/abi"
)

// Mode says what becomes of an interprocessor interrupt that arrives while its target
// is at IPL 6 or above, where it cannot be taken.
type Mode uint8

// The modes.
const (
	// Latched: it stays pending, as the chipset's registers have it.
	Latched Mode = iota
	// Edge: it is lost, as was reported of EV7.
	Edge
)

// Check refuses what is no mode.
func (m Mode) Check() error {
	if m > Edge {
		return fmt.Errorf("unknown IPI mode %d", m)
	}
	return nil
}

// Loses says whether an interrupt gets lost whose target is at ipl.
func (m Mode) Loses(ipl uint64) bool { return m == Edge && ipl >= level }

// level is that at which an interprocessor interrupt is taken.
const level = 6

// Data is where Linux notes what interprocessor interrupts are for: the first
// quadword of each CPU's slot of ipi_data, one bit for each message (Linux, arch/alpha/kernel/smp.c). The
// zero value: nobody knows.
type Data struct {
	PA     abi.PAddr // of CPU 0's slot
	Stride uint64
}

// Memory is the guest's RAM by physical address.
type Memory interface {
	Read64(pa abi.PAddr) (v uint64, ok bool)
}

// Messages are bits of what interrupts are for.
type Messages uint64

// Of returns what the interprocessor interrupts of a CPU are for at the moment.
func (d Data) Of(cpu int, mem Memory) Messages {
	if d.Stride == 0 {
		return 0
	}
	v, _ := mem.Read64(d.PA + abi.PAddr(uint64(cpu)*d.Stride))
	return Messages(v)
}

// names are the messages by bit (Linux, arch/alpha/kernel/smp.c, enum ipi_message_type).
var names = [...]string{"reschedule", "call function", "stop"}

// Names are those of the messages.
func (m Messages) Names() (list []string) {
	for i, name := range names {
		if m>>i&1 != 0 {
			list = append(list, name)
		}
	}
	return list
}

// Counts are the counters of a CPU's interprocessor interrupts.
type Counts struct {
	Sent   uint64 // by this CPU
	Merged uint64 // sent to this CPU while another one was pending
	taken  uint64 // by this CPU
	lost   uint64 // of those sent to this CPU
	// By message, of those taken and those lost.
	takenFor, lostFor [len(names)]uint64
}

// Took counts one that is delivered.
func (n *Counts) Took(m Messages) {
	n.taken++
	count(&n.takenFor, m)
}

// Lost counts one that is lost.
func (n *Counts) Lost(m Messages) {
	n.lost++
	count(&n.lostFor, m)
}

func count(by *[len(names)]uint64, m Messages) {
	for m &= 1<<len(by) - 1; m != 0; m &= m - 1 {
		by[bits.TrailingZeros64(uint64(m))]++
	}
}

// Stats are the counters of a CPU's interprocessor interrupts.
type Stats struct {
	Sent, Taken uint64 // by the CPU
	Merged      uint64 // sent to it while another one was pending
	Lost        uint64 // sent to it, and lost (Edge)
	// What those taken and those lost were for; one may be for several things.
	TakenFor, LostFor map[string]uint64
}

// Stats returns them by name.
func (n *Counts) Stats() Stats {
	byName := func(by *[len(names)]uint64) map[string]uint64 {
		m := map[string]uint64{}
		for i, n := range by {
			if n != 0 {
				m[names[i]] = n
			}
		}
		return m
	}
	return Stats{Sent: n.Sent, Taken: n.taken, Merged: n.Merged, Lost: n.lost, TakenFor: byName(&n.takenFor), LostFor: byName(&n.lostFor)}
}
