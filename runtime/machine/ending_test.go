package machine

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"axpress/lifter/isa"
	"axpress/palstubs/console"
	"axpress/runtime/abi"
	"axpress/runtime/engine"
	"axpress/runtime/klog/klogtest"
	"axpress/runtime/panicwatch"
	"axpress/runtime/vcpu"
)

// withLog gives a guest a kernel's variables and log, behind its program.
func withLog(lines ...string) func(*Config) {
	return func(c *Config) {
		r := klogtest.Ring{PA: guestPA + 0x10000, Records: lines, CountBits: 6, SizeBits: 13}
		data := r.Bytes()
		c.Segments = append(c.Segments, Segment{PA: r.PA, Data: data, MemSize: uint64(len(data))})
		c.Symbols = r.Symbols()
	}
}

// panics is a kernel that enters panic() and says nothing on the console, with its timers allowed.
const panics = `
	ldah t0,258(s0)           # the kernel's variables, behind it
	stl  zero,0(t0)           # panic_cpu = 0
	lda  a0,0(zero)
	call_pal 0x35             # swpipl
spin:
	addq s3,1,s3
	br   zero,@spin
`

// A panic that the console does not show is noticed, and ended when the kernel has said its last line in the log.
func TestHiddenPanic(t *testing.T) {
	lines := []string{"Linux version 6", "Kernel panic - not syncing: no init", "---[ end Kernel panic - not syncing: no init ]---"}
	both(t, 2, func(t *testing.T, change func(*Config)) {
		g := newGuest(t, panics, func(c *Config) { change(c); withLog(lines...)(c) }).run(t)
		g.want(t, Panic, "")
		if g.stop.Detail != lines[1] {
			t.Errorf("detail %q", g.stop.Detail)
		}
		l, err := g.m.Log(2)
		if err != nil || l.Shown || !l.Silent || !slices.Equal(l.Lines, []string{"[    0.001000] " + lines[1], "[    0.002000] " + lines[2]}) {
			t.Errorf("%+v, %v", l, err)
		}
	})
}

// With the kernel's variable nothing that anybody prints is taken for a panic, and a console that shows the log's end is known.
func TestPrintedPanicIsNone(t *testing.T) {
	src := `
		br    a0,@p1
		.ascii [    0.000000] Kernel panic - not syncing: said by a program
	p1:
		bsr   ra,@puts
		br    a0,@p2
		.ascii ---[ end Kernel panic - not syncing: said by a program ]---
	p2:
		bsr   ra,@puts
		lda   t0,1(zero)
		sll   t0,25,t0
	wait:                         # 67 ms
		subq  t0,1,t0
		bne   t0,@wait
		br    zero,@poweroff
	`
	set := func(c *Config) {
		c.Clock = ClockDeterministic
		withLog("---[ end Kernel panic - not syncing: said by a program ]---")(c)
	}
	g := newGuest(t, src, set).run(t)
	if g.stop.Reason != PowerOff {
		t.Errorf("%+v", g.stop)
	}
	if l, err := g.m.Log(5); err != nil || !l.Shown || l.Silent {
		t.Errorf("%+v, %v", l, err)
	}
}

// A kernel that has panicked and counts down to a reboot gets the time that it has said, and no more than is usual else.
func TestPanicCountsDown(t *testing.T) {
	for _, seconds := range []uint64{0, 30} {
		g := newGuest(t, panics, func(c *Config) {
			c.Clock = ClockDeterministic
			withLog("Kernel panic - not syncing: no init", "Rebooting ..")(c)
			binary.LittleEndian.PutUint32(c.Segments[1].Data[8:], uint32(seconds))
		})
		if g.m.watch.Dead(g.m.clock.Now()) {
			t.Fatal("dead before it has run")
		}
		binary.LittleEndian.PutUint32(g.m.ram.Bytes()[guestPA+0x10000:], 0)
		if g.m.watch.Dead(g.m.clock.Now()) || !g.m.watch.Panicked() {
			t.Fatal("not noticed")
		}
		want := panicwatch.SilentNS + seconds*1_000_000_000
		if end := g.m.watch.End(); end != want {
			t.Errorf("panic=%d: the end is at %d ns, want %d", seconds, end, want)
		}
	}
}

// What a kernel says before it stops tells halt from power-off: what it leaves for the console does not.
func TestHaltIsNoPowerOff(t *testing.T) {
	for _, c := range []struct {
		log     []string
		console string
		want    Reason
	}{
		{[]string{"reboot: System halted"}, "", Halt},
		{[]string{"System halted."}, "", Halt},
		{[]string{"reboot: Power down"}, "", PowerOff},
		{[]string{"a program: System halted", "reboot: Power down"}, "", PowerOff},
		{[]string{"reboot: System halted", "smp: late"}, "", Halt},
		{[]string{"nothing of it"}, "", PowerOff},
		{nil, "[    1.000000] reboot: System halted", Halt},
		{nil, "[    1.000000] reboot: Power down", PowerOff},
	} {
		src, out := "", ""
		if c.console != "" {
			src, out = "br a0,@p1\n.ascii "+c.console+"\np1:\nbsr ra,@puts\n", c.console+"\n"
		}
		g := newGuest(t, src+"br zero,@poweroff", func(cfg *Config) {
			if c.log != nil {
				withLog(c.log...)(cfg)
			}
		}).run(t)
		if g.stop.Reason != c.want || g.out.String() != out {
			t.Errorf("%q, console %q: %+v", c.log, c.console, g.stop)
		}
	}
}

