package machine

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"axpress/palstubs/console"
	"axpress/palstubs/osf"
	"axpress/runtime/abi"
	"axpress/runtime/device/platforms"
	"axpress/runtime/idle"
	"axpress/runtime/vcpu"
)

func TestPowerOff(t *testing.T) {
	newGuest(t, hello+"br zero,@poweroff", nil).run(t).want(t, PowerOff, "hello from alpha\n")
}

func TestHaltRequests(t *testing.T) {
	for _, k := range []struct {
		flag string
		want Reason
	}{{"0", Halt}, {"2", Reboot}, {"3", Reboot}, {"4", PowerOff}} {
		g := newGuest(t, `
			ldah t0,`+k.flag+`(zero)
			stq  t0,0x2200(s0)
			call_pal 0`, nil).run(t)
		g.want(t, k.want, "")
		if k.want == Halt && (g.stop.Detail == "" || g.stop.PC == 0) {
			t.Errorf("halt without detail: %+v", g.stop)
		}
	}
}

// setEntry makes label handler entry n.
const setEntry = `
	br   a0,@l1
	br   zero,@handler
l1:
	lda  a1,0(zero)
	call_pal 0x34
`

// An alarm interrupts a CPU that waits, in both clock modes; deterministic time is
// then exactly what was asked for.
func TestAlarmWakesWtint(t *testing.T) {
	src := setEntry + `
		lda  a0,5(zero)           # cserve set_alarm_rel 30 ms
		ldah a1,0x1c9(zero)
		call_pal 9
		lda  a0,0(zero)
		call_pal 0x3e             # wtint at IPL 7: returns
		lda  a0,0(zero)
		call_pal 0x35             # swpipl 0: interrupt
		br   zero,@poweroff       # not reached
	handler:
		lda  s2,-1(a0)
		bne  s2,@wrong            # type 1
	` + hello + `
		br   zero,@poweroff
	wrong:
		call_pal 0
	`
	for _, mode := range []ClockMode{ClockHost, ClockDeterministic} {
		g := newGuest(t, src, func(c *Config) { c.Clock = mode }).run(t)
		g.want(t, PowerOff, "hello from alpha\n")
		if ns := g.m.Stats().VirtualNS; ns < 0x1c90000 {
			t.Errorf("mode %d: virtual time %d ns", mode, ns)
		}
		if n := g.m.Stats().CPUs[0].Interrupts; n != 1 {
			t.Errorf("%d interrupts", n)
		}
	}
}

// A busy guest is interrupted too, and deterministic runs are identical.
func TestAlarmInterruptsLoop(t *testing.T) {
	src := setEntry + `
		lda  a0,5(zero)
		ldah a1,8(zero)           # 524 us
		call_pal 9
		lda  a0,0(zero)
		call_pal 0x35
	loop:
		addq s3,1,s3
		br   zero,@loop
	handler:
		br   zero,@poweroff
	`
	newGuest(t, src, nil).run(t).want(t, PowerOff, "")
	var icount [2]int64
	for i := range icount {
		g := newGuest(t, src, func(c *Config) { c.Clock = ClockDeterministic }).run(t)
		g.want(t, PowerOff, "")
		icount[i] = g.m.CPU(0).S.Icount
		if c := g.m.CPU(0).S.R[12]; c < 0x80000/2-2 || c > 0x80000/2+2 {
			t.Errorf("the loop ran %d times in %d ns", c, 0x80000)
		}
	}
	if icount[0] != icount[1] {
		t.Errorf("deterministic runs retired %v instructions", icount)
	}
}

func TestPanicIsNoticed(t *testing.T) {
	src := `
		br    a0,@p1
		.ascii [    0.000000] Kernel panic - not syncing: no init
	p1:
		bsr   ra,@puts
		br    a0,@p2
		.ascii [    0.000000] ---[ end Kernel panic - not syncing: no init ]---
	p2:
		bsr   ra,@puts
	loop:
		br    zero,@loop
	`
	g := newGuest(t, src, func(c *Config) { c.Clock = ClockDeterministic }).run(t)
	if g.stop.Reason != Panic || g.stop.Detail != "Kernel panic - not syncing: no init" {
		t.Errorf("stop %+v", g.stop)
	}
}

