package engine

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"axpress/lifter/isa"
	"axpress/runtime/abi"
	"axpress/runtime/interp"
	"axpress/runtime/mem"
	"axpress/runtime/mmu"
	"axpress/runtime/vcpu"
)

const (
	codePA = 0x4000
	codeVA = abi.KSEGBase + codePA
	dataVA = abi.KSEGBase + 0x10000
	ioVA   = abi.KSEGBase | 0x801_fc00_0000 // where only the bus answers
)

// world is a CPU with a guest in its memory.
type world struct {
	vcpu.CPU
	onIO func() // what a device does when it is accessed
}

// Read implements mmu.PhysBus.
func (w *world) Read(abi.PAddr, int) (uint64, error) {
	w.onIO()
	return uint64(w.S.Icount), nil
}

// Write implements mmu.PhysBus.
func (w *world) Write(abi.PAddr, int, uint64) error {
	w.onIO()
	return nil
}

func newWorld(t testing.TB, text string) *world {
	t.Helper()
	s, err := abi.NewState()
	if err != nil {
		t.Fatal(err)
	}
	ram, err := mem.New(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := abi.FreeState(s); err != nil {
			t.Error(err)
		}
		if err := ram.Close(); err != nil {
			t.Error(err)
		}
	})
	w := &world{onIO: func() {}}
	w.CPU = vcpu.CPU{S: s, RAM: ram, MMU: mmu.New(s, ram, w)}
	w.MMU.InitWindows()
	pa := uint64(codePA)
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			word, err := isa.Assemble(line, abi.KSEGBase+pa)
			if err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			ram.Write32(abi.PAddr(pa), word)
			pa += 4
		}
	}
	w.reset()
	return w
}

// reset brings the CPU to the start of the guest.
func (w *world) reset() {
	w.S.R = [32]uint64{16: dataVA, 17: ioVA}
	w.RAM.Write64(dataVA-abi.KSEGBase, 0)
	w.S.PC, w.S.Icount = codeVA, 0
	atomic.StoreInt64(&w.S.Limit, math.MaxInt64)
}

// tier is translated code that does what the interpreter does, and leaves where a script
// says: that many instructions behind the limit, or at any point for no reason.
type tier struct {
	w        *world
	in       *interp.CPU
	rand     *rand.Rand
	overrun  int64 // behind the limit at most
	entered  int
	furthest int64 // the most instructions between State.Limit and where it left
	running  int   // runs that have begun and not ended
}

func newTier(w *world) *tier {
	return &tier{w: w, in: interp.New(&w.CPU, nil), rand: rand.New(rand.NewPCG(1, 2)), overrun: abi.PollReach}
}

// Begin implements Tier.
func (t *tier) Begin() { t.running++ }

// End implements Tier.
func (t *tier) End() { t.running-- }

// Enter implements Tier.
func (t *tier) Enter() (abi.Exit, bool) {
	s := t.w.S
	if t.running != 1 || atomic.LoadInt64(&s.Limit) > s.Icount+Quantum {
		panic("BUG: entered outside of a run, or for too long")
	}
	if t.rand.IntN(8) == 0 {
		return abi.ExitNone, false
	}
	t.entered++
	behind := t.overrun - t.rand.Int64N(2)*t.rand.Int64N(t.overrun+1)
	early := t.rand.IntN(4) == 0
	for n := 0; ; n++ {
		limit := atomic.LoadInt64(&s.Limit)
		t.furthest = max(t.furthest, s.Icount-limit)
		switch word, _ := t.w.MMU.Fetch(abi.VAddr(s.PC)); {
		case limit == 0 || s.Icount >= limit+behind:
			return abi.ExitPoll, true
		case early && t.rand.IntN(300) == 0:
			return [...]abi.Exit{abi.ExitNone, abi.ExitInterpret, abi.ExitPoll}[t.rand.IntN(3)], true
		case isa.Decode(word).Op.Info().Size != 0 && isa.Decode(word).Rb == 17:
			return abi.ExitInterpret, true
		}
		if exit := t.in.Step(); exit != abi.ExitPoll {
			return exit, true
		}
	}
}

// Has implements Tier.
func (t *tier) Has(uint64) bool { return t.rand.IntN(4) == 0 }

// Invalidate implements Tier.
func (t *tier) Invalidate() { t.in.InvalidateCode() }

// Count implements Tier.
func (t *tier) Count(c *vcpu.Counters) { c.Entries += uint64(t.entered) }

// Close implements Tier.
func (t *tier) Close() error { return nil }

