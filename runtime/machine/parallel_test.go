package machine

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"axpress/palstubs/osf"
	"axpress/runtime/abi"
	"axpress/runtime/device/clipper"
	"axpress/runtime/engine"
	"axpress/runtime/vcpu"
)

// both runs a test with CPUs in parallel and with CPUs that take turns.
func both(t *testing.T, cpus int, fn func(t *testing.T, change func(*Config))) {
	for name, mode := range map[string]ClockMode{"parallel": ClockHost, "turns": ClockDeterministic} {
		t.Run(name, func(t *testing.T) {
			fn(t, func(c *Config) { c.CPUs, c.Clock = cpus, mode })
		})
	}
}

// A secondary that has halted is started a second time: it counts, and halts.
func TestHaltedCPUComesBack(t *testing.T) {
	both(t, 2, func(t *testing.T, change func(*Config)) {
		g := newGuest(t, startSecond+`
		wait:
			ldl  t4,0x7000(s0)
			cmpeq t4,1,t5
			beq  t5,@wait
			lda  t2,2(zero)
			stq  t2,0x2128(s0)        # START is still in its buffer
		again:
			ldl  t4,0x7000(s0)
			cmpeq t4,2,t5
			beq  t5,@again
		`+hello+`
			br   zero,@poweroff
		second:
			lda  s0,-1(zero)
			sll  s0,42,s0
			ldl  t4,0x7000(s0)
			addl t4,1,t4
			stl  t4,0x7000(s0)
			call_pal 0
		`, change).run(t)
		g.want(t, PowerOff, "hello from alpha\n")
	})
}

// A boot CPU that just halts leaves the machine to the others; the last one to halt ends
// the run.
func TestBootCPUHaltsAlone(t *testing.T) {
	both(t, 2, func(t *testing.T, change func(*Config)) {
		g := newGuest(t, startSecond+`
			call_pal 0
		second:
			lda  s0,-1(zero)
			sll  s0,42,s0
			lda  s1,1(zero)
			sll  s1,40,s1
			addq s0,s1,s1
			lda  t0,0x7f(zero)
			sll  t0,26,t0
			addq s1,t0,s1
			lda  s1,0x3f8(s1)
			lda  t5,0x7fff(zero)
		late:
			lda  t5,-1(t5)
			bne  t5,@late
		`+hello+`
			call_pal 0
		`, change).run(t)
		g.want(t, Halt, "hello from alpha\n")
	})
}

// bothWait lets both CPUs wait for an interrupt: the first, which has an alarm 0xbeb0000 ns from now (200 ms), powers off
// then; the second halts.
const bothWait = `
		lda  a0,5(zero)           # cserve set_alarm_rel
		ldah a1,0xbeb(zero)
		call_pal 9
		call_pal 0x3e             # wtint
		br   zero,@poweroff
	second:
		call_pal 0x3e
		call_pal 0
	`

// CPUs that wait cost no host time, and alarms of a CPU wake that CPU alone.
func TestWaitingCPUsSleep(t *testing.T) {
	g := newGuest(t, startSecond+bothWait, func(c *Config) { c.CPUs = 2 }).run(t)
	g.want(t, PowerOff, "")
	if n := g.m.CPU(1).S.Icount; n == 0 || n > 100 {
		t.Errorf("CPU 1 retired %d instructions", n)
	}
	if ns := g.m.Stats().VirtualNS; ns < 0xbeb<<16 {
		t.Errorf("virtual time %d ns", ns)
	}
}

