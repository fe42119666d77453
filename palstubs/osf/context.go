package osf

import "axpress/runtime/abi"

// Offsets in the process control block, which is at physical address PCBB (AAH
// II-B, "Process Context"; L asm/hwrpb.h struct pcb_struct).
const (
	pcbKSP    = 0x00
	pcbUSP    = 0x08
	pcbPTBR   = 0x10
	pcbPCCASN = 0x18 // PCC in bits 31:0, ASN in 63:32
	pcbUnique = 0x20
	pcbFlags  = 0x28 // bit 0 FEN
	pcbQuads  = 6
)

// physical accepts a KSEG address where a physical one is due: "KSEG values also
// happen to work" (L mm/init.c, switch_to_system_map).
func physical(a uint64) uint64 {
	if a >= abi.KSEGBase {
		return a - abi.KSEGBase
	}
	return a
}

// swpctx saves the process context in the PCB at PCBB and loads that at a0; v0 is
// the old PCBB. TLB entries stay: they carry the ASN (AAH II-B, SWPCTX).
func (c *CPU) swpctx() Result {
	s := c.S
	next := physical(s.R[regA0])
	var pcb [pcbQuads]uint64
	for i := range pcb { // reads first, so that a bad address changes nothing
		v, err := c.Mem.ReadPhys(abi.PAddr(next + uint64(i)*8))
		if err != nil {
			return c.machineCheck(mchkNoMem, next, s.PC)
		}
		pcb[i] = v
	}
	if err := c.savePCB(); err != nil {
		return c.machineCheck(mchkNoMem, s.PCBB, s.PC)
	}
	if next == s.PCBB {
		// The same block: what was just saved is what is loaded, but for the fields
		// that swpctx does not save.
		pcb[pcbKSP/8], pcb[pcbUSP/8], pcb[pcbUnique/8] = s.R[regSP], s.USP, s.Unique
		pcb[pcbPCCASN/8] = pcb[pcbPCCASN/8]&^0xffffffff | uint64(c.processCycles())
	}
	old := s.PCBB
	c.loadPCB(next, pcb)
	s.R[regV0] = old
	return Continue
}

// processCycles is PCC<31:0> + PCC<63:32>: the cycles of this process.
func (c *CPU) processCycles() uint32 { return uint32(c.Sys.Cycles()) + uint32(c.S.PCCOffset) }

func (c *CPU) savePCB() error {
	s := c.S
	pccASN, err := c.Mem.ReadPhys(abi.PAddr(s.PCBB + pcbPCCASN))
	if err != nil {
		return err
	}
	for _, w := range [...]struct{ off, v uint64 }{
		{pcbKSP, s.R[regSP]},
		{pcbUSP, s.USP},
		{pcbPCCASN, pccASN&^0xffffffff | uint64(c.processCycles())},
		{pcbUnique, s.Unique},
	} {
		if err := c.Mem.WritePhys(abi.PAddr(s.PCBB+w.off), w.v); err != nil {
			return err
		}
	}
	return nil
}

// loadPCB makes pcb, which was read at pa, the current context.
func (c *CPU) loadPCB(pa uint64, pcb [pcbQuads]uint64) {
	s := c.S
	s.PCBB = pa
	s.R[regSP] = pcb[pcbKSP/8]
	s.KSP = pcb[pcbKSP/8]
	s.USP = pcb[pcbUSP/8]
	s.PTBR = pcb[pcbPTBR/8]
	if asn := pcb[pcbPCCASN/8] >> 32 & MaxASN; asn != s.ASN {
		s.SetASN(asn)
		c.Sys.EnterSpace()
	}
	s.PCCOffset = uint64(uint32(pcb[pcbPCCASN/8]) - uint32(c.Sys.Cycles()))
	s.Unique = pcb[pcbUnique/8]
	s.FEN = pcb[pcbFlags/8] & 1
}

// MaxASN is the highest address space number, that of EV6 and EV67 (HWRPB
// max_asn).
const MaxASN = 255

// LoadContext loads the PCB at physical address pa without saving anything, as
// the console does when it starts a processor.
func (c *CPU) LoadContext(pa abi.PAddr) error {
	var pcb [pcbQuads]uint64
	for i := range pcb {
		v, err := c.Mem.ReadPhys(pa + abi.PAddr(i)*8)
		if err != nil {
			return err
		}
		pcb[i] = v
	}
	c.loadPCB(uint64(pa), pcb)
	return nil
}

// swppal results in v0 (AAH, SWPPAL).
const (
	swppalDone           = 0
	swppalUnknownVariant = 1
)

// swppal variant 2 (OSF/1): a1 is the new PC, a2 the PCBB, a3 the page table base
// address. Afterwards the processor is in kernel mode at IPL 7.
func (c *CPU) swppal() Result {
	s := c.S
	if s.R[regA0] != 2 {
		s.R[regV0] = swppalUnknownVariant
		return Continue
	}
	pa := physical(s.R[regA2])
	if err := c.LoadContext(abi.PAddr(pa)); err != nil {
		return c.machineCheck(mchkNoMem, pa, s.PC)
	}
	s.VPTB = s.R[regA3]
	s.SetPS(psIPL)
	s.R[regV0] = swppalDone
	s.PC = s.R[regA1] &^ 3
	s.R[regPV] = s.PC // L kernel/head.S style entries take $27 for their address
	c.Sys.InvalidateAll()
	c.Sys.InvalidateCode()
	return Continue
}
