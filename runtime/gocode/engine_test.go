package gocode

import (
	"math"
	"testing"

	"axpress/runtime/abi"
	"axpress/runtime/mem"
	"axpress/runtime/mmu"
	"axpress/runtime/vcpu"
)

const text = abi.KSEGBase + 0x10000

func newEngine(t *testing.T, functions ...Function) (*Engine, *abi.State, *mem.RAM) {
	t.Helper()
	s, err := abi.NewState()
	if err != nil {
		t.Fatal(err)
	}
	ram, err := mem.New(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	e, err := New(Config{CPU: &vcpu.CPU{S: s, MMU: mmu.New(s, ram, nil), RAM: ram, Cycles: func() uint64 { return 0 }}, Functions: functions})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if e.Close() != nil || ram.Close() != nil || abi.FreeState(s) != nil {
			t.Error("close")
		}
	})
	s.PC, s.Limit = text, math.MaxInt64
	return e, s, ram
}

// A guest function that calls itself without end nests to the bound, and the run ends at
// the limit.
func TestDepthIsBounded(t *testing.T) {
	deepest := maxDepth
	var link Unit
	self := func(c *CPU, pc uint64, n int64, depth int) (uint64, int64) {
		if depth <= 0 {
			return pc, n
		}
		deepest = min(deepest, depth)
		if n >= c.S.Limit {
			return pc | Poll, n
		}
		if pc, n = link(c, text, n+1, depth-1); pc != text+8 {
			if pc, n = c.Continue(pc, text+8, n, depth); pc != text+8 {
				return pc, n
			}
		}
		return text + 8, n
	}
	const limit = 10 * maxDepth
	e, s, _ := newEngine(t, Function{Entries: []uint64{text}, Code: self, Link: &link, Lo: text, Hi: text + 16})
	s.Limit = limit
	if code, ok := e.Enter(); !ok || code != abi.ExitPoll && code != abi.ExitNone || s.PC != text || s.Icount < limit || s.Icount > limit+1 {
		t.Errorf("exit %d, %v at %#x after %d", code, ok, s.PC, s.Icount)
	}
	if deepest > 2 {
		t.Errorf("the calls nested to %d before the bound", deepest)
	}
}

// A function whose text has changed is no longer found, nor run by those that call it;
// when the text comes back it is.
func TestChangedText(t *testing.T) {
	var links [2]Unit
	caller := func(c *CPU, _ uint64, n int64, depth int) (uint64, int64) {
		return links[1](c, text+0x2000, n+1, depth-1)
	}
	callee := func(_ *CPU, _ uint64, n int64, _ int) (uint64, int64) { return (text + 0x4000) | Interpret, n + 10 }
	e, s, ram := newEngine(t,
		Function{Entries: []uint64{text}, Code: caller, Link: &links[0], Lo: text, Hi: text + 16},
		Function{Entries: []uint64{text + 0x2000}, Code: callee, Link: &links[1], Lo: text + 0x2000, Hi: text + 0x2010})
	for i, step := range []struct {
		word  uint32
		pc    uint64
		count int64
	}{{0, text + 0x4000, 11}, {7, text + 0x2000, 1}, {0, text + 0x4000, 11}} {
		ram.Write32(0x12004, step.word)
		e.Invalidate()
		s.PC, s.Icount = text, 0
		if _, ok := e.Enter(); !ok || s.PC != step.pc || s.Icount != step.count {
			t.Errorf("%d: at %#x after %d, want %#x after %d", i, s.PC, s.Icount, step.pc, step.count)
		}
		if has := e.Has(text + 0x2000); has != (step.word == 0) {
			t.Errorf("%d: has an entry: %v", i, has)
		}
	}
}

// The conditions of overflow, against wider arithmetic.
func TestOverflows(t *testing.T) {
	values := []uint64{0, 1, 2, 1 << 31, 1<<31 - 1, 1 << 32, 1 << 62, 1<<63 - 1, 1 << 63, ^uint64(0), ^uint64(1), 3037000500, 0xffff_ffff_8000_0000}
	for _, x := range values {
		for _, y := range values {
			a, b := int32(x), int32(y)
			if got, want := AddOverflows32(uint32(a), uint32(b)), int64(a)+int64(b) != int64(a+b); got != want {
				t.Errorf("%d + %d: %v", a, b, got)
			}
			if got, want := SubOverflows32(uint32(a), uint32(b)), int64(a)-int64(b) != int64(a-b); got != want {
				t.Errorf("%d - %d: %v", a, b, got)
			}
			p := int64(x) * int64(y)
			want := x != 0 && (p/int64(x) != int64(y) || int64(x) == -1 && int64(y) == math.MinInt64)
			if got := MulOverflows64(x, y); got != want {
				t.Errorf("%d * %d: %v", int64(x), int64(y), got)
			}
		}
	}
}
