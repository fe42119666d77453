package machine

import (
	"fmt"
	"math/bits"
	"sync/atomic"

	"axpress/palstubs/osf"
	"axpress/runtime/device"
)

// IPIMode says what becomes of an interprocessor interrupt that arrives while its target
// is at IPL 6 or above, where it cannot be taken.
type IPIMode uint8

// The modes.
const (
	// IPILatched: it stays pending, as the chipsets have it.
	IPILatched IPIMode = iota
	// IPIEdge: it is lost, as was reported of EV7.
	IPIEdge
)

// iplIPI is the level that an interprocessor interrupt is taken at.
const iplIPI = 6

// IPIData is where Linux notes what interprocessor interrupts are for: the first
// quadword of each CPU's slot of ipi_data, one bit for each message (L kernel/smp.c). The
// zero value: nobody knows.
type IPIData struct {
	PA     uint64 // of CPU 0's slot
	Stride uint64
}

// ipiMessages are the messages by bit (L kernel/smp.c, enum ipi_message_type).
var ipiMessages = [...]string{"reschedule", "call function", "stop"}

// ipiCounts are the counters of a CPU's interprocessor interrupts, under the machine's lock.
type ipiCounts struct {
	sent   uint64 // by this CPU
	taken  uint64 // by this CPU
	merged uint64 // sent to this CPU while another one was pending
	lost   uint64 // of those sent to this CPU
	// By message, of those taken and those lost.
	takenFor, lostFor [len(ipiMessages)]uint64
}

// messages returns what c's interprocessor interrupts are for at the moment.
func (c *CPU) messages() uint64 {
	d := c.m.cfg.IPIData
	if d.Stride == 0 {
		return 0
	}
	v, _ := c.RAM.Read64(d.PA + uint64(c.Index)*d.Stride)
	return v
}

func count(by *[len(ipiMessages)]uint64, messages uint64) {
	for messages &= 1<<len(by) - 1; messages != 0; messages &= messages - 1 {
		by[bits.TrailingZeros64(messages)]++
	}
}

// sendIPI raises an interprocessor interrupt of target for c. The machine's lock is held.
func (c *CPU) sendIPI(target *CPU) {
	c.stats.ipi.sent++
	to := &target.stats.ipi
	if c.m.cfg.IPI == IPIEdge && atomic.LoadUint64(&target.S.PS)&7 >= iplIPI {
		to.lost++
		count(&to.lostFor, target.messages())
		return
	}
	if target.PAL.IsPending(osf.IRQIPI) {
		to.merged++
	}
	c.m.board.RaiseIPI(target.Index)
}

// tookIPI counts an interprocessor interrupt of c that is being delivered.
func (c *CPU) tookIPI() {
	c.stats.ipi.taken++
	count(&c.stats.ipi.takenFor, c.messages())
}

// IPIStats are the counters of a CPU's interprocessor interrupts.
type IPIStats struct {
	Sent, Taken uint64 // by the CPU
	Merged      uint64 // sent to it while another one was pending
	Lost        uint64 // sent to it, and lost (IPIEdge)
	// What those taken and those lost were for; one may be for several things.
	TakenFor, LostFor map[string]uint64
}

func (n *ipiCounts) stats() IPIStats {
	byName := func(by *[len(ipiMessages)]uint64) map[string]uint64 {
		m := map[string]uint64{}
		for i, n := range by {
			if n != 0 {
				m[ipiMessages[i]] = n
			}
		}
		return m
	}
	return IPIStats{Sent: n.sent, Taken: n.taken, Merged: n.merged, Lost: n.lost, TakenFor: byName(&n.takenFor), LostFor: byName(&n.lostFor)}
}

// Whereabouts says what a CPU is doing.
type Whereabouts struct {
	CPU     int
	PC, RA  uint64 // RA is register 26
	IPL     uint64
	User    bool
	Doing   string
	Pending []string // interrupts
	// Messages are what its interprocessor interrupts are for that it has not yet looked
	// at.
	Messages []string
}

// doing describes the modes.
var doing = map[cpuMode]string{
	cpuHalted: "halted", cpuRunning: "runs", cpuWaiting: "waits for an interrupt (wtint)", cpuSpinning: "spins",
}

// Whereabouts says what each CPU is doing. The machine must not run.
func (m *Machine) Whereabouts() (all []Whereabouts) {
	for _, c := range m.cpus {
		all = append(all, c.whereabouts())
	}
	return all
}

// whereabouts says what c is doing. c's own goroutine asks, or the machine does not run.
func (c *CPU) whereabouts() Whereabouts {
	w := Whereabouts{CPU: c.Index, PC: c.S.PC, RA: c.S.R[26], IPL: c.S.PS & 7, User: c.S.PS&8 != 0, Doing: doing[c.mode]}
	for kind, irq := range irqs {
		if c.PAL.IsPending(irq) {
			w.Pending = append(w.Pending, device.IRQKind(kind).String())
		}
	}
	for i, name := range ipiMessages {
		if c.messages()>>i&1 != 0 {
			w.Messages = append(w.Messages, name)
		}
	}
	return w
}

func (m IPIMode) check() error {
	if m > IPIEdge {
		return fmt.Errorf("unknown IPI mode %d", m)
	}
	return nil
}
