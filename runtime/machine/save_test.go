package machine

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"axpress/runtime/abi"
	"axpress/runtime/engine"
	"axpress/runtime/state"
	"axpress/runtime/vcpu"
)

// stopping is an interpreter of CPU 0 that ends the run of its machine at an instruction count.
type stopping struct {
	vcpu.Engine
	s   *abi.State
	at  int64 // 0: never
	end func()
}

func (e *stopping) RunFor(n int64) abi.Exit {
	s := e.s
	if e.at > s.Icount {
		n = min(n, e.at-s.Icount)
	}
	exit := e.Engine.RunFor(n)
	if exit == abi.ExitPoll && s.Icount == e.at {
		e.end()
		for atomic.LoadInt64(&s.Limit) != 0 {
		}
	}
	return exit
}

// savable is a guest with interruptions that can be stopped anywhere.
type savable struct {
	*guestRun
	engine     *stopping
	interrupts *[]Interrupt
}

func newSavable(t *testing.T, cpus int) *savable {
	g := &savable{}
	g.guestRun, g.interrupts = interruptionsGuest(t, cpus, "600", func(c *Config) {
		c.NewEngine = func(cpu *CPU) (vcpu.Engine, error) {
			if cpu.Index != 0 {
				return engine.New(&cpu.CPU), nil
			}
			g.engine = &stopping{Engine: engine.New(&cpu.CPU), s: cpu.S}
			return g.engine, nil
		}
	})
	return g
}

// runTo runs to instruction at of CPU 0, 0 to the end.
func (g *savable) runTo(t *testing.T, at int64) {
	t.Helper()
	if at == 0 {
		g.engine.at = 0
		g.guestRun.run(t)
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	g.engine.at, g.engine.end = at, cancel
	stop, err := g.m.Run(ctx)
	if err != nil || stop.Reason != Interrupted || g.m.CPU(0).S.Icount != at {
		t.Fatalf("%+v, %v at %d, want to stop at %d", stop, err, g.m.CPU(0).S.Icount, at)
	}
}

func (g *savable) save(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := g.m.Save(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func (g *savable) load(t *testing.T, saved []byte) {
	t.Helper()
	if err := g.m.Load(bytes.NewReader(saved)); err != nil {
		t.Fatal(err)
	}
}

// randomPoints are n instruction counts below end, in order.
func randomPoints(seed uint64, n int, end int64) (at []int64) {
	rnd := rand.New(rand.NewPCG(seed, 0))
	for len(at) < n {
		if p := rnd.Int64N(end-1) + 1; !slices.Contains(at, p) {
			at = append(at, p)
		}
	}
	slices.Sort(at)
	return at
}

// A run that was saved anywhere goes on elsewhere as if nothing had been: the next state that is saved
// is the same, byte by byte, and so are the interrupts, the console, the counts and the memory at the end.
func TestSaveAnywhere(t *testing.T) {
	const points = 50
	for _, cpus := range []int{1, 2} {
		whole := newSavable(t, cpus)
		whole.runTo(t, 0)
		whole.want(t, PowerOff, strings.Repeat(".", 18)+"hello from alpha\n")
		want := recordOf(whole.guestRun, *whole.interrupts)

		at := randomPoints(uint64(cpus), points, want.counts[0])
		first := newSavable(t, cpus)
		var saved [][]byte
		var before []record // what had been seen at each point
		for _, p := range at {
			first.runTo(t, p)
			saved = append(saved, first.save(t))
			before = append(before, record{interrupts: slices.Clone(*first.interrupts), out: first.out.String()})
		}
		first.runTo(t, 0)
		stopped := recordOf(first.guestRun, *first.interrupts)
		want.compare(t, &stopped)

		for i, data := range saved {
			g := newSavable(t, cpus)
			g.load(t, data)
			if again := g.save(t); !bytes.Equal(again, data) {
				t.Fatalf("point %d: what was loaded is saved otherwise: byte %d of %d", i, differsAt(again, data), len(data))
			}
			if i+1 < points {
				g.runTo(t, at[i+1])
				if next := g.save(t); !bytes.Equal(next, saved[i+1]) {
					t.Fatalf("point %d: the next state differs in byte %d of %d", i, differsAt(next, saved[i+1]), len(next))
				}
			}
			if i%10 == 9 {
				g.runTo(t, 0)
				got := recordOf(g.guestRun, append(slices.Clone(before[i].interrupts), *g.interrupts...))
				got.out = before[i].out + got.out
				want.compare(t, &got)
			}
			if err := g.m.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

func differsAt(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// What is no saved machine of the same kind is refused, and never crashes us.
func TestLoadRefuses(t *testing.T) {
	g := newSavable(t, 1)
	g.runTo(t, 100_000)
	saved := g.save(t)
	for name, change := range map[string]func(p []byte) []byte{
		"nothing":   func(p []byte) []byte { return nil },
		"cut":       func(p []byte) []byte { return p[:len(p)/2] },
		"no end":    func(p []byte) []byte { return p[:len(p)-4] },
		"magic":     func(p []byte) []byte { p[0]++; return p },
		"version":   func(p []byte) []byte { p[8]++; return p },
		"size":      func(p []byte) []byte { p[23]++; return p },
		"pages":     func(p []byte) []byte { p[31]++; return p },
		"a bit":     func(p []byte) []byte { p[len(p)/3] ^= 1; return p },
		"a block":   func(p []byte) []byte { p[40] ^= 1; return p },
		"check sum": func(p []byte) []byte { p[len(p)-1]++; return p },
	} {
		if err := newSavable(t, 1).m.Load(bytes.NewReader(change(slices.Clone(saved)))); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if err := newSavable(t, 2).m.Load(bytes.NewReader(saved)); !errors.Is(err, state.ErrRefused) || !strings.Contains(err.Error(), "another machine") {
		t.Errorf("on two CPUs: %v", err)
	}
	host := newGuest(t, hello, nil)
	if err := host.m.Load(bytes.NewReader(saved)); err == nil || !strings.Contains(err.Error(), "deterministic") {
		t.Errorf("with the host's clock: %v", err)
	}
	if err := host.m.Save(&bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "deterministic") {
		t.Errorf("with the host's clock: %v", err)
	}
}