// A device's interrupt goes to the CPU whose DIM register has its bit, and wakes that one alone.
func TestDeviceInterruptGoesToOneCPU(t *testing.T) {
	g := newGuest(t, startSecond+`
		lda  t0,0x101a(zero)      # the Cchip, 0x801.a000.0000, in KSEG
		sll  t0,28,t0
		addq s0,t0,t0
		lda  t1,0x100(zero)
		stq  t1,0x240(t0)         # DIM1, bit 8
	`+bothWait, func(c *Config) { c.CPUs = 2 })
	line := g.m.board.(*clipper.Platform).Chipset.DRIR(8)
	g.m.clock.Timers.NewTimer("test", func() { line.Set(true) }).Set(uint64(50 * time.Millisecond))
	g.run(t).want(t, PowerOff, "")
	if a, b := g.m.CPU(0).PAL.IsPending(osf.IRQDevice), g.m.CPU(1).PAL.IsPending(osf.IRQDevice); a || !b {
		t.Errorf("pending: %v, %v", a, b)
	}
	if ns := g.m.Stats().VirtualNS; ns < 0xbeb<<16 {
		t.Errorf("CPU 0 woke after %d ns", ns)
	}
	if mode := g.m.CPU(1).mode; mode != cpuHalted {
		t.Errorf("CPU 1 did not wake: mode %d", mode)
	}
}

// All CPUs compute, and the context ends the run all the same.
func TestContextEndsParallelRun(t *testing.T) {
	g := newGuest(t, startSecond+`
	second:
		addq t0,1,t0
		br   zero,@second
	`, func(c *Config) { c.CPUs = 2 })
	for range 3 {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
		st, err := g.m.Run(ctx)
		cancel()
		if err != nil || st.Reason != Timeout || st.PC == 0 {
			t.Fatalf("%+v, %v", st, err)
		}
	}
	if a, b := g.m.CPU(0).S.Icount, g.m.CPU(1).S.Icount; a < 1000 || b < 1000 {
		t.Errorf("%d and %d instructions", a, b)
	}
}

// An engine that stops the world now and then, and counts who runs.
type lonely struct {
	vcpu.Engine
	c      *CPU
	inside *atomic.Int32
	t      *testing.T
	turns  int
}

func (e *lonely) Run() abi.Exit {
	if e.turns++; e.turns%3 == 0 {
		e.c.Exclusive(func() {
			for range 10 {
				if n := e.inside.Load(); n != 0 {
					e.t.Errorf("%d CPUs run", n)
				}
				runtime.Gosched()
			}
		})
	}
	e.inside.Add(1)
	defer e.inside.Add(-1)
	return e.Engine.Run()
}

func TestExclusive(t *testing.T) {
	var inside atomic.Int32
	var engines []*lonely
	g := newGuest(t, startSecond+`
		ldah t6,0x10(zero)
	loop:
		lda  t6,-1(t6)
		bne  t6,@loop
	wait:                             # for the other one to count as far
		ldl  t6,0x7000(s0)
		srl  t6,20,t6
		beq  t6,@wait
		br   zero,@poweroff
	second:
		lda  s0,-1(zero)
		sll  s0,42,s0
	count:
		addl t4,1,t4
		stl  t4,0x7000(s0)
		br   zero,@count
	`, func(c *Config) {
		c.CPUs = 2
		c.NewEngine = func(cpu *CPU) (vcpu.Engine, error) {
			e := &lonely{Engine: engine.New(&cpu.CPU), c: cpu, inside: &inside, t: t}
			engines = append(engines, e)
			return e, nil
		}
	}).run(t)
	g.want(t, PowerOff, "")
	for i, e := range engines {
		if e.turns < 3 {
			t.Errorf("CPU %d had %d turns", i, e.turns)
		}
	}
}

// An engine that fails on one CPU ends the run of all, by an error or by a panic.
type failing struct {
	vcpu.Engine
	c      *CPU
	panics bool
}

func (e *failing) Run() abi.Exit {
	switch {
	case e.c.Index == 0 || e.c.S.Icount < 1000:
		return e.Engine.Run()
	case e.panics:
		e.c.Exclusive(func() { panic("BUG: on purpose") })
	}
	return abi.NumExits
}