// After the first line only, a halt is a panic too; but output of a living guest
// is no panic.
func TestPanicLineThenHalt(t *testing.T) {
	line := `
		br    a0,@p1
		.ascii Kernel panic - not syncing: x
	p1:
		bsr   ra,@puts
	`
	g := newGuest(t, line+"br zero,@poweroff", nil).run(t)
	if g.stop.Reason != Panic {
		t.Errorf("stop %+v", g.stop)
	}
	g = newGuest(t, line+`
		lda  a0,5(zero)
		lda  a1,1000(zero)
		call_pal 9
		call_pal 0x3e
		br zero,@poweroff`, func(c *Config) { c.Clock = ClockDeterministic }).run(t)
	if g.stop.Reason != PowerOff {
		t.Errorf("an idle guest counts as dead: %+v", g.stop)
	}
}

func TestMachineCheckOnAbsentAddress(t *testing.T) {
	newGuest(t, setEntry+`
		lda  t0,0x18(zero)        # 0x803_0000_0000: between the Pchips
		sll  t0,29,t0
		addq s0,t0,t0
		lda  t1,1(zero)
		sll  t1,40,t1
		addq t0,t1,t0
		ldq  t2,0(t0)
		br   zero,@poweroff       # not reached
	handler:
		cmpeq a0,2,t0
		beq  t0,@wrong
		ldl  t0,16(a2)            # code
		lda  t1,-0x207(t0)
		bne  t1,@wrong
		call_pal 0x10             # rdmces
		blbc v0,@wrong
	`+hello+`
		br   zero,@poweroff
	wrong:
		call_pal 0
	`, nil).run(t).want(t, PowerOff, "hello from alpha\n")
}

// The guest reads what the host types, and sleeps on the host meanwhile.
func TestInput(t *testing.T) {
	g := newGuest(t, setEntry+`
		lda  t0,1(zero)
		stb  t0,1(s1)             # IER: receive
		lda  t0,10(zero)
		stb  t0,4(s1)             # MCR: OUT2, RTS
	`+unmaskUART+`
		mb
		call_pal 0x3e             # wtint
		lda  a0,0(zero)
		call_pal 0x35
		call_pal 0
	handler:
		cmpeq a0,3,t0
		beq  t0,@wrong
		lda  t0,-0x840(a1)        # ISA vector 4
		bne  t0,@wrong
		ldbu t0,0(s1)
		stb  t0,0(s1)
		br   zero,@poweroff
	wrong:
		call_pal 0
	`, nil)
	go func() { _, _ = g.m.Input(0).Write([]byte("x")) }()
	g.run(t).want(t, PowerOff, "x")
}

// A writer that waits for a guest which never reads ends with the machine.
func TestInputAfterClose(t *testing.T) {
	m, err := New(Config{Segments: []Segment{{PA: guestPA, Data: make([]byte, 4)}}, Entry: guestVA, Memory: 32 << 20})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() {
		_, err := m.Input(0).Write(make([]byte, 1<<20))
		done <- err
	}()
	if err := errors.Join(m.Close(), m.Close()); err != nil {
		t.Error(err)
	}
	if err := <-done; !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("write ended with %v", err)
	}
}

func TestConsoleCallbacks(t *testing.T) {
	newGuest(t, `
		br   t2,@go
		.ascii through SRM
	go:
		ldq  t0,0x2d00(s0)        # CRB dispatch_va
		lda  t1,0x1000(zero)
		lda  t0,0x2d80(s0)        # its descriptor, in KSEG
		mov  t0,pv
		ldq  t3,8(pv)
		lda  a0,2(zero)
		lda  a1,0(zero)
		mov  t2,a2
		lda  a3,12(zero)
		jsr  ra,(t3),0
		br   zero,@poweroff
	`, nil).run(t).want(t, PowerOff, "through SRM\n")
}

