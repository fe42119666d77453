package console

import (
	"encoding/binary"
	"fmt"

	"axpress/palstubs/osf"
	"axpress/runtime/abi"
	"axpress/runtime/identity"
)

// Processor types in the per-CPU slot (L asm/hwrpb.h).
const (
	CPUTypeEV6  = 8
	CPUTypeEV67 = 11
)

// MaxASN is the highest address space number that the HWRPB states, with every CPU. Kernels for this board expect that of an
// EV6 (L asm/mmu_context.h), use numbers up to it without looking, and complain of another one; so a CPU of this machine has
// as many, also one that as a chip had 127.
const MaxASN = osf.MaxASN

// SSNQemu is the system serial number that tells Linux to use the paravirtual
// clock of CALL_PAL cserve.
const SSNQemu = "QEMU"

// SSNPlain is one that does not: Linux then uses the cycle counter, the real-time clock and its interrupts.
const SSNPlain = "AXPRESS"

// SSN returns the serial number of a machine whose paravirtual clock is "on" (also "") or "off"; !ok: it is neither.
func SSN(pvClock string) (ssn string, ok bool) {
	ssn, ok = map[string]string{"": SSNQemu, "on": SSNQemu, "off": SSNPlain}[pvClock]
	return ssn, ok
}

// PVClockUsage says to a person what it is.
const PVClockUsage = "the clock of QEMU's console for the kernel (on), or the board's own, which the kernel calibrates (off)"

// Config says what machine the console describes. All sizes are bytes.
type Config struct {
	MemSize uint64 // RAM from physical address 0
	CPUs    int    // 1..Identity.MaxCPUs
	Cmdline string // at most 255 bytes
	// InitrdPA and InitrdSize: where the initial RAM disk already is; size 0: none.
	InitrdPA, InitrdSize uint64
	// KernelLow is the kernel's lowest physical address, KernelEntry the virtual
	// address to start at.
	KernelLow, KernelEntry uint64

	// Identity is the board's.
	Identity  identity.Identity
	SSN       string // 15 bytes at most; "" is SSNQemu
	CPUType   uint64 // 0 is CPUTypeEV67
	PABits    uint64 // of the CPUs' physical addresses; 0 or more than the board's: those of the board
	CycleFreq uint64 // of the cycle counter, in Hz; 0 is the board's
}

// Boot is the state that the boot CPU starts in (as MILO leaves it, L kernel/head.S).
type Boot struct {
	PC, SP, PV, RA uint64
	PCBB           abi.PAddr // hardware PCB, physical: load it with osf.CPU.LoadContext
	VPTB           uint64
	PS             uint64
}

const pteKernelRW = 1<<0 | 1<<8 | 1<<12 // V, KRE, KWE

// Build writes the console's data into ram, which is all of guest memory from
// physical address 0 (len(ram) = MemSize), and returns how to start. Errors:
// a configuration that does not fit; then ram is unchanged.
func Build(cfg Config, ram []byte) (Boot, error) {
	if err := cfg.check(ram); err != nil {
		return Boot{}, fmt.Errorf("console: %w", err)
	}
	w := writer{ram, layoutOf(cfg.Identity.MaxCPUs)}
	clear(ram[:w.reserved])
	w.pageTables()
	w.callbackCode()
	w.hwrpb(&cfg)
	w.params(&cfg)
	return Boot{
		PC: cfg.KernelEntry, PV: cfg.KernelEntry, RA: cfg.KernelEntry,
		SP: w.stackTop(0), PCBB: abi.PAddr(pcsPA(0)), VPTB: BootVPTB, PS: 7,
	}, nil
}

func (w writer) stackTop(cpu int) uint64 { return abi.KSEGBase + w.stack + uint64(cpu+1)*stackSize }

