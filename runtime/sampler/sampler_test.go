package sampler

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"math"
	"strings"
	"testing"
	"time"

	"axpress/lifter/isa"
	"axpress/runtime/abi"
	"axpress/runtime/engine"
	"axpress/runtime/machine"
	"axpress/runtime/vcpu"
)

// Where the test kernel is.
const (
	kernelPA = 0x1010000
	kernelVA = abi.KSEGBase + kernelPA
)

// sampled is a machine whose CPU is sampled.
type sampled struct {
	m      *machine.Machine
	engine *Engine
}

// newSampled loads a program of one instruction a line at kernelVA. wrap, if not nil,
// makes the engine that is sampled of the interpreter.
func newSampled(t *testing.T, clock machine.ClockMode, period int64, wrap func(*machine.CPU, vcpu.Engine) vcpu.Engine, lines ...string) *sampled {
	t.Helper()
	var code []byte
	for i, line := range lines {
		w, err := isa.Assemble(strings.TrimSpace(line), kernelVA+uint64(4*i))
		if err != nil {
			t.Fatal(err)
		}
		code = binary.LittleEndian.AppendUint32(code, w)
	}
	s := &sampled{}
	m, err := machine.New(machine.Config{
		Segments: []machine.Segment{{PA: kernelPA, Data: code, MemSize: 1 << 16}}, Entry: kernelVA, Memory: 32 << 20,
		Clock: clock,
		NewEngine: func(c *machine.CPU) (vcpu.Engine, error) {
			var in vcpu.Engine = engine.New(&c.CPU)
			if wrap != nil {
				in = wrap(c, in)
			}
			s.engine = New(c, in, period)
			return s.engine, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.m = m
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func (s *sampled) run(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if stop, err := s.m.Run(ctx); err != nil || stop.Reason != machine.Halt {
		t.Fatalf("%+v, %v", stop, err)
	}
}

// loops are two loops, of 400,000 and 1,200,000 instructions, then a halt.
var loops = []string{
	"ldah t0,3(zero)", "lda t0,3392(t0)", // 200,000
	"subq t0,1,t0", "bne t0,.-4",
	"ldah t0,3(zero)", "lda t0,3392(t0)",
	"addq t1,t2,t1", "addq t1,t2,t1", "addq t1,t2,t1", "addq t1,t2,t1", "subq t0,1,t0", "bne t0,.-20",
	"call_pal 0",
}

// coarse is an engine that stops at the heads of the loops only, as native code does.
type coarse struct {
	vcpu.Engine
	s *abi.State
}

func (c coarse) Run() abi.Exit {
	code := c.Engine.Run()
	for code == abi.ExitPoll && c.s.PC != kernelVA+2*4 && c.s.PC != kernelVA+6*4 {
		code = c.Engine.Step()
	}
	return code
}

// The share of a place is that of its instructions, whether or not the engine polls
// there.
func TestShares(t *testing.T) {
	for _, c := range []struct {
		name  string
		clock machine.ClockMode
		wrap  func(*machine.CPU, vcpu.Engine) vcpu.Engine
	}{
		{"exact", machine.ClockDeterministic, nil},
		{"polls everywhere", machine.ClockHost, nil},
		{"polls at loop heads", machine.ClockHost, func(c *machine.CPU, in vcpu.Engine) vcpu.Engine { return coarse{in, c.S} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSampled(t, c.clock, 1000, c.wrap, loops...)
			s.run(t)
			var sum, second uint64
			seen := map[uint64]bool{}
			for p, n := range s.engine.Samples() {
				if p.User || p.Page != [32]byte{} {
					t.Errorf("kernel code seen as %+v", p)
				}
				sum += n
				seen[uint64(p.PC)] = true
				if p.PC >= kernelVA+6*4 {
					second += n
				}
			}
			retired := uint64(s.m.CPU(0).S.Icount)
			if sum > retired || retired-sum > 2000 {
				t.Errorf("samples stand for %d instructions, %d were retired", sum, retired)
			}
			if share := float64(second) / float64(sum); math.Abs(share-0.75) > 0.02 {
				t.Errorf("the second loop has %.3f of the instructions, want 0.75", share)
			}
			for pc := uint64(kernelVA + 6*4); pc < kernelVA+12*4; pc += 4 {
				if !seen[pc] {
					t.Errorf("no sample at %#x, in the middle of a loop", pc)
				}
			}
		})
	}
}

// Runs to a count end there, with samples or without, and samples are taken at the count
// that they are due at, a sample in the middle of runs as well as at their end.
func TestRunForIsExact(t *testing.T) {
	s := newSampled(t, machine.ClockDeterministic, 1000, nil, loops...)
	e, st := s.engine, s.m.CPU(0).S
	before := st.Icount
	for _, n := range []int64{1, 10, 999, 1, 5000, 100_000, 333} {
		st.Limit = math.MaxInt64
		end := st.Icount + n
		if n == 999 { // a run that ends at a sample
			end = e.next
		}
		if code := e.RunFor(end - st.Icount); code != abi.ExitPoll || st.Icount != end {
			t.Fatalf("%v after %d instructions, want %d", code, st.Icount, end)
		}
		if e.last > end || e.next <= end {
			t.Errorf("after %d instructions: the last sample at %d, the next one at %d", end, e.last, e.next)
		}
	}
	sum := uint64(0)
	for _, n := range e.Samples() {
		sum += n
	}
	if int64(sum) != e.last-before {
		t.Errorf("samples stand for %d instructions, %d were sampled", sum, e.last-before)
	}
	st.Limit = st.Icount + 50
	if code := e.RunFor(1 << 40); code != abi.ExitPoll || st.Icount != st.Limit {
		t.Errorf("%v after %d instructions, the limit is %d", code, st.Icount, st.Limit)
	}
}

// Whoever sets State.Limit while the engine runs is obeyed: Run's context ends the run.
func TestLimitOfOthersStands(t *testing.T) {
	s := newSampled(t, machine.ClockDeterministic, 1000, nil, "br zero,.+0")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if stop, err := s.m.Run(ctx); err != nil || stop.Reason != machine.Timeout {
		t.Errorf("%+v, %v", stop, err)
	}
	set := func(limit int64) *sampled {
		s := newSampled(t, machine.ClockDeterministic, 1000, func(c *machine.CPU, in vcpu.Engine) vcpu.Engine { return limiter{in, c.S, limit} }, "br zero,.+0")
		s.m.CPU(0).S.Limit = 5000
		s.engine.runToSample()
		return s
	}
	for _, limit := range []int64{0, 7, 1 << 40} {
		if got := set(limit).m.CPU(0).S.Limit; got != limit {
			t.Errorf("somebody set the limit to %d, afterwards it is %d", limit, got)
		}
	}
	s = newSampled(t, machine.ClockDeterministic, 1000, nil, "br zero,.+0")
	s.m.CPU(0).S.Limit = 5000
	s.engine.runToSample()
	if st := s.m.CPU(0).S; st.Limit != 5000 || st.Icount < 800 || st.Icount > 1200 {
		t.Errorf("limit %d, ran %d instructions", st.Limit, st.Icount)
	}
}

// limiter is an engine during whose run somebody sets the limit.
type limiter struct {
	vcpu.Engine
	s     *abi.State
	limit int64
}

func (l limiter) Run() abi.Exit {
	l.s.Limit = l.limit
	return abi.ExitPoll
}

// A faulting instruction is left to the machine, and not counted.
func TestExitOnTheWay(t *testing.T) {
	s := newSampled(t, machine.ClockDeterministic, 1000, nil, "br zero,.+4", "call_pal 0")
	st := s.m.CPU(0).S
	st.PC, st.Limit = kernelVA, math.MaxInt64
	seen := map[abi.Exit]bool{}
	for range 100 {
		st.PC, st.Icount = kernelVA, 0
		s.engine.last, s.engine.next = 0, 1 // due behind the first instruction
		seen[s.engine.Run()] = true
		if st.PC != kernelVA+4 || st.Icount != 1 {
			t.Fatalf("pc %#x after %d instructions", st.PC, st.Icount)
		}
	}
	if !seen[abi.ExitCallPAL] {
		t.Errorf("CALL_PAL was never left to the machine: exits %v", seen)
	}
}

// In user mode the page's content names the place; looking at it leaves no trace.
func TestUserPages(t *testing.T) {
	s := newSampled(t, machine.ClockDeterministic, 1000, nil, "br zero,.+0")
	c := s.m.CPU(0)
	const (
		l1, l2, l3 = 0x100, 0x101, 0x102 // page frames
		code       = 0x200
		va         = 0x120000000
	)
	put := func(pfn, index, pte uint64) { binary.LittleEndian.PutUint64(c.RAM.Bytes()[pfn<<13+index*8:], pte) }
	put(l1, va>>33&1023, l2<<32|0x1101)
	put(l2, va>>23&1023, l3<<32|0x1101)
	put(l3, va>>13&1023, code<<32|0x3301)
	content := c.RAM.Bytes()[code<<13:][:abi.PageSize]
	copy(content, bytes.Repeat([]byte("code"), 100))
	st := c.S
	st.PTBR, st.PC = l1, va+0x40
	st.SetPS(8)
	c.MMU.InvalidateAll()
	st.FaultKind, st.FaultVA, st.FaultMMCSR, st.FaultAccess = abi.FaultUnaligned, 1, 2, 3

	place := func() Place {
		clear(s.engine.samples)
		st.Icount += 10
		s.engine.take()
		for p, n := range s.engine.samples {
			if n != 10 {
				t.Errorf("a sample of %d instructions, want 10", n)
			}
			if here := Here(c); here != p {
				t.Errorf("the CPU is at %+v, sampled at %+v", here, p)
			}
			return p
		}
		t.Fatal("no sample")
		return Place{}
	}
	if p := place(); p != (Place{PC: va + 0x40, User: true, Page: sha256.Sum256(content)}) {
		t.Errorf("%+v", p)
	}
	content[5]++
	if p := place(); p.Page != sha256.Sum256(content) {
		t.Error("the page's old content")
	}
	st.PC = va + abi.PageSize
	if p := place(); p != (Place{PC: abi.VAddr(st.PC), User: true}) {
		t.Errorf("a page that is not there: %+v", p)
	}
	if st.FaultKind != abi.FaultUnaligned || st.FaultVA != 1 || st.FaultMMCSR != 2 || st.FaultAccess != 3 {
		t.Error("the guest's fault is lost")
	}
}
