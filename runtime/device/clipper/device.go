package clipper

import (
	"errors"
	"fmt"
	"io"

	"axpress/runtime/device"
	"axpress/runtime/device/i8259"
	"axpress/runtime/device/pci"
	"axpress/runtime/device/pit8254"
	"axpress/runtime/device/rtc"
	"axpress/runtime/device/tsunami"
	"axpress/runtime/device/uart16550"
)

// Config says what the platform is built from. RAM, CPUs, Clock, Scheduler and
// CPUIRQ are required.
type Config struct {
	RAM       []byte // physical memory from address 0, for DMA
	CPUs      int    // 1-4
	Clock     device.Clock
	Scheduler device.Scheduler
	CPUIRQ    device.CPUIRQ
	// ConsoleOut receives what the guest sends on UART0; nil discards.
	ConsoleOut io.Writer
	// Serial2Out receives what it sends on UART1; nil discards.
	Serial2Out io.Writer
	// Wake is called, on any goroutine and without a lock, when serial input has
	// arrived: the machine then calls Platform.Poll.
	Wake func()
	// RTCEpoch is the year that year register 0 of the RTC stands for; 0 picks the
	// one Linux/Alpha reads correctly (package rtc).
	RTCEpoch int
	// DMAWritten is told which RAM DMA has changed. May be nil.
	DMAWritten func(pa, n uint64)
}

// Platform is the assembled machine but for CPUs and RAM.
type Platform struct {
	Bus     *device.Bus      // physical addresses to devices
	Chipset *tsunami.Chipset // interrupts, IPIs, timers for PALcode
	PCI     *pci.Bus
	UART0   *uart16550.Device // the console: Push feeds the guest
	UART1   *uart16550.Device // the second port
	DMA     device.DMA        // memory through the Pchip's windows
	PIC     *i8259.Pair
	RTC     *rtc.Device
	PIT     *pit8254.Device

	nextIO, nextMem uint64      // where the next base address register goes
	pins            map[int]int // DRIR bit: how many functions assert it
}

// New wires a platform. The error says what Config lacks.
func New(cfg Config) (*Platform, error) {
	if cfg.Clock == nil || cfg.Scheduler == nil || cfg.CPUIRQ == nil {
		return nil, errors.New("clipper: clock, scheduler or CPU interrupt connection missing")
	}
	if len(cfg.RAM) == 0 {
		return nil, errors.New("clipper: no RAM")
	}
	p := &Platform{Bus: &device.Bus{}, PCI: pci.NewBus(), nextIO: firstPCIIO, nextMem: firstPCIMem}
	// The chipset needs the interrupt controllers' acknowledge and they need its
	// interrupt line; the line is looked up when it is driven.
	p.PIC = i8259.New(device.LineFunc(func(level bool) { p.Chipset.DRIR(tsunami.DRIRISA).Set(level) }))
	chipset, err := tsunami.New(tsunami.Config{
		CPUs:       cfg.CPUs,
		RAM:        cfg.RAM,
		IRQ:        cfg.CPUIRQ,
		PCIMem:     p.PCI.Mem(),
		PCIIO:      p.PCI.IO(),
		PCIConf:    p.PCI.Config(),
		IACK:       p.PIC.Ack,
		DMAWritten: cfg.DMAWritten,
	})
	if err != nil {
		return nil, fmt.Errorf("clipper: %w", err)
	}
	p.Chipset, p.DMA = chipset, chipset.DMA()
	p.RTC, err = rtc.New(rtc.Config{
		Clock: cfg.Clock, Scheduler: cfg.Scheduler, Tick: chipset.Tick, Epoch: cfg.RTCEpoch,
	})
	if err != nil {
		return nil, fmt.Errorf("clipper: %w", err)
	}
	p.PIT = pit8254.New(cfg.Clock, cfg.Scheduler, p.PIC.IRQ(irqPIT))
	p.UART0 = uart16550.New(uart16550.Config{
		Name: "uart0", Out: cfg.ConsoleOut, IRQ: p.PIC.IRQ(irqUART0), Wake: cfg.Wake,
	})
	p.UART1 = uart16550.New(uart16550.Config{Name: "uart1", Out: cfg.Serial2Out, IRQ: p.PIC.IRQ(irqUART1), Wake: cfg.Wake})
	if err := p.mapAll(); err != nil {
		return nil, fmt.Errorf("clipper: %w", err)
	}
	p.PIC.InitAT()
	return p, nil
}

func (p *Platform) mapAll() error {
	for _, m := range []struct {
		port, n uint64
		r       device.Region
	}{
		{portPICMaster, 2, p.PIC.Master()},
		{portPICSlave, 2, p.PIC.Slave()},
		{portELCR, 2, p.PIC.ELCR()},
		{portPIT, 4, p.PIT.Counters()},
		{portControl, 1, p.PIT.Port61()},
		{portRTC, 2, p.RTC.Ports()},
		{portUART0, uart16550.NumRegs, p.UART0.Regs()},
		{portUART1, uart16550.NumRegs, p.UART1.Regs()},
	} {
		if err := p.PCI.IO().Map(m.port, m.n, m.r); err != nil {
			return err
		}
	}
	if err := p.Chipset.Map(p.Bus); err != nil {
		return err
	}
	bridge := pci.ISABridge()
	bridge.SetConfig(pci.RegInterruptLine, 0xff)
	return p.PCI.Attach(ISABridgeSlot, 0, bridge, nil)
}

// Poll moves input that the host pushed into the serial ports. The machine calls
// it after Config.Wake.
func (p *Platform) Poll() {
	p.UART0.Poll()
	p.UART1.Poll()
}

// AttachPCI puts a function into a slot (FirstSlot to LastSlot), routes its
// interrupt pin to the chipset, and sets up its header as firmware would. Call it
// before the guest runs.
func (p *Platform) AttachPCI(slot, fn int, f *pci.Function) error {
	if slot < FirstSlot || slot > LastSlot {
		return fmt.Errorf("clipper: PCI slot %d, want %d to %d", slot, FirstSlot, LastSlot)
	}
	var line device.Line
	if f != nil {
		if pin := int(f.ReadConfig(pci.RegInterruptPin, 1)); pin != 0 {
			bit := drirBit(slot, pin)
			line = p.wiredOr(bit)
			f.SetConfig(pci.RegInterruptLine, uint8(bit))
		}
	}
	if err := p.PCI.Attach(slot, fn, f, line); err != nil {
		return fmt.Errorf("clipper: %w", err)
	}
	p.nextIO, p.nextMem = f.Assign(p.nextIO, p.nextMem)
	return nil
}
