// Package tsunami is the DEC 21272 (Tsunami/Typhoon) core logic: the Cchip with
// its interrupts, the Dchip, and one Pchip, the PCI host bridge with its DMA
// windows.
//
// In: CSR accesses with the CPU that makes them (Chipset.Map), device interrupt
// lines (Chipset.DRIR), interval ticks (Tick), DMA at PCI bus addresses. Out:
// the CPUs' interrupt inputs (device.CPUIRQ), accesses to PCI spaces, RAM.
//
// It must not know which devices are on the PCI bus, nor the CPU. What PALcode
// does with the Cchip has a method each, so that the PALcode of this project does
// not go through CSR addresses: RaiseIPI, AckIPI, RaiseTimer, AckTimer,
// DeviceVector.
//
// Sources: 21272 Chipset Hardware Reference Manual (HRM), chapters 6, 8 and 10,
// table numbers as cited in regs.go; arch/alpha/include/asm/core_tsunami.h and
// arch/alpha/kernel/{core_tsunami,sys_dp264}.c of Linux 6.1;
// QEMU, hw/alpha/typhoon.c.
//
// # What is not modelled
//
//   - The second Pchip: CSC<P1P> reads 0, its addresses answer nothing.
//   - The TIG bus (flash ROM): its addresses answer nothing, so an access is a
//     machine check.
//   - The scatter-gather TLB: page table entries are read at each DMA, so TLBIV
//     and TLBIA have nothing to do.
//   - Peer-to-peer DMA (WSBA<PTP>), ECC, performance counters, DRAM timing: the
//     registers store what is written.
//   - Pchip errors other than those of DMA translation. A configuration cycle to
//     an empty slot reads all ones and sets no error.
package tsunami
