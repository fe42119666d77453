package tsunami

// Physical addresses of the platform (HRM table 10-1; core_tsunami.h).
const (
	BasePCIMem  = 0x800_0000_0000 // Pchip0 PCI memory, 4 GB
	BaseTIG     = 0x801_0000_0000 // TIG bus, 1 GB: not mapped
	BasePchip   = 0x801_8000_0000 // Pchip0 CSRs, 256 MB
	BaseCchip   = 0x801_a000_0000 // Cchip CSRs, 256 MB
	BaseDchip   = 0x801_b000_0000 // Dchip CSRs, 256 MB
	BaseIACK    = 0x801_f800_0000 // Pchip0 interrupt acknowledge, 64 MB
	BasePCIIO   = 0x801_fc00_0000 // Pchip0 PCI I/O, 32 MB
	BasePCIConf = 0x801_fe00_0000 // Pchip0 configuration, 16 MB

	sizePCIMem  = 4 << 30
	sizeCSR     = 256 << 20
	sizeIACK    = 64 << 20
	sizePCIIO   = 32 << 20
	sizePCIConf = 16 << 20
)

// CSRs are quadwords, one in each 64 bytes, in the first page of their space.
const (
	csrStride = 64
	csrSpace  = 0x1000
	numCSRs   = csrSpace / csrStride
)

// Cchip MISC, HRM table 10-12. IPREQ and IPINTR bits are 12+cpu and 8+cpu,
// ITINTR 4+cpu.
const (
	miscDEVSUP     = 0xf << 40 // WO
	miscREV        = 8 << 32   // RO: 8 is a Typhoon (QEMU, hw/alpha/typhoon.c)
	miscNXSShift   = 29        // RO: source of the NXM: 0-3 CPU, 4-5 Pchip
	miscNXS        = 7 << miscNXSShift
	miscNXM        = 1 << 28 // W1C
	miscACL        = 1 << 24 // WO: clears ABT and ABW
	miscABT        = 0xf << 20
	miscABW        = 0xf << 16
	miscIPREQ      = 0xf << 12 // WO
	miscIPINTRBit  = 8
	miscITINTRBit  = 4
	miscIPINTR     = 0xf << miscIPINTRBit // W1C
	miscITINTR     = 0xf << miscITINTRBit // W1C
	miscIPREQShift = 12 - miscIPINTRBit
	miscCPUID      = 3
)

// Cchip CSC: P1P says that there is a second Pchip.
const cscP1P = 1 << 14

// IIC, HRM table 10-20.
const (
	iicOF    = 1 << 24
	iicCount = 1<<24 - 1
)

// DRIR bits (sys_dp264.c; HRM table 10-18: <63:58> are errors and go to
// b_irq<0>, <57:0> are devices and go to b_irq<1>).
const (
	DRIRISA       = 55
	DRIRPchip0Err = 62
	DRIRCchipErr  = 63

	drirErrors  = 0xfc << 56
	drirDevices = 1<<58 - 1
)

// Vectors that SRM PALcode hands to entInt (sys_dp264.c, the handler of
// ES40s): 0x800 + 16*n, n the ISA level or 16 + the DRIR bit.
const (
	vectorBase   = 0x800
	vectorStride = 16
	firstPCIIRQ  = 16
)

// Pchip WSBA, HRM tables 10-35 and 10-36.
const (
	wsbaEnable = 1
	wsbaSG     = 2
	wsbaPTP    = 4
	wsbaAddr   = 0xfff0_0000
	wsba3DAC   = 1 << 39
	windowUnit = 1<<20 - 1 // a window's size is a multiple of 1 MB

	wsmMask = 0xfff0_0000
	tbaMask = 0x7_ffff_fc00
	tba3DAC = 0x7_ffc0_0000
)

// Pchip PCTL, HRM table 10-40.
const (
	pctlHole     = 1 << 5 // 512 KB to 1 MB is never DMA
	pctlMWin     = 1 << 6 // monster window
	pctlWritable = 0x0000_1cff_00fc_ffff
	// Reset: PTPMAX 2, CRQMAX 1, REV 1, CDQMAX 1.
	pctlReset = 2<<36 | 1<<32 | 1<<24 | 1<<20

	holeFirst, holeLast = 0x8_0000, 0xf_ffff
)

// Pchip PERROR, HRM table 10-42.
const (
	perrLost  = 1 << 0
	perrSGE   = 1 << 4
	perrNDS   = 1 << 8
	perrFlags = 0xfff
	// The transaction: ADDR<47:18> is PCI address <31:2>, <17:16> how it came.
	perrAddrShift = 16
	perrDACWindow = 1 << 16
	perrMonster   = 2 << 16
	perrCmdShift  = 52
	cmdMemRead    = 6
	cmdMemWrite   = 7
)

// Dual-address cycles, HRM 10.1.4.4: bit 40 alone selects the monster window,
// bit 43 window 3.
const (
	monsterFirst = 1 << 40
	monsterLast  = 1<<41 - 1
	monsterMask  = 1<<35 - 1
	dacFirst     = 1 << 43
	dacLast      = 1<<44 - 1
)

// Scatter-gather page table entries, HRM 10.1.4.2: bit 0 valid, <22:1> is system
// address <34:13>.
const (
	sgPageShift = 13
	sgPageMask  = 1<<sgPageShift - 1
	pteValid    = 1
	ptePage     = 0x7f_fffe
	ptePAShift  = sgPageShift - 1
)
