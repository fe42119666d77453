package lockstep

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"axpress/lifter/image"
	"axpress/runtime/abi"
	"axpress/runtime/dispatch"
	"axpress/runtime/machine"
	"axpress/runtime/vcpu"
)

// Guests with several CPUs. What they share is at dataVA, and what each has for itself is behind that.
const (
	ownOffset = 0x1000 // of CPU 0's part
	ownShift  = 8      // each CPU has that many bytes, as a power of two
)

// owns returns how far the part of a CPU is from dataVA.
func owns(cpu int) uint64 { return ownOffset + uint64(cpu)<<ownShift }

// initCPU is text that makes s0 dataVA and s1 the CPU's own part, and has handler serve its interrupts.
func initCPU() string {
	return fmt.Sprintf(`
	call_pal 0x3c               # whami
	li    s0,%d
	sll   v0,%d,s1
	addq  s0,s1,s1
	lda   s1,%d(s1)
	li    a0,@handler
	lda   a1,0(zero)
	call_pal 0x34               # wrent
`, uint64(dataVA), ownShift, ownOffset)
}

// startOthers is text by which CPU 0 has the console start all others at label second, as Linux does (Linux, arch/alpha/kernel/smp.c,
// secondary_cpu_start): each gets a stack and CPU 0's page table, and "START".
func startOthers(cpus int) string {
	s := `
	li    t2,0xfffffc0000002000 # the HWRPB
	li    t1,@second
	stq   t1,0x100(t2)          # CPU_restart
	stq   t1,0x108(t2)
	ldq   t3,0x190(t2)          # slot 0: PTBR
`
	for n := 1; n < cpus; n++ {
		s += fmt.Sprintf(`
	lda   t1,%d(t2)             # its slot
	li    t4,%d
	stq   t4,0(t1)
	stq   t3,0x10(t1)
	lda   t4,7(zero)
	stl   t4,0x128(t1)
	li    t4,0x000a0d5452415453
	stq   t4,0x130(t1)
`, 0x180+0x280*n, uint64(stackVA)-uint64(n)*abi.PageSize)
	}
	return s + fmt.Sprintf("lda t4,%d(zero)\nstq t4,0x128(t2)\n", 1<<cpus-2) // rxrdy
}

// each repeats text for CPUs 1 and up: {N} is the number of one, {OWN} how far its part is from dataVA, {OWN8} the second
// quadword of that.
func each(cpus int, text string) (s string) {
	for n := 1; n < cpus; n++ {
		s += strings.NewReplacer("{N}", fmt.Sprint(n), "{OWN}", fmt.Sprint(owns(n)), "{OWN8}", fmt.Sprint(owns(n)+8)).Replace(text)
	}
	return s
}

// smpRun is what a guest with several CPUs has left behind.
type smpRun struct {
	shared  []uint64   // the first words at dataVA
	own     [][]uint64 // and of each CPU's part
	engines []*nativeEngine
	fastRTI []uint64 // rti that native code has executed itself, by CPU
}

// runSMP boots img on that many CPUs, which run in parallel, with code, or with the interpreter if there is none, and has
// it power off.
func runSMP(t *testing.T, img *image.Image, cpus int, code ...*abi.Code) smpRun {
	t.Helper()
	return runWith(t, img, cpus, dispatch.Config{Code: code})
}

// runWith is runSMP with other options of the engines.
func runWith(t *testing.T, img *image.Image, cpus int, o dispatch.Config) (r smpRun) {
	t.Helper()
	const words = 16
	r.engines = boot(t, img, cpus, machine.ClockHost, o, func(m *machine.Machine) {
		read := func(pa uint64) (all []uint64) {
			for i := range uint64(words) {
				v, _ := m.CPU(0).RAM.Read64(abi.PAddr(pa + 8*i))
				all = append(all, v)
			}
			return all
		}
		const dataPA = dataVA &^ abi.KSEGBase
		r.shared = read(dataPA)
		for n := range cpus {
			r.own = append(r.own, read(dataPA+owns(n)))
			r.fastRTI = append(r.fastRTI, m.CPU(n).S.FastCalls[abi.FastRTI])
		}
	})
	return r
}

// boot runs img to its power-off and has ended look at the machine.
func boot(t *testing.T, img *image.Image, cpus int, clock machine.ClockMode, o dispatch.Config, ended func(*machine.Machine)) (engines []*nativeEngine) {
	t.Helper()
	cfg := machine.Config{Segments: segments(img), Entry: img.Entry, Memory: kernelRAM, CPUs: cpus, Clock: clock}
	if len(o.Code) > 0 {
		o.Shared = dispatch.NewShared(cpus)
		cfg.NewEngine = func(c *machine.CPU) (vcpu.Engine, error) {
			e, err := newNative(c, o)
			if err == nil {
				engines = append(engines, e)
			}
			return e, err
		}
	}
	m, err := machine.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range engines {
		needAll(t, e.off)
	}
	ctx, cancel := context.WithTimeout(t.Context(), hang)
	defer cancel()
	stop, err := m.Run(ctx)
	if err != nil {
		t.Fatal(err) // the machine stays open: its memory may be in use
	}
	if stop.Reason != machine.PowerOff {
		t.Errorf("the guest ends by %v at %#x: %s; %+v", stop.Reason, stop.PC, stop.Detail, m.Whereabouts())
	}
	ended(m)
	if err := m.Close(); err != nil {
		t.Error(err)
	}
	return engines
}