// program counts, stores, jumps, and accesses a device every 256th time.
const program = `
	lda $1,1($1)
	and $1,255,$2
	beq $2,.+24
	ldq $3,0($16)
	xor $3,$1,$3
	stq $3,0($16)
	bsr $26,.+24
	br $31,.-28
	ldl $4,0($17)
	addq $5,$4,$5
	stl $5,0($17)
	br $31,.-44
	addq $5,$3,$5
	ret $31,($26)`

// result is what a guest can see.
type result struct {
	exit   abi.Exit
	r      [32]uint64
	pc     uint64
	icount int64
	data   uint64
}

func (w *world) result(exit abi.Exit) result {
	v, _ := w.RAM.Read64(dataVA - abi.KSEGBase)
	return result{exit, w.S.R, w.S.PC, w.S.Icount, v}
}

// Runs of all lengths end at the count, whatever is translated and however far that goes
// beyond the limit.
func TestRunForIsExact(t *testing.T) {
	w := newWorld(t, program)
	plain, tr := New(&w.CPU), newTier(w)
	mixed := New(&w.CPU, tr)
	lengths := []int64{1, 2, abi.PollReach - 1, abi.PollReach, abi.PollReach + 1, abi.PollReach + 2}
	for range 60 {
		lengths = append(lengths, tr.rand.Int64N(20*abi.PollReach))
	}
	for _, n := range lengths {
		w.reset()
		want := w.result(plain.RunFor(n))
		if want.exit != abi.ExitPoll || want.icount != n {
			t.Fatalf("the interpreter ends by %v after %d instructions, not %d", want.exit, want.icount, n)
		}
		w.reset()
		if got := w.result(mixed.RunFor(n)); got != want {
			t.Errorf("after %d instructions\n%+v, the interpreter\n%+v", n, got, want)
		}
		if w.S.Limit != math.MaxInt64 {
			t.Errorf("afterwards Limit is %d", w.S.Limit)
		}
	}
	c := mixed.Counters()
	if c.Entries == 0 || c.Interpreted == 0 || tr.furthest < abi.PollReach || len(mixed.Misses()) == 0 || tr.running != 0 {
		t.Errorf("%d entries, %d interpreted, at most %d instructions beyond the limit, misses at %d places", c.Entries, c.Interpreted, tr.furthest, len(mixed.Misses()))
	}
}

// A limit below the count, set before, is where the run ends, exactly, and none at all if
// it is reached.
func TestRunForEndsAtLimit(t *testing.T) {
	w := newWorld(t, program)
	for _, m := range []*Mixed{New(&w.CPU), New(&w.CPU, newTier(w))} {
		for _, limit := range []int64{0, 1, 5000, 12345} {
			w.reset()
			w.S.Limit = limit
			if exit := m.RunFor(100_000); exit != abi.ExitPoll || w.S.Icount != limit || w.S.Limit != limit {
				t.Errorf("limit %d: %v after %d, limit %d", limit, exit, w.S.Icount, w.S.Limit)
			}
		}
	}
}

// What a device says by Limit when the guest accesses it holds right behind the access.
func TestRunEndsBehindAccess(t *testing.T) {
	w := newWorld(t, program)
	ends := func(m *Mixed, n int, set func(icount int64) int64) (stops []int64) {
		w.reset()
		accesses := 0
		w.onIO = func() {
			if accesses++; accesses%n == 0 {
				atomic.StoreInt64(&w.S.Limit, set(w.S.Icount))
			}
		}
		for len(stops) < 20 {
			w.S.Limit = math.MaxInt64
			if exit := m.RunFor(50_000); exit != abi.ExitPoll {
				t.Fatalf("exit %v", exit)
			}
			stops = append(stops, w.S.Icount)
		}
		return stops
	}
	for name, set := range map[string]func(int64) int64{
		"at once": func(int64) int64 { return 0 },
		"later":   func(now int64) int64 { return now + 1 + 777 },
		"much":    func(now int64) int64 { return now + 1 + 7777 },
	} {
		for _, n := range []int{1, 2, 5, 7} {
			want := ends(New(&w.CPU), n, set)
			if got := ends(New(&w.CPU, newTier(w)), n, set); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s, at access %d: ends at %d, the interpreter at %d", name, n, got, want)
			}
			if name == "at once" && n == 1 && want[1] != want[0]+2 { // ldl, addq, stl
				t.Errorf("two accesses with an instruction between them end runs at %d", want[:2])
			}
		}
	}
}

