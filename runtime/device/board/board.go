// Package board is what a machine knows of a platform: an interface that every
// board implements, and what it is built from.
//
// In: a Config. Out: a Board. A package for each platform below runtime/device
// assembles one, and the registry runtime/device/platforms finds it by name. This one
// must not know any of them.
package board

import (
	"io"

	"axpress/runtime/abi"
	"axpress/runtime/device"
	"axpress/runtime/device/pci"
	"axpress/runtime/identity"
)

// SerialPorts is how many serial lines a machine has; the first is the console's.
const SerialPorts = 2

// Config says what a board is built from. RAM, CPUs, Clock, Scheduler and CPUIRQ are
// required.
type Config struct {
	RAM       []byte // physical memory from address 0, for DMA
	CPUs      int    // 1 to Identity.MaxCPUs
	Clock     device.Clock
	Scheduler device.Scheduler
	CPUIRQ    device.CPUIRQ
	// Host is the door to the host, for devices that need one; may be nil if none does.
	Host device.Host
	// SerialOut receives what the guest sends on its serial lines; nil discards.
	SerialOut [SerialPorts]io.Writer
	// Wake is called, on any goroutine and without a lock, when serial input has
	// arrived: the machine then calls Board.Poll.
	Wake func()
	// RTCEpoch is the year that year register 0 of the clock chip stands for; 0 picks
	// the one that Linux/Alpha reads correctly.
	RTCEpoch int
	// DMAWritten is told which RAM DMA has changed. May be nil.
	DMAWritten func(pa abi.PAddr, n uint64)
}

// Board is a platform without its CPUs and RAM. All methods run under the machine's
// lock, but those of Serial that say otherwise, and Identity.
type Board interface {
	Identity() identity.Identity

	// Port is the board's physical address space as a CPU sees it, without RAM.
	Port(cpu int) Port

	// What PALcode asks of the chipset for a CPU; numbers of CPUs that do not exist do
	// nothing. RaiseIPI sends an interprocessor interrupt to a CPU, RaiseTimer an
	// interval timer interrupt, and the Acks are made when one has been delivered.
	RaiseIPI(cpu int)
	AckIPI(cpu int)
	RaiseTimer(cpu int)
	AckTimer(cpu int)
	// DeviceVector is what PALcode passes to entInt for a device interrupt; spurious:
	// nothing requests any more.
	DeviceVector(cpu int) (vector uint64, spurious bool)
	// CServe is a function of CALL_PAL cserve that the board's console has and the
	// PALcode that all boards share has not; !ok: there is no such function.
	CServe(cpu int, fn, a1, a2 uint64) (v uint64, ok bool)

	Serial() [SerialPorts]Serial
	// Poll moves input that has arrived into the devices. The machine calls it after
	// Config.Wake.
	Poll()

	// AttachPCI puts a function into a slot, before the guest runs: it leads its
	// interrupt pin where the board leads it, and sets up its header as firmware would.
	// dev is what is behind the function, one of Devices from now on; nil if it has no
	// state but its configuration header.
	AttachPCI(slot, fn int, f *pci.Function, dev device.Device) error

	// Devices are all parts of the board that have state, in the order in which they
	// are saved.
	Devices() []device.Device
}

// Port is the physical address space seen by one CPU: mmu.PhysBus. pa has all the
// bits that the CPU drives; which of them the board does not decode is its own
// business. size is 1, 2, 4 or 8 bytes. Errors wrap device.ErrNoDevice.
type Port interface {
	Read(pa abi.PAddr, size int) (uint64, error)
	Write(pa abi.PAddr, size int, v uint64) error
}

// Serial is a serial line, the host's end of it. Any goroutine may call the methods.
type Serial interface {
	// Push queues input for the guest and says how many bytes were taken; fewer than
	// len(p) means that the queue is full.
	Push(p []byte) int
	// Break queues a break condition.
	Break()
}