func TestFailureOnOneCPU(t *testing.T) {
	for _, panics := range []bool{false, true} {
		g := newGuest(t, startSecond+`
		loop:
			addq t0,1,t0
			br   zero,@loop
		second:
			br   zero,@loop
		`, func(c *Config) {
			c.CPUs = 2
			c.NewEngine = func(cpu *CPU) (vcpu.Engine, error) {
				return &failing{engine.New(&cpu.CPU), cpu, panics}, nil
			}
		})
		func() {
			defer func() {
				if p := recover(); (p != nil) != panics || p != nil && !strings.HasPrefix(fmt.Sprint(p), "BUG: on purpose") {
					t.Errorf("panic %v", p)
				}
			}()
			if st, err := g.m.Run(context.Background()); err == nil || st.Reason != Failed {
				t.Errorf("%+v, %v", st, err)
			}
		}()
	}
}

// lockSequence counts by LDx_L and STx_C with a loop in between, while interrupts come. The handler looks by the PC that
// is saved whether they came between the two: then STx_C has to fail.
const lockSequence = `
		lda  s2,0x7000(s0)        # what is counted; served interrupts are at 0x100(s2)
		lda  s5,0(zero)           # sequences that were interrupted
		{arm}
		lda  a0,0(zero)
		call_pal 0x35             # swpipl 0
		br   s3,@again            # s3: the next address
	again:
		lda  s4,0(zero)           # 1: interrupted behind ldq_l and before stq_c
		lda  t2,20(zero)
		ldq_l t0,0(s2)
	between:                      # s3 + 12
		subq t2,1,t2
		bne  t2,@between
		addq t0,1,t0
	store:                        # s3 + 24
		stq_c t0,0(s2)
		beq  s4,@again
		bne  t0,@stored
		addq s5,1,s5
		lda  t1,-30(s5)
		bne  t1,@again
		br   zero,@poweroff
	stored:
		br   a0,@say
		.ascii stored, though rti came in between
	say:
		bsr  ra,@puts
		br   zero,@poweroff
	handler:
		ldq  t8,8(sp)             # the PC
		subq t8,s3,t8
		lda  t8,-12(t8)
		cmpule t8,12,t8
		bis  s4,t8,s4
		ldq  t9,0x100(s2)
		addq t9,1,t9
		stq  t9,0x100(s2)
		{arm}
		{locked}
		call_pal 0x3f
	second:                       # interrupts CPU 0 when the handler has run, not always at the same distance
		lda  s0,-1(zero)
		sll  s0,42,s0
		lda  s2,0x7000(s0)
	send:
		lda  a0,0(zero)
		call_pal 0x0d             # wripir 0
		addq s3,1,s3
	wait:
		ldq  t0,0x100(s2)
		subq t0,s3,t0
		bne  t0,@wait
		and  s3,63,t1
		s8addq t1,t1,t1
	pause:
		subq t1,1,t1
		bge  t1,@pause
		br   zero,@send
`

// An interrupt clears the lock flag, and so does rti (Handbook, 4.2.4 and CALL_PAL RTI): STx_C behind it fails, though
// nobody has stored there. If the handler executes LDx_L itself, just before rti, it is rti alone that does so; the branch
// that is never taken is for the interpreter, which looks what STx_C may belong to it (interp.reservation). With one CPU
// the interrupts are its timer's, and the flag alone decides; otherwise CPU 1 sends them, and the interpreter forgets what
// it has loaded at the end of each run as well.
func TestRTIBreaksReservation(t *testing.T) {
	for name, locked := range map[string]string{"interrupted": "", "reserved": "ldq_l t9,0(s2)\nbne zero,@store"} {
		run := func(t *testing.T, start, arm string, change func(*Config)) {
			src := strings.NewReplacer("{arm}", arm, "{locked}", locked).Replace(lockSequence)
			newGuest(t, setEntry+start+src, change).run(t).want(t, PowerOff, "")
		}
		t.Run(name, func(t *testing.T) {
			both(t, 2, func(t *testing.T, change func(*Config)) { run(t, startSecond, "", change) })
			t.Run("alone", func(t *testing.T) {
				const arm = "lda a0,5(zero)\nlda a1,997(zero)\ncall_pal 9" // cserve set_alarm_rel
				run(t, "", arm, func(c *Config) { c.Clock = ClockDeterministic })
			})
		})
	}
}