// An exit because of the instruction behind the last one is the next run's.
func TestExitBehindStop(t *testing.T) {
	w := newWorld(t, `
	lda $1,1($1)
	cmpeq $1,9,$2
	beq $2,.-8
	call_pal 0x80`)
	const before = 27
	for _, m := range []*Mixed{New(&w.CPU), New(&w.CPU, newTier(w))} {
		for n := int64(1); n < 60; n++ {
			w.reset()
			exit, want := m.RunFor(n), abi.ExitPoll
			if n > before {
				want = abi.ExitCallPAL
			}
			if exit != want || w.S.Icount != min(n, before) {
				t.Errorf("RunFor(%d): %v after %d", n, exit, w.S.Icount)
			}
		}
	}
	// The same where translated code comes to the instruction in time.
	w = newWorld(t, strings.Repeat("addq $1,1,$1\n", abi.PollReach+100)+"call_pal 0x80")
	m := New(&w.CPU, newTier(w))
	for range 50 {
		w.reset()
		if exit := m.RunFor(abi.PollReach + 100); exit != abi.ExitPoll || w.S.Icount != abi.PollReach+100 {
			t.Fatalf("%v after %d", exit, w.S.Icount)
		}
		if exit := m.RunFor(1); exit != abi.ExitCallPAL {
			t.Fatalf("%v behind it", exit)
		}
	}
}

// A tier that breaks the bound is found.
func TestOverrunIsBug(t *testing.T) {
	w := newWorld(t, "addq $1,1,$1\nbr $31,.-4")
	tr := newTier(w)
	tr.overrun = 4 * abi.PollReach
	m := New(&w.CPU, tr)
	defer func() {
		if p := fmt.Sprint(recover()); !strings.HasPrefix(p, "BUG: translated code that was to leave at instruction") {
			t.Errorf("panic %s", p)
		}
	}()
	for range 100 {
		w.reset()
		m.RunFor(20 * abi.PollReach)
	}
	t.Error("not found")
}

// Another goroutine ends runs at any time; no such end is lost, and each is between two
// instructions.
func TestLimitByOthers(t *testing.T) {
	w := newWorld(t, "addq $1,1,$1\naddq $2,1,$2\nbr $31,.-8")
	tr := newTier(w)
	for name, run := range map[string]func(*Mixed) abi.Exit{
		"Run":    (*Mixed).Run,
		"RunFor": func(m *Mixed) abi.Exit { return m.RunFor(math.MaxInt64 / 2) },
	} {
		for _, m := range []*Mixed{New(&w.CPU), New(&w.CPU, tr)} {
			w.reset()
			for range 100 {
				var done sync.WaitGroup
				atomic.StoreInt64(&w.S.Limit, math.MaxInt64)
				done.Go(func() { atomic.StoreInt64(&w.S.Limit, 0) })
				for atomic.LoadInt64(&w.S.Limit) != 0 { // Run may end for reasons of its own
					if exit := run(m); exit != abi.ExitPoll {
						t.Fatalf("%s: %v", name, exit)
					}
				}
				done.Wait()
				at := uint64(w.S.PC-codeVA) / 4
				n := uint64(w.S.Icount)
				if w.S.Limit != 0 || w.S.R[1] != (n+2)/3 || w.S.R[2] != (n+1)/3 || at != n%3 {
					t.Fatalf("%s: limit %d, after %d instructions at %d, counts %d and %d", name, w.S.Limit, n, at, w.S.R[1], w.S.R[2])
				}
			}
		}
	}
}

// A run by Run is of Quantum instructions where there is translated code, and leaves Limit
// as it was.
func TestQuantum(t *testing.T) {
	w := newWorld(t, "br $31,.+0")
	m := New(&w.CPU, newTier(w))
	if exit := m.Run(); exit != abi.ExitPoll || w.S.Icount < Quantum || w.S.Icount > Quantum+abi.PollReach || w.S.Limit != math.MaxInt64 {
		t.Errorf("%v after %d, limit %d", exit, w.S.Icount, w.S.Limit)
	}
}

// instant is a tier that does nothing, at once.
type instant struct{ *tier }

// Enter implements Tier.
func (i instant) Enter() (abi.Exit, bool) {
	i.w.S.Icount++
	return abi.ExitNone, true
}

// BenchmarkEnter measures what an entry costs beyond the tier.
func BenchmarkEnter(b *testing.B) {
	w := newWorld(b, "br $31,.+0")
	m := New(&w.CPU, instant{newTier(w)})
	for w.S.Limit = int64(b.N); w.S.Icount < int64(b.N); {
		m.Run()
	}
}
