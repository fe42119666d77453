package e2e

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"axpress/lifter/image"
	"axpress/lifter/image/guesttest"
	"axpress/runtime/abi"
	"axpress/runtime/engine"
	"axpress/runtime/machine"
	"axpress/runtime/vcpu"
)

// stopping is the engine of a CPU that ends the run of its machine at an instruction count.
type stopping struct {
	vcpu.Engine
	s   *abi.State
	at  int64 // 0: never
	end func()
}

func (e *stopping) RunFor(n int64) abi.Exit {
	if e.at > e.s.Icount {
		n = min(n, e.at-e.s.Icount)
	}
	exit := e.Engine.RunFor(n)
	if exit == abi.ExitPoll && e.s.Icount == e.at {
		e.end()
		for atomic.LoadInt64(&e.s.Limit) != 0 { // until the machine has been told
			runtime.Gosched()
		}
	}
	return exit
}

// savedBoot is a guest with the deterministic clock that can be stopped anywhere.
type savedBoot struct {
	m          *machine.Machine
	out        bytes.Buffer
	engine     *stopping
	interrupts []machine.Interrupt
}

func newSavedBoot(t *testing.T, kernel *image.Image, initrd []byte, cpus int) *savedBoot {
	t.Helper()
	b := &savedBoot{}
	cfg := machine.Config{
		Entry: kernel.Entry, Initrd: initrd, Append: "console=ttyS0", Memory: 64 << 20, Console: &b.out, CPUs: cpus,
		Clock: machine.ClockDeterministic, OnInterrupt: func(i machine.Interrupt) { b.interrupts = append(b.interrupts, i) },
		NewEngine: func(c *machine.CPU) (vcpu.Engine, error) {
			in := engine.New(&c.CPU)
			if c.Index != 0 {
				return in, nil
			}
			b.engine = &stopping{Engine: in, s: c.S}
			return b.engine, nil
		},
	}
	for _, s := range kernel.Segments {
		cfg.Segments = append(cfg.Segments, machine.Segment{PA: s.VAddr - abi.KSEGBase, Data: s.Data, MemSize: s.MemSize})
	}
	var err error
	if b.m, err = machine.New(cfg); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *savedBoot) close(t *testing.T) {
	t.Helper()
	if err := b.m.Close(); err != nil {
		t.Error(err)
	}
}

// runTo runs to an instruction count, 0 to the end.
func (b *savedBoot) runTo(t *testing.T, at int64) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	b.engine.at, b.engine.end = at, cancel
	stop, err := b.m.Run(ctx)
	if err != nil || at == 0 && stop.Reason != machine.PowerOff || at != 0 && b.icount() != at {
		t.Fatalf("%+v, %v at %d, want to stop at %d; %s", stop, err, b.icount(), at, tail(b.out.String()))
	}
}

func (b *savedBoot) icount() int64 { return b.m.CPU(0).S.Icount }

func tail(s string) string { return s[max(0, len(s)-500):] }

func (b *savedBoot) save(t *testing.T) []byte {
	t.Helper()
	var w bytes.Buffer
	if err := b.m.Save(&w); err != nil {
		t.Fatal(err)
	}
	return w.Bytes()
}

// loaded is a new guest that goes on from saved.
func loaded(t *testing.T, kernel *image.Image, initrd []byte, cpus int, saved []byte) *savedBoot {
	t.Helper()
	b := newSavedBoot(t, kernel, initrd, cpus)
	if err := b.m.Load(bytes.NewReader(saved)); err != nil {
		t.Fatal(err)
	}
	return b
}

// A boot of Linux is saved at random instructions, 50 with one CPU. From each of them another machine goes on to the
// next, where what it saves is the same, byte by byte: so it is the same boot. Some go on to the end.
func TestBootSavedAnywhere(t *testing.T) {
	if testing.Short() {
		t.Skip("boots a whole guest ten times")
	}
	kernel, err := image.Open(guesttest.Kernel(t))
	if err != nil {
		t.Fatal(err)
	}
	initrd, err := os.ReadFile(guesttest.Initrd(t))
	if err != nil {
		t.Fatal(err)
	}
	for cpus, points := range map[int]int{1: 50, 2: 20} {
		t.Run(fmt.Sprintf("%d CPUs", cpus), func(t *testing.T) { savedAnywhere(t, kernel, initrd, cpus, points) })
	}
}

func savedAnywhere(t *testing.T, kernel *image.Image, initrd []byte, cpus, points int) {
	want := newSavedBoot(t, kernel, initrd, cpus)
	defer want.close(t)
	want.runTo(t, 0)
	rnd := rand.New(rand.NewPCG(18, 0))
	var at []int64
	for range points {
		at = append(at, rnd.Int64N(want.icount()-1)+1)
	}
	slices.Sort(at)
	at = slices.Compact(at)

	first := newSavedBoot(t, kernel, initrd, cpus)
	defer first.close(t)
	first.runTo(t, at[0])
	for i, saved := 0, first.save(t); i < len(at); i++ {
		b := loaded(t, kernel, initrd, cpus, saved)
		if i%20 == 10 {
			whole := loaded(t, kernel, initrd, cpus, saved)
			whole.runTo(t, 0)
			before := first.out.String()
			if out := before + whole.out.String(); out != want.out.String() {
				t.Errorf("from %d on the console is another one: %s", at[i], tail(out))
			}
			if !slices.Equal(append(slices.Clone(first.interrupts), whole.interrupts...), want.interrupts) || whole.icount() != want.icount() || whole.m.Hash() != want.m.Hash() {
				t.Errorf("from %d on: %d interrupts, %d instructions, want %d, %d; or the memory is another one", at[i],
					len(first.interrupts)+len(whole.interrupts), whole.icount(), len(want.interrupts), want.icount())
			}
			whole.close(t)
		}
		if i+1 < len(at) {
			first.runTo(t, at[i+1])
			b.runTo(t, at[i+1])
			saved = first.save(t)
			if again := b.save(t); !bytes.Equal(again, saved) {
				t.Fatalf("from %d to %d: %d and %d bytes that differ", at[i], at[i+1], len(again), len(saved))
			}
		}
		b.close(t)
	}
	if out := want.out.String(); strings.Count(out, "\n") < 20 || len(want.interrupts) < 100 {
		t.Errorf("%d interrupts, console %s", len(want.interrupts), out)
	}
	t.Logf("%d instructions, %d interrupts", want.icount(), len(want.interrupts))
}