// The initial RAM disk lies below what mem= leaves to the kernel.
func TestInitrdBelowLimit(t *testing.T) {
	initrd := []byte(strings.Repeat("initrd", 5000))
	for cmdline, top := range map[string]uint64{"": 32<<20 - console.TopBytes, "mem=24M": 24 << 20, "mem=24M mem=20M": 20 << 20} {
		g := newGuest(t, "br zero,@poweroff", func(c *Config) { c.Initrd, c.Append = initrd, cmdline })
		param := uint64(guestPA - console.ParamOffset)
		at := binary.LittleEndian.Uint64(g.m.ram.Bytes()[param+0x100:]) - abi.KSEGBase
		if end := at + uint64(len(initrd)); end > top || end+abi.PageSize <= top || string(g.m.ram.Bytes()[at:end]) != string(initrd) {
			t.Errorf("%q: it is at %#x to %#x, want it to end closely before %#x", cmdline, at, end, top)
		}
	}
	_, err := New(Config{Segments: []Segment{{PA: guestPA, MemSize: 0x1000}}, Memory: 32 << 20, Initrd: initrd, Append: "mem=16M"})
	if err == nil || !strings.Contains(err.Error(), "no room") {
		t.Errorf("an initrd without room: %v", err)
	}
}

// dawdling is an interpreter on a host that has other things to do: every turn takes it longer than the one before.
type dawdling struct {
	vcpu.Engine
	turns int
}

func (e *dawdling) Run() abi.Exit {
	e.turns++
	time.Sleep(time.Duration(e.turns%7) * time.Millisecond)
	return e.Engine.Run()
}

// What a kernel measures before it lets interrupts in does not depend on the host: each load of a probe for caches takes as
// long as the others, and the cycle counter has the rate that the HWRPB says.
func TestEarlyTime(t *testing.T) {
	const src = `
		lda  s2,8(zero)           # rounds
		lda  s3,0(zero)           # the shortest and the longest
		lda  s4,-1(zero)
		srl  s4,1,s4
	round:
		rpcc t0
		ldah t1,16(zero)          # 2^20 loads: more than a slice
	loop:
		ldl  t2,0(s0)
		subq t1,1,t1
		bne  t1,@loop
		rpcc t3
		subl t3,t0,t3
		cmplt t3,s4,t4
		cmovne t4,t3,s4
		cmplt s3,t3,t4
		cmovne t4,t3,s3
		subq s2,1,s2
		bne  s2,@round
		br   zero,@poweroff
	`
	const instructions = 3<<20 + 2
	for _, c := range []struct {
		ssn string
		mhz uint64
	}{{console.SSNQemu, 250}, {console.SSNPlain, isa.DefaultModel().MHz}} {
		both(t, 2, func(t *testing.T, change func(*Config)) {
			g := newGuest(t, src, func(cfg *Config) {
				change(cfg)
				cfg.SSN = c.ssn
				if cfg.Clock == ClockHost {
					cfg.NewEngine = func(cpu *CPU) (vcpu.Engine, error) {
						return &dawdling{Engine: engine.New(&cpu.CPU)}, nil
					}
				}
			}).run(t)
			r := &g.m.CPU(0).S.R
			longest, shortest, want := r[12], r[13], uint64(instructions*c.mhz/1000)
			if cfg := &g.m.cfg; cfg.Clock == ClockDeterministic {
				want /= uint64(cfg.CPUs) // there it is the mean over the CPUs
			}
			if g.stop.Reason != PowerOff || shortest+1 < want || longest > want+2 {
				t.Errorf("%s: %s; %d to %d cycles, want %d", c.ssn, g.stop.Reason, shortest, longest, want)
			}
		})
	}
}

// Without the paravirtual clock a kernel may measure the cycle counter by the interval timer, in few enough looks at it (Linux,
// arch/alpha/kernel/time.c calibrate_cc_with_pit).
func TestCalibrate(t *testing.T) {
	src := `
		lda  s2,-0x3b8(s1)        # port 0x40
		lda  t0,1(zero)
		stb  t0,0x21(s2)          # port 0x61: gate
		lda  t0,0xb0(zero)
		stb  t0,3(s2)
		lda  t0,0xff(zero)
		stb  t0,2(s2)
		stb  t0,2(s2)
		rpcc s3
		lda  s4,0(zero)
	look:
		addq s4,1,s4
		ldbu t0,0x21(s2)
		and  t0,0x20,t0
		beq  t0,@look
		rpcc t0
		subl t0,s3,s3
		br   zero,@poweroff
	`
	for _, m := range isa.Models() {
		if !m.Has(isa.ExtBWX) {
			continue
		}
		for _, clock := range []ClockMode{ClockHost, ClockDeterministic} {
			g := newGuest(t, src, func(c *Config) { c.Model, c.SSN, c.Clock = m, console.SSNPlain, clock }).run(t)
			r := &g.m.CPU(0).S.R
			hz := r[12] * 1193182 / 0x10000
			// The kernel takes the HWRPB's rate if it is within 1/4000 of what it has measured.
			if off := int64(hz) - int64(m.MHz*1_000_000); off*off > int64(m.MHz*250)*int64(m.MHz*250) || r[13] >= 0x100000 || g.stop.Reason != PowerOff {
				t.Errorf("%s, clock %d: %s; %d Hz in %d looks", m.Name, clock, g.stop.Reason, hz, r[13])
			}
		}
	}
}

func TestMemoryRefused(t *testing.T) {
	for size, says := range map[uint64]string{console.MaxMemory + abi.PageSize: "32 GB", 1<<20 + 1: "page size"} {
		_, err := New(Config{Segments: []Segment{{PA: guestPA, MemSize: 0x1000}}, Memory: size})
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", fmt.Sprint(size), err)
		}
	}
}
