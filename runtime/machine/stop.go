package machine

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"iter"

	"axpress/palstubs/console"
	"axpress/palstubs/osf"
	"axpress/runtime/abi"
	"axpress/runtime/ipi"
	"axpress/runtime/panicwatch"
	"axpress/runtime/vcpu"
)

// Reason says why a run ended.
type Reason uint8

// Reasons.
const (
	// PowerOff: the kernel asked to remain halted, and has not said that it halts.
	PowerOff Reason = iota
	// Reboot: the kernel asked for a bootstrap.
	Reboot
	// Halt: the boot CPU halted without saying why, or because the kernel was told to, or could not go on (Detail).
	Halt
	// Panic: the kernel panicked; Detail is the message.
	Panic
	// Timeout and Interrupted: the context's deadline passed, or it was cancelled.
	Timeout
	Interrupted
	// Failed: Run returned an error.
	Failed
	numReasons
)

// String names the reason.
func (r Reason) String() string {
	names := [numReasons]string{"power off", "reboot", "halt", "panic", "timeout", "interrupted", "failed"}
	if r < numReasons {
		return names[r]
	}
	return fmt.Sprintf("Reason(%d)", uint8(r))
}

// Stop says how a run ended.
type Stop struct {
	Reason Reason
	PC     uint64 // of the boot CPU
	Detail string
}

// halted is the console's part when c stops; the machine's lock is held. A secondary
// stays in the console, ready to be started again. The boot CPU ends the run, unless it
// just executes HALT without a word in its slot while others run; then the last one does.
func (c *CPU) halted(h osf.Halt) {
	m := c.m
	c.mode = cpuHalted
	c.setAlarm(0)
	idle := m.halted.Or(1<<c.Index) | 1<<c.Index
	others := idle&^console.Asked(m.ram.Bytes()) != 1<<len(m.cpus)-1 // running, or about to
	request, err := console.RecordHalt(c.RAM.Bytes(), c.Index, c.S, h)
	if err != nil {
		panic("BUG: " + err.Error()) // New has built the HWRPB
	}
	asked := request == console.HaltCold || request == console.HaltWarm || request == console.HaltRemain
	if others && (c.Index != 0 || h.Code == osf.HaltCallPAL && !asked && !m.watch.Panicked()) {
		return
	}
	stop := &Stop{Reason: Halt, PC: h.PC, Detail: h.String()}
	switch {
	case m.watch.Panicked():
		stop.Reason, stop.Detail = Panic, m.watch.Line()
	case h.Code != osf.HaltCallPAL:
	case request == console.HaltCold || request == console.HaltWarm:
		stop.Reason, stop.Detail = Reboot, ""
	case request == console.HaltRemain && m.watch.Halts():
		stop.Detail = "as it was told to; the machine would stay on"
	case request == console.HaltRemain:
		stop.Reason, stop.Detail = PowerOff, ""
	}
	m.finish(stop)
}

// finish ends the run because of stop, unless something else has ended it already. The
// machine's lock is held, or CPUs take turns.
func (m *Machine) finish(stop *Stop) {
	if m.stop == nil {
		m.stop = stop
	}
	if m.parallel {
		m.stopping.Store(true)
		for _, c := range m.cpus {
			c.kick()
		}
		m.wakeup.token()
	}
}

// Stats are a machine's counters.
type Stats struct {
	VirtualNS uint64
	CPUs      []CPUStats
}

// CPUStats are the counters of a CPU.
type CPUStats struct {
	Instructions int64
	Interrupts   uint64
	IPIs         ipi.Stats
	Spins        uint64            // times that the CPU was found spinning and the host could rest
	StaleCode    uint64            // address spaces entered whose code had moved in the page tables, without a TBI
	Exits        map[string]uint64 // by abi.Exit
	CallPALs     map[string]uint64 // those that left the engine, by name
	Engine       vcpu.Counters
}

// Stats returns the counters. The machine must not run.
func (m *Machine) Stats() Stats {
	st := Stats{VirtualNS: m.clock.Now()}
	for _, c := range m.cpus {
		st.CPUs = append(st.CPUs, c.counters())
	}
	return st
}

// counters returns those of c. c's own goroutine asks, or the machine does not run.
func (c *CPU) counters() CPUStats {
	cs := CPUStats{
		Instructions: c.S.Icount, Interrupts: c.stats.interrupts, IPIs: c.stats.ipi.Stats(),
		Spins: c.loop.Found, StaleCode: c.MMU.StaleCode(),
		Exits: map[string]uint64{}, CallPALs: map[string]uint64{}, Engine: c.engine.Counters(),
	}
	for i, n := range c.stats.exits {
		if n != 0 {
			cs.Exits[abi.Exit(i).String()] = n
		}
	}
	for i := range c.stats.callPALs {
		n := c.callPALs(i)
		if n == 0 {
			continue
		}
		name := fmt.Sprintf("%#02x", i)
		if r := osf.Lookup(uint32(i)); r != nil {
			name = r.Name
		}
		cs.CallPALs[name] = n
	}
	return cs
}

// Log returns the last n lines of the kernel's log. The machine must not run. Errors: there are no symbols of it, or there
// is no log.
func (m *Machine) Log(n int) (panicwatch.Log, error) { return m.watch.Log(n) }

// Hash is a hash of the guest's memory: of each page that is not empty, with its number.
// The machine must not run.
func (m *Machine) Hash() (sum [sha256.Size]byte) {
	h := sha256.New()
	for pa, page := range m.pages() {
		var at [8]byte
		binary.LittleEndian.PutUint64(at[:], uint64(pa))
		h.Write(at[:])
		h.Write(page)
	}
	h.Sum(sum[:0])
	return sum
}

// pages are the pages of RAM that are not empty, by physical address.
func (m *Machine) pages() iter.Seq2[abi.PAddr, []byte] {
	return func(yield func(abi.PAddr, []byte) bool) {
		ram, empty, done := m.ram.Bytes(), make([]byte, abi.PageSize), false
		err := m.ram.Touched(func(lo, hi abi.PAddr) {
			for pa := lo; pa < hi && !done; pa += abi.PageSize {
				if page := ram[pa : pa+abi.PageSize]; !bytes.Equal(page, empty) {
					done = !yield(pa, page)
				}
			}
		})
		if err != nil {
			panic("BUG: " + err.Error()) // it is a memfd of ours
		}
	}
}

// instructions is how many all CPUs have retired.
func (m *Machine) instructions() uint64 {
	n := uint64(0)
	for _, c := range m.cpus {
		n += uint64(c.S.Icount)
	}
	return n
}

// syscalls counts the system calls of all CPUs.
func (m *Machine) syscalls() uint64 {
	n := uint64(0)
	for _, c := range m.cpus {
		n += c.callPALs(abi.PALCallsys)
	}
	return n
}
