package machine

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"axpress/runtime/abi"
	"axpress/runtime/engine"
	"axpress/runtime/vcpu"
)

// interruptions is a guest whose state depends on where each interrupt arrives: the handler of CPU 0
// folds into s5 how far the program was (s3). Its alarm, the RTC's ticks, the UART (whenever
// the program asks it for an interrupt) and with two CPUs CPU 1 interrupt it; it computes
// and waits in a loop in turn. It ends after {n} interrupts.
const interruptions = `
		br   zero,@main
	handler:
		mov  a0,a1                # as rti gives back a0 to a2 another interrupt may come here
		lda  a0,7(zero)
		call_pal 0x35
		mov  a1,a0
		mulq s5,31,s5
		addq s5,s3,s5
		addq s5,a0,s5
		addq s4,1,s4
		stq  s4,0x7000(s0)
		cmpeq a0,3,t8
		bne  t8,@device
		cmpeq a0,1,t8
		beq  t8,@served
		and  s4,3,t8
		bne  t8,@rearm
		lda  a0,1(zero)
		{ipi}
	rearm:
		lda  a0,5(zero)           # cserve set_alarm_rel
		and  s4,63,a1
		sll  a1,5,a1
		lda  a1,997(a1)
		and  s4,15,t8
		ldah t9,32(zero)          # 2 ms, of which the program waits most
		cmoveq t8,t9,a1
		call_pal 9
		br   zero,@served
	device:
		ldbu t8,2(s1)             # IIR: the request goes away
		lda  t9,-0x3d8(s1)        # PIC at 0x20
		lda  t8,0x64(zero)        # specific end of interrupt 4
		stb  t8,0(t9)
	served:
		and  s4,31,t8
		bne  t8,@quiet
		lda  t8,46(zero)
		stb  t8,0(s1)
	quiet:
		call_pal 0x3f
	handler2:
		addq s4,1,s4
		stq  s4,0x7008(s0)
		call_pal 0x3f
	main:
		br   a0,@l1
		br   zero,@handler
	l1:
		lda  a1,0(zero)
		call_pal 0x34
		lda  s4,0(zero)
		lda  s5,0(zero)
		lda  t0,10(zero)
		stb  t0,4(s1)             # MCR: OUT2, RTS
	` + unmaskUART + `
		lda  t1,-0x388(s1)        # port 0x70: RTC, register B: periodic interrupts
		lda  t0,0x0b(zero)
		stb  t0,0(t1)
		lda  t0,0x42(zero)
		stb  t0,1(t1)
		{second}
		lda  a0,5(zero)
		lda  a1,997(zero)
		call_pal 9
		lda  a0,0(zero)
		call_pal 0x35             # swpipl 0
	again:
		lda  t5,777(zero)
	compute:
		addq s3,1,s3
		and  s3,255,t4
		bne  t4,@on
		stb  zero,1(s1)           # IER
		lda  t4,2(zero)
		stb  t4,1(s1)             # transmitter empty: an interrupt, right behind this
		addq s3,7,s3
		addq s3,9,s3
	on:
		ldq_l t3,0x7010(s0)
		addq t3,1,t3
		stq_c t3,0x7010(s0)
		subq t5,1,t5
		bne  t5,@compute
		lda  t2,-{n}(s4)
		bge  t2,@end
		ldq  t6,0x7000(s0)
	wait:                         # for the next interrupt
		ldq  t7,0x7000(s0)
		cmpeq t6,t7,t7
		bne  t7,@wait
		br   zero,@again
	end:
		lda  a0,7(zero)
		call_pal 0x35
	` + hello + `
		br   zero,@poweroff
	second:
		lda  s0,-1(zero)
		sll  s0,42,s0
		br   a0,@l2
		br   zero,@handler2
	l2:
		lda  a1,0(zero)
		call_pal 0x34
		lda  a0,0(zero)
		call_pal 0x35
	send:
		addq s3,1,s3
		and  s3,63,t1
		s8addq t1,t1,t1
	pause:
		subq t1,1,t1
		bge  t1,@pause
		lda  a0,0(zero)
		call_pal 0x0d             # wripir 0
		and  s3,7,t1
		bne  t1,@send
		call_pal 0x3e             # wtint
		br   zero,@send
`

// record is what can be seen of a deterministic run.
type record struct {
	interrupts []Interrupt
	counts     []int64
	ns         uint64
	sum        uint64
	hash       [32]byte
	out        string
}

