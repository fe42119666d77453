package clipper

// ISA ports and interrupts.
const (
	portPICMaster = 0x20
	portPICSlave  = 0xa0
	portELCR      = 0x4d0
	portPIT       = 0x40
	portControl   = 0x61
	portRTC       = 0x70
	portUART0     = 0x3f8
	portUART1     = 0x2f8

	irqPIT   = 0
	irqUART0 = 4
	irqUART1 = 3
)

// PCI slots (IDSEL numbers) of hose 0, clipper_map_irq in sys_dp264.c.
const (
	FirstSlot     = 1
	LastSlot      = 6
	ISABridgeSlot = 7
)

// Where firmware puts base addresses: above the ISA ports, and below Linux's DMA
// windows at 1 GB (L kernel/core_tsunami.c, tsunami_init_one_pchip).
const (
	firstPCIIO  = 0xc000
	firstPCIMem = 256 << 20
)

// drirBit is the DRIR bit of interrupt pin 1-4 of a slot: clipper_map_irq gives
// slot 1 pin A IRQ 24, which is bit 8, and four bits to each slot.
func drirBit(slot, pin int) int { return (slot+1)*4 + pin - 1 }