func TestDoubleFaultHalts(t *testing.T) {
	g := newGuest(t, `
		lda  sp,0(zero)           # no kernel stack
		ldq  t0,0(zero)
	`, nil).run(t)
	if g.stop.Reason != Halt || !strings.Contains(g.stop.Detail, "kernel stack") {
		t.Errorf("stop %+v", g.stop)
	}
}

func TestContextEndsRun(t *testing.T) {
	for name, src := range map[string]string{"busy": "loop:\nbr zero,@loop", "idle": "call_pal 0x3e\ncall_pal 0"} {
		g := newGuest(t, src, nil)
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		st, err := g.m.Run(ctx)
		if err != nil || st.Reason != Interrupted {
			t.Errorf("%s: %+v, %v", name, st, err)
		}
	}
}

// startSecond has the console start CPU 1 at label second, as Linux does.
const startSecond = `
		lda  t0,0x5000(s0)        # HWRPB is at 0x2000, slots at 0x180, 0x280 each
		lda  t0,0x2400(s0)        # slot 1
		br   t1,@here
		br   zero,@second
	here:
		stq  t1,0x2100(s0)        # CPU_restart
		stq  t1,0x2108(s0)
		ldq  t2,0x2190(s0)        # our PTBR
		stq  t2,0x10(t0)
		lda  t2,0x7f00(s0)        # its stack
		lda  t2,0x7f00(t2)
		stq  t2,0(t0)
		lda  t2,7(zero)
		stl  t2,0x128(t0)
		br   t3,@msg
		.long 0x52415453          # "STAR"
		.long 0x000a0d54          # "T\r\n"
	msg:
		ldl  t2,0(t3)
		stl  t2,0x130(t0)
		ldl  t2,4(t3)
		stl  t2,0x134(t0)
		lda  t2,2(zero)
		stq  t2,0x2128(s0)        # rxrdy
`

// Two CPUs: the boot CPU starts the other one as Linux does and each sends the
// other an interprocessor interrupt.
func TestSecondaryCPU(t *testing.T) {
	g := newGuest(t, setEntry+startSecond+`
		lda  a0,0(zero)
		call_pal 0x35             # swpipl 0
	loop:
		br   zero,@loop
	second:
		call_pal 0x3c             # whami
		lda  t0,-1(v0)
		bne  t0,@dead
		lda  a0,0(zero)
		call_pal 0x0d             # wripir 0
	dead:
		call_pal 0                # only this CPU
	handler:
		bne  a0,@wrong
	`+hello+`
		br   zero,@poweroff
	wrong:
		call_pal 0
	`, func(c *Config) { c.CPUs = 2 }).run(t)
	g.want(t, PowerOff, "hello from alpha\n")
	if n := g.m.CPU(1).S.Icount; n == 0 {
		t.Error("CPU 1 did not run")
	}
}

// scripted is an engine that returns exit codes one after the other.
type scripted struct{ codes []abi.Exit }

func (e *scripted) Run() abi.Exit {
	c := e.codes[0]
	e.codes = e.codes[1:]
	return c
}
func (e *scripted) RunFor(int64) abi.Exit   { return e.Run() }
func (e *scripted) Step() abi.Exit          { return e.Run() }
func (e *scripted) InvalidateCode()         {}
func (e *scripted) Counters() vcpu.Counters { return vcpu.Counters{} }
func (e *scripted) Close() error            { return nil }