func (cfg *Config) check(ram []byte) error {
	if cfg.SSN == "" {
		cfg.SSN = SSNQemu
	}
	if cfg.CPUType == 0 {
		cfg.CPUType = CPUTypeEV67
	}
	id := &cfg.Identity
	if cfg.PABits == 0 || cfg.PABits > id.PABits {
		cfg.PABits = id.PABits
	}
	if cfg.CycleFreq == 0 {
		cfg.CycleFreq = id.CycleFreq
	}
	if id.MaxCPUs < 1 || id.MaxCPUs > MaxCPUs {
		return fmt.Errorf("a board for %d CPUs: 1 to %d are possible", id.MaxCPUs, MaxCPUs)
	}
	reserved := layoutOf(id.MaxCPUs).reserved
	param := cfg.KernelLow - ParamOffset
	switch {
	case len(id.Name) > maxName:
		return fmt.Errorf("system name %q: %d bytes at most", id.Name, maxName)
	case uint64(len(ram)) != cfg.MemSize || cfg.MemSize%abi.PageSize != 0:
		return fmt.Errorf("memory size %#x: not a multiple of the page size, or not that of the RAM (%#x)", cfg.MemSize, len(ram))
	case cfg.CPUs < 1 || cfg.CPUs > id.MaxCPUs:
		return fmt.Errorf("%d CPUs: 1 to %d are possible", cfg.CPUs, id.MaxCPUs)
	case len(cfg.Cmdline) >= paramCmdlineSize:
		return fmt.Errorf("command line of %d bytes: %d at most", len(cfg.Cmdline), paramCmdlineSize-1)
	case len(cfg.SSN) > 15:
		return fmt.Errorf("serial number %q: 15 bytes at most", cfg.SSN)
	case cfg.KernelLow < reserved+ParamOffset || cfg.KernelLow > cfg.MemSize:
		return fmt.Errorf("kernel at %#x: below the console's memory (%#x) or outside RAM (%#x)", cfg.KernelLow, reserved+ParamOffset, cfg.MemSize)
	case param%8 != 0:
		return fmt.Errorf("kernel at %#x: not aligned", cfg.KernelLow)
	case cfg.InitrdSize > cfg.MemSize || cfg.InitrdPA > cfg.MemSize-cfg.InitrdSize:
		return fmt.Errorf("initrd at %#x, %#x bytes: outside RAM", cfg.InitrdPA, cfg.InitrdSize)
	}
	return nil
}

// memory is RAM from physical address 0, as quadwords.
type memory []byte

func (m memory) put(pa, v uint64)     { binary.LittleEndian.PutUint64(m[pa:], v) }
func (m memory) get(pa uint64) uint64 { return binary.LittleEndian.Uint64(m[pa:]) }

// writer writes into memory what is laid out.
type writer struct {
	memory
	layout
}

func (w writer) instructions(pa uint64, words ...uint32) {
	for i, v := range words {
		binary.LittleEndian.PutUint32(w.memory[pa+uint64(i)*4:], v)
	}
}

// pageTables: the first level maps itself at BootVPTB, and the HWRPB is at HWRPBVA.
func (w writer) pageTables() {
	const slots = abi.PageSize/8 - 1
	pte := func(pa uint64) uint64 { return pa>>abi.PageShift<<32 | pteKernelRW }
	slot := func(level uint) uint64 { return HWRPBVA >> (abi.PageShift + 10*level) & slots * 8 }
	w.put(w.level1+slots*8, pte(w.level1))
	w.put(w.level1+slot(2), pte(w.level2))
	w.put(w.level2+slot(1), pte(w.level3))
	for page := range w.hwrpbPages {
		w.put(w.level3+slot(0)+page*8, pte(HWRPBPA+page*abi.PageSize))
	}
}

// Guest code of the callback stubs, hand assembled.
const (
	insRet   = 0x6bfa8001 // ret $31,($26),1
	insClrV0 = 0x47ff0400 // bis $31,$31,$0

	dispatchCode = 0x00
	fixupCode    = 0x10
)

func (w writer) callbackCode() {
	w.instructions(w.code+dispatchCode, osf.CallConsole, insRet)
	w.instructions(w.code+fixupCode, insClrV0, insRet)
}

func (w writer) hwrpb(cfg *Config) {
	h := func(off, v uint64) { w.put(HWRPBPA+off, v) }
	h(hwPhysAddr, HWRPBPA)
	copy(w.memory[HWRPBPA+hwID:], "HWRPB\x00\x00\x00")
	h(hwRevision, 6)
	h(hwSize, w.hwrpbBytes)
	h(hwCPUID, 0)
	h(hwPageSize, abi.PageSize)
	h(hwPABits, cfg.PABits) // L asm/io.h: virt_to_phys masks to this; KSEG addresses sign-extend into bits 43:41
	h(hwMaxASN, MaxASN)
	copy(w.memory[HWRPBPA+hwSSN:HWRPBPA+hwSSN+15], cfg.SSN)
	h(hwSysType, cfg.Identity.SysType)
	h(hwVariation, cfg.Identity.SysVariation)
	h(hwIntrFreq, cfg.Identity.InterruptFreq)
	h(hwCycleFreq, cfg.CycleFreq)
	h(hwVPTB, BootVPTB)
	h(hwNumCPUs, uint64(cfg.CPUs))
	h(hwPCSSize, pcsSize)
	h(hwPCSOffset, pcsOffset)
	h(hwCTBNum, 1)
	h(hwCTBSize, ctbSize)
	h(hwCTBOffset, w.ctb)
	h(hwCRBOffset, w.crb)
	h(hwMDDTOffset, w.mddt)
	for cpu := range cfg.CPUs {
		w.slot(cfg, cpu)
	}
	w.terminal()
	w.callbacks()
	w.clusters(cfg)
	w.systemName(cfg.Identity.Name)
	w.checksum()
}

