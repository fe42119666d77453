package clipper

import (
	"errors"
	"fmt"
	"slices"

	"axpress/runtime/device"
	"axpress/runtime/device/board"
	"axpress/runtime/device/i8259"
	"axpress/runtime/device/pci"
	"axpress/runtime/device/pit8254"
	"axpress/runtime/device/rtc"
	"axpress/runtime/device/tsunami"
	"axpress/runtime/device/uart16550"
)

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

	nextIO, nextMem uint64 // where the next base address register goes
	wires           wires
	attached        []device.Device // behind PCI functions
}

// New wires a platform. The error says what Config lacks.
func New(cfg board.Config) (*Platform, error) {
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
	p.Chipset, p.DMA, p.wires.chipset = chipset, chipset.DMA(), chipset
	p.RTC, err = rtc.New(rtc.Config{
		Clock: cfg.Clock, Scheduler: cfg.Scheduler, Tick: chipset.Tick, Epoch: cfg.RTCEpoch,
	})
	if err != nil {
		return nil, fmt.Errorf("clipper: %w", err)
	}
	p.PIT = pit8254.New(cfg.Clock, cfg.Scheduler, p.PIC.IRQ(irqPIT))
	p.UART0 = uart16550.New(uart16550.Config{
		Name: "uart0", Out: cfg.SerialOut[0], IRQ: p.PIC.IRQ(irqUART0), Wake: cfg.Wake,
	})
	p.UART1 = uart16550.New(uart16550.Config{Name: "uart1", Out: cfg.SerialOut[1], IRQ: p.PIC.IRQ(irqUART1), Wake: cfg.Wake})
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
// it after board.Config.Wake.
func (p *Platform) Poll() {
	p.UART0.Poll()
	p.UART1.Poll()
}

// AttachPCI puts a function into a slot (FirstSlot to LastSlot), routes its
// interrupt pin to the chipset, and sets up its header as firmware would. dev is what
// is behind it. Call it before the guest runs.
func (p *Platform) AttachPCI(slot, fn int, f *pci.Function, dev device.Device) error {
	if slot < FirstSlot || slot > LastSlot {
		return fmt.Errorf("clipper: PCI slot %d, want %d to %d", slot, FirstSlot, LastSlot)
	}
	if dev != nil && slices.ContainsFunc(p.Devices(), func(d device.Device) bool { return d.Name() == dev.Name() }) {
		return fmt.Errorf("clipper: there is a device %s already", dev.Name())
	}
	var line device.Line
	if f != nil {
		if pin := int(f.ReadConfig(pci.RegInterruptPin, 1)); pin != 0 {
			bit := drirBit(slot, pin)
			line = p.wires.line(bit)
			f.SetConfig(pci.RegInterruptLine, uint8(bit))
		}
	}
	if err := p.PCI.Attach(slot, fn, f, line); err != nil {
		return fmt.Errorf("clipper: %w", err)
	}
	if dev != nil {
		p.attached = append(p.attached, dev)
	}
	p.nextIO, p.nextMem = f.Assign(p.nextIO, p.nextMem)
	return nil
}