func TestExitsOfEngines(t *testing.T) {
	for _, code := range []abi.Exit{abi.ExitNone, abi.ExitInterpret, abi.ExitHelper, abi.NumExits, ^abi.Exit(0)} {
		g := newGuest(t, "", func(c *Config) {
			c.NewEngine = func(*CPU) (vcpu.Engine, error) {
				return &scripted{[]abi.Exit{abi.ExitAfterPAL, abi.ExitNative, code}}, nil
			}
		})
		if st, err := g.m.Run(context.Background()); err == nil || st.Reason != Failed {
			t.Errorf("exit code %d: %+v, %v", code, st, err)
		}
	}
	for code := range abi.NumExits {
		inner := code == abi.ExitNone || code == abi.ExitInterpret || code == abi.ExitHelper
		if (exits[code] == nil) != inner {
			t.Errorf("exit %s: served %v", code, exits[code] != nil)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	ok := Config{Segments: []Segment{{PA: guestPA, Data: make([]byte, 64)}}, Entry: guestVA, Memory: 32 << 20}
	for name, change := range map[string]func(*Config){
		"no segments":     func(c *Config) { c.Segments = nil },
		"segment outside": func(c *Config) { c.Segments = []Segment{{PA: ^uint64(0) - 8, MemSize: 100}} },
		"low segment":     func(c *Config) { c.Segments = []Segment{{PA: 0, MemSize: 100}} },
		"initrd":          func(c *Config) { c.Initrd = make([]byte, 32<<20) },
		"memory":          func(c *Config) { c.Memory = 1234567 },
		"CPUs":            func(c *Config) { c.CPUs = 5 },
		"platform":        func(c *Config) { c.Platform = "marvel" },
		"clock":           func(c *Config) { c.Clock = 9 },
		"command line":    func(c *Config) { c.Append = strings.Repeat("x", 256) },
		"engine":          func(c *Config) { c.NewEngine = func(*CPU) (vcpu.Engine, error) { return nil, errors.New("no") } },
	} {
		cfg := ok
		change(&cfg)
		if m, err := New(cfg); err == nil {
			t.Errorf("%s: accepted", name)
			_ = m.Close()
		}
	}
}

// Loops that only an interrupt ends are recognised, others are not.
func TestSpin(t *testing.T) {
	for _, k := range []struct {
		name, loop string
		want       idle.Waiting
	}{
		{"empty", "loop: br zero,loop", idle.Only},
		{"flag", "loop: ldl t0,0x2128(s0); and t0,4,t0; mb; beq t0,loop", idle.Only},
		{"flag that is known later", "loop: mov t0,t1; ldl t0,0x2128(s0); and t0,4,t0; beq t0,loop", idle.Only},
		{"flag and counter", "loop: ldl t0,0x2128(s0); addq t1,1,t1; br zero,loop", idle.Counts},
		{"walk", "loop: ldl t0,0x2128(s0); addq s0,8,s0; br zero,loop", idle.Not},
		{"counter", "loop: addq t0,1,t0; br zero,loop", idle.Not},
		{"store", "loop: stq zero,-8(sp); br zero,loop", idle.Not},
		{"rpcc", "loop: rpcc t0; br zero,loop", idle.Not},
		{"device", "loop: ldbu t0,5(s1); br zero,loop", idle.Not},
		{"call_pal", "loop: call_pal 0x36; br zero,loop", idle.Not},
		{"fault", "loop: ldq t0,0(zero); br zero,loop", idle.Not},
		{"trap", "loop: addq/v zero,zero,t0; br zero,loop", idle.Not},
	} {
		src := strings.NewReplacer("; ", "\n", "loop: ", "loop:\n", ",loop", ",@loop").Replace(k.loop)
		g := newGuest(t, src, nil)
		c := g.m.CPU(0)
		for c.S.PC != guestVA+uint64(len(assemble(t, prologue))) {
			if code := c.engine.Step(); code != abi.ExitPoll {
				t.Fatalf("%s: prologue: exit %d", k.name, code)
			}
		}
		if got := c.loop.Prove(&c.CPU, c.engine); got != k.want {
			t.Errorf("%s: waits = %v", k.name, got)
		}
	}
}

// The machine's view of the console agrees with the console's.
func TestLogoutAreaFits(t *testing.T) {
	id := platforms.Default().Identity
	if console.LogoutPA(id, 1)-console.LogoutPA(id, 0) < abi.PAddr(osf.LogoutSize) {
		t.Error("logout areas overlap")
	}
}