func (w writer) slot(cfg *Config, cpu int) {
	p := func(off, v uint64) { w.put(pcsPA(cpu)+off, v) }
	// Hardware PCB: only the boot CPU's is used; Linux fills in the others.
	p(0x00, w.stackTop(cpu))         // KSP
	p(0x10, w.level1>>abi.PageShift) // PTBR
	p(0x28, 1)                       // flags: FEN
	flags := uint64(flagPA | flagPP | flagPV | flagPMV | flagPL)
	if cpu == 0 {
		flags |= flagBIP | flagRC
	}
	p(pcsFlags, flags)
	p(pcsPALRevision, 2<<16|1<<8|23) // OSF/1 PALcode, any revision but 0
	p(pcsType, cfg.CPUType)
	p(pcsVariation, 7) // VAX and IEEE floating point, primary eligible
	p(pcsLogoutPA, uint64(LogoutPA(cfg.Identity, cpu)))
	p(pcsLogoutLen, logoutLen)
}

// terminal writes a console terminal block for a serial line.
func (w writer) terminal() {
	const printerPort, termTypeOffset = 2, 0x38 // L kernel/console.c: pu64[7] == 3 would be graphics
	pa := HWRPBPA + w.ctb
	w.put(pa, printerPort)
	w.put(pa+0x18, ctbSize-0x20) // length of the device-dependent part
	w.put(pa+termTypeOffset, printerPort)
}

// callbacks writes the console routine block. The procedure descriptors follow the VMS
// calling standard, of which L lib/callback_srm.S uses the code address at +8.
func (w writer) callbacks() {
	w.put(HWRPBPA+w.dispatch+8, abi.KSEGBase+w.code+dispatchCode)
	w.put(HWRPBPA+w.fixup+8, abi.KSEGBase+w.code+fixupCode)
	for i, v := range [...]uint64{
		HWRPBVA + w.dispatch, HWRPBPA + w.dispatch,
		HWRPBVA + w.fixup, HWRPBPA + w.fixup,
		1, w.hwrpbPages, // map entries, pages
		HWRPBVA, HWRPBPA, w.hwrpbPages, // va, pa, count
	} {
		w.put(HWRPBPA+w.crb+uint64(i)*8, v)
	}
}

// clusters writes the memory data descriptor table: the console's clusters at both
// ends of memory and the rest.
func (w writer) clusters(cfg *Config) {
	const clusterSize, usageConsole, usageSystem = 56, 1, 0
	base := HWRPBPA + w.mddt
	clusters := [...]struct{ pfn, pages, usage uint64 }{
		{0, w.reserved >> abi.PageShift, usageConsole},
		{w.reserved >> abi.PageShift, (cfg.MemSize - w.reserved - TopBytes) >> abi.PageShift, usageSystem},
		{(cfg.MemSize - TopBytes) >> abi.PageShift, TopBytes >> abi.PageShift, usageConsole},
	}
	w.put(base+0x10, uint64(len(clusters)))
	for i, c := range clusters {
		p := base + 0x18 + uint64(i)*clusterSize
		w.put(p, c.pfn)
		w.put(p+8, c.pages)
		w.put(p+16, c.pages) // tested
		w.put(p+48, c.usage)
	}
	end := base + 0x18 + uint64(len(clusters))*clusterSize
	sum := uint64(0)
	for pa := base + 8; pa < end; pa += 8 {
		sum += w.get(pa)
	}
	w.put(base, sum)
}

const (
	dsrName = 0x20
	maxName = partSize - dsrName - 8 // a zero follows it
)

// systemName writes the dynamic system recognition block: the name follows its
// length at sysname_off (L kernel/setup.c platform_string, for revisions from 5).
func (w writer) systemName(name string) {
	pa := HWRPBPA + w.dsr
	w.put(pa+0x10, 0x18) // sysname_off
	w.put(pa+0x18, uint64(len(name)))
	copy(w.memory[pa+dsrName:], name)
	w.put(HWRPBPA+hwDSROffset, w.dsr)
}

// checksum is the sum of the quadwords before it (L asm/hwrpb.h
// hwrpb_update_checksum).
func (w writer) checksum() {
	sum := uint64(0)
	for off := uint64(0); off < hwChecksum; off += 8 {
		sum += w.get(HWRPBPA + off)
	}
	w.put(HWRPBPA+hwChecksum, sum)
}

func (w writer) params(cfg *Config) {
	page := cfg.KernelLow - ParamOffset
	clear(w.memory[page : page+paramInitrdSize+8])
	copy(w.memory[page+paramCmdline:], cfg.Cmdline)
	if cfg.InitrdSize != 0 {
		w.put(page+paramInitrdStart, abi.KSEGBase+cfg.InitrdPA)
		w.put(page+paramInitrdSize, cfg.InitrdSize)
	}
}