func recordOf(g *guestRun, interrupts []Interrupt) record {
	r := record{interrupts: interrupts, ns: g.m.clock.Now(), sum: g.m.CPU(0).S.R[14], hash: g.m.Hash(), out: g.out.String()}
	for _, c := range g.m.cpus {
		r.counts = append(r.counts, c.S.Icount)
	}
	return r
}

// compare says where b differs from a.
func (a *record) compare(t *testing.T, b *record) {
	t.Helper()
	if !slices.Equal(a.interrupts, b.interrupts) {
		i := 0
		for i < min(len(a.interrupts), len(b.interrupts)) && a.interrupts[i] == b.interrupts[i] {
			i++
		}
		t.Errorf("%d and %d interrupts; from number %d on they differ: %+v, %+v", len(a.interrupts), len(b.interrupts), i,
			a.interrupts[i:min(i+2, len(a.interrupts))], b.interrupts[i:min(i+2, len(b.interrupts))])
	}
	if !slices.Equal(a.counts, b.counts) || a.ns != b.ns || a.sum != b.sum || a.hash != b.hash || a.out != b.out {
		t.Errorf("instructions %v, %d ns, sum %#x, hash %x, output %q; and %v, %d, %#x, %x, %q",
			a.counts, a.ns, a.sum, a.hash[:4], a.out, b.counts, b.ns, b.sum, b.hash[:4], b.out)
	}
}

// interruptionsGuest is that guest with the deterministic clock on cpus CPUs, whose interrupts
// are listed.
func interruptionsGuest(t *testing.T, cpus int, n string, change func(*Config)) (*guestRun, *[]Interrupt) {
	second, ipi := "", ""
	if cpus > 1 {
		second, ipi = startSecond, "call_pal 0x0d"
	}
	var interrupts []Interrupt
	g := newGuest(t, replace(interruptions, "{second}", second, "{ipi}", ipi, "{n}", n), func(c *Config) {
		c.CPUs, c.Clock = cpus, ClockDeterministic
		c.OnInterrupt = func(i Interrupt) { interrupts = append(interrupts, i) }
		if change != nil {
			change(c)
		}
	})
	return g, &interrupts
}

// disturbed is an interpreter whose runs the host ends before they are over, here and there.
type disturbed struct {
	vcpu.Engine
	disturb func()
	rnd     *rand.Rand
	ends    int
}

func (e *disturbed) RunFor(n int64) abi.Exit {
	k := e.rnd.Int64N(3*n) + 1
	if k >= n {
		return e.Engine.RunFor(n)
	}
	exit := e.Engine.RunFor(k)
	if exit == abi.ExitPoll {
		e.ends++
		e.disturb()
	}
	return exit
}

// Whatever the host wants of a machine while it runs, every interrupt arrives at the same
// instruction, and the run ends at the same one.
func TestEarlyEndsLeaveNoTrace(t *testing.T) {
	for _, cpus := range []int{1, 2} {
		var want record
		for try := range 4 {
			var g *guestRun
			var engines []*disturbed
			g, interrupts := interruptionsGuest(t, cpus, "3000", func(c *Config) {
				if try == 0 {
					return
				}
				c.NewEngine = func(cpu *CPU) (vcpu.Engine, error) {
					e := &disturbed{Engine: engine.New(&cpu.CPU), disturb: func() { g.m.wake() }, rnd: rand.New(rand.NewPCG(uint64(try), uint64(cpu.Index)))}
					engines = append(engines, e)
					return e, nil
				}
			})
			ctx, end := context.WithCancel(context.Background())
			var others sync.WaitGroup
			if try > 0 {
				others.Go(func() {
					for ctx.Err() == nil {
						g.m.Inquire(ctx)
					}
				})
			}
			g.run(t)
			end()
			others.Wait()
			got := recordOf(g, *interrupts)
			g.want(t, PowerOff, strings.Repeat(".", 93)+"hello from alpha\n")
			if try == 0 {
				want = got
				kinds := map[uint64]int{}
				for _, i := range want.interrupts {
					kinds[i.Type]++
				}
				if found := g.m.CPU(0).loop.Found; kinds[1] < 500 || kinds[3] < 500 || cpus == 2 && kinds[0] < 500 || found < 50 {
					t.Errorf("%d CPUs: interrupts %v, %d waits", cpus, kinds, found)
				}
				continue
			}
			for i, e := range engines {
				if e.ends < 1000 && i == 0 || e.ends < 2 {
					t.Errorf("CPU %d of %d: only %d early ends", i, cpus, e.ends)
				}
			}
			want.compare(t, &got)
		}
	}
}
