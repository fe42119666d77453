package clipper

import (
	"axpress/runtime/abi"
	"axpress/runtime/device"
	"axpress/runtime/device/board"
	"axpress/runtime/device/tsunami"
	"axpress/runtime/identity"
)

var _ board.Board = (*Platform)(nil)

// Identity says what software can tell the platform by. Clipper is member 5 of the
// Tsunami family (L asm/hwrpb.h ST_DEC_TSUNAMI, kernel/setup.c tsunami_names). The
// cycle frequency is that of QEMU's console, with whose clock Linux takes any.
func Identity() identity.Identity {
	return identity.Identity{
		Name:          "AlphaServer ES40",
		SysType:       34,
		SysVariation:  5 << 10,
		MaxCPUs:       tsunami.MaxCPUs,
		PABits:        44,
		InterruptFreq: 1024 * 4096,
		CycleFreq:     250_000_000,
	}
}

// Identity implements board.Board.
func (p *Platform) Identity() identity.Identity { return Identity() }

// Port implements board.Board.
func (p *Platform) Port(cpu int) board.Port { return &port{p.Bus.Port(cpu)} }

// port is the bus as a CPU reaches it through the Tsunami: the chips do not decode
// PA<42:40> in I/O space, so that Linux's 0xF01_A000_0000 (KSEG sign-extends VA<40>;
// L asm/core_tsunami.h without USE_48_BIT_KSEG) and the manual's 0x801_A000_0000 are
// the same register.
type port struct{ bus *device.Port }

const (
	paIO        = 1 << 43
	paUndecoded = 7 << 40
)

func decoded(pa abi.PAddr) abi.PAddr {
	if pa&paIO != 0 {
		pa &^= paUndecoded
	}
	return pa
}

// Read implements board.Port.
func (p *port) Read(pa abi.PAddr, size int) (uint64, error) { return p.bus.Read(decoded(pa), size) }

// Write implements board.Port.
func (p *port) Write(pa abi.PAddr, size int, v uint64) error {
	return p.bus.Write(decoded(pa), size, v)
}

// RaiseIPI implements board.Board, as do the next ones: the Cchip does it.
func (p *Platform) RaiseIPI(cpu int) { p.Chipset.RaiseIPI(cpu) }

// AckIPI implements board.Board.
func (p *Platform) AckIPI(cpu int) { p.Chipset.AckIPI(cpu) }

// RaiseTimer implements board.Board.
func (p *Platform) RaiseTimer(cpu int) { p.Chipset.RaiseTimer(cpu) }

// AckTimer implements board.Board.
func (p *Platform) AckTimer(cpu int) { p.Chipset.AckTimer(cpu) }

// DeviceVector implements board.Board.
func (p *Platform) DeviceVector(cpu int) (vector uint64, spurious bool) {
	return p.Chipset.DeviceVector(cpu)
}

// CServe implements board.Board. Linux asks a DP264's console for nothing but QEMU's
// functions, which every board has from the PALcode.
func (p *Platform) CServe(int, uint64, uint64, uint64) (v uint64, ok bool) { return 0, false }

// Serial implements board.Board.
func (p *Platform) Serial() [board.SerialPorts]board.Serial {
	return [board.SerialPorts]board.Serial{p.UART0, p.UART1}
}

// Devices implements board.Board.
func (p *Platform) Devices() []device.Device {
	return append([]device.Device{p.Chipset, p.PIC, p.PIT, p.RTC, p.UART0, p.UART1, p.PCI, &p.wires}, p.attached...)
}
