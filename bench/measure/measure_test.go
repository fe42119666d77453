package measure

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"axpress/bench/workloads"
)

// fake is an engine that takes a fixed time, and logs what happens to it.
type fake struct {
	engine Engine
	log    *[]string
	sample func(name string, n int) (sample, error)
	n      *int // runs of all of the engine's sessions
	paused bool
}

func (f *fake) run(_ context.Context, name string) (sample, error) {
	*f.log = append(*f.log, fmt.Sprintf("%s %s", f.engine, name))
	*f.n++
	return f.sample(name, *f.n)
}
func (f *fake) pause()                       { f.paused = true }
func (f *fake) resume(context.Context) error { f.paused = false; return nil }
func (f *fake) close(context.Context) error {
	*f.log = append(*f.log, fmt.Sprintf("%s closed", f.engine))
	return nil
}

// quiet is a Reporter of nobody.
type quiet struct{ notes []string }

func (q *quiet) Note(line string) { q.notes = append(q.notes, line) }
func (*quiet) Begin(int)          {}
func (*quiet) Step(string)        {}
func (*quiet) End()               {}

// newBench returns a bench of fakes, and its log.
func newBench(c Config, samples func(e Engine, name string, n int) (sample, error)) (*bench, *[]string) {
	log := &[]string{}
	c.Limit = time.Minute
	c.Report = &quiet{}
	b := &bench{Config: &c, sessions: map[place]runner{}, warm: func(context.Context) { *log = append(*log, "warm") }}
	counts := map[Engine]*int{}
	b.start = func(_ context.Context, at place) (runner, error) {
		e := at.Engine
		*log = append(*log, fmt.Sprintf("%s started", e))
		if counts[e] == nil {
			counts[e] = new(int)
		}
		return &fake{engine: e, log: log, n: counts[e], sample: func(name string, n int) (sample, error) { return samples(e, name, n) }}, nil
	}
	return b, log
}

func seconds(s float64) sample {
	d := time.Duration(s * float64(time.Second))
	return sample{host: d, guest: d, output: "ab 2"}
}

func all(t *testing.T, b *bench) []Row {
	t.Helper()
	rows, err := b.all(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// Engines take turns; the first run is not counted; the interpreter runs once.
func TestTurns(t *testing.T) {
	c := Config{Engines: []Engine{Native, Interp, QEMU}, Runs: 2, Workloads: []workloads.Workload{{Name: "w", Group: workloads.Integer}}}
	b, log := newBench(c, func(_ Engine, _ string, n int) (sample, error) { return seconds(float64(n)), nil })
	r := all(t, b)[0]
	want := "native started, native w, qemu started, qemu w, interp started, interp w, qemu w, native w, qemu w, native w"
	if got := strings.Join((*log)[:10], ", "); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if got := len(*log); got != 13 {
		t.Errorf("%d events, want 10 and three closed sessions: %q", got, *log)
	}
	if got := r.Engines[Native].Seconds; !slices.Equal(got, []float64{2, 3}) {
		t.Errorf("native %v: the first run counts", got)
	}
	if got := r.Engines[Interp].Seconds; !slices.Equal(got, []float64{1}) {
		t.Errorf("interp %v", got)
	}
	if got := b.steps(); got != 7 {
		t.Errorf("%d steps, want 7", got)
	}
}

// What is compared with another workload takes turns with it, each in a machine that has its number of CPUs. Machines that
// are not needed any more are ended. Before each run of the rows about two CPUs the host's processors are warmed up.
func TestPairs(t *testing.T) {
	c := Config{Engines: []Engine{Native, Go}, Runs: 1, Workloads: []workloads.Workload{
		{Name: "w"}, {Name: "x-1", Group: workloads.SMP}, {Name: "x", Group: workloads.SMP, SMP: true, OneCPU: "x-1"}, {Name: "y", SMP: true},
	}}
	b, log := newBench(c, func(Engine, string, int) (sample, error) { return seconds(1), nil })
	rows := all(t, b)
	want := "native started, native w, go started, go w, go w, native w, " +
		"warm, native x-1, warm, native started, native x, warm, go x-1, warm, go x-1, warm, native x-1, warm, native x"
	if got := strings.Join(*log, ", "); !strings.HasPrefix(got, want) {
		t.Errorf("%s\nwant %s", got, want)
	}
	rest := strings.Join((*log)[19:], ", ")
	if rest != "native closed, go closed, native y, native y, native closed" && rest != "go closed, native closed, native y, native y, native closed" {
		t.Errorf("%s", rest)
	}
	var names []string
	for _, r := range rows {
		names = append(names, r.Name)
	}
	if !slices.Equal(names, []string{"w", "x-1", "x", "y"}) || rows[2].Engines[Go] != nil || len(rows[2].Engines[Native].Seconds) != 1 {
		t.Errorf("%q, %+v", names, rows[2])
	}
}

func TestCold(t *testing.T) {
	c := Config{Engines: []Engine{Native}, Runs: 2, Cold: true, Workloads: []workloads.Workload{{Name: "w"}}}
	b, _ := newBench(c, func(_ Engine, _ string, n int) (sample, error) { return seconds(float64(n)), nil })
	if got := all(t, b)[0].Engines[Native].Seconds; !slices.Equal(got, []float64{1, 2}) {
		t.Errorf("%v", got)
	}
}

// Processor time is taken for the time when it is asked for; the guest's clock says nothing about it.
func TestProcessorTimeInstead(t *testing.T) {
	for _, cpu := range []bool{false, true} {
		c := Config{Engines: []Engine{Native}, Runs: 1, CPU: cpu, Workloads: []workloads.Workload{{Name: "w"}}}
		b, _ := newBench(c, func(Engine, string, int) (sample, error) {
			s := seconds(2)
			s.cpu = time.Second
			return s, nil
		})
		cell := all(t, b)[0].Engines[Native]
		want := []float64{2}
		if cpu {
			want = []float64{1}
		}
		if !slices.Equal(cell.Seconds, want) || (len(cell.Guest) == 0) != cpu {
			t.Errorf("CPU %v: %+v", cpu, cell)
		}
	}
}

// Only workloads without a kernel of the guest's own run in user mode.
func TestUserMode(t *testing.T) {
	c := Config{Engines: []Engine{Host, User}, Runs: 1, Workloads: []workloads.Workload{{Name: "i", Group: workloads.Integer}, {Name: "k", Group: workloads.Kernel}}}
	b, _ := newBench(c, func(Engine, string, int) (sample, error) { return seconds(1), nil })
	rows := all(t, b)
	if rows[0].Engines[User] == nil || rows[1].Engines[User] != nil || rows[1].Engines[Host] == nil {
		t.Errorf("%+v", rows)
	}
}

// What most engines say is right.
func TestWrongOutput(t *testing.T) {
	c := Config{Engines: []Engine{Host, Native, QEMU}, Runs: 1, Workloads: []workloads.Workload{{Name: "w"}, {Name: "v"}}}
	b, _ := newBench(c, func(e Engine, name string, n int) (sample, error) {
		s := seconds(1)
		if e == Native && name == "w" {
			s.output = "ff 2"
		}
		return s, nil
	})
	rows := all(t, b)
	if e := rows[0].Engines[Native].Error; !strings.Contains(e, "output is wrong: ff 2; others have ab 2") {
		t.Errorf("native: %q", e)
	}
	if !rows[0].Engines[Host].Good() || !rows[0].Engines[QEMU].Good() || !rows[1].Engines[Native].Good() {
		t.Errorf("the others are good: %+v", rows)
	}
	r := Result{Rows: rows}
	if f := r.Failed(); len(f) != 1 || !strings.HasPrefix(f[0], "w, native: ") {
		t.Errorf("failed: %q", f)
	}
	if q := b.Report.(*quiet).notes; len(q) != 1 {
		t.Errorf("notes %q", q)
	}
}

func TestUnsteadyOutputAndStatus(t *testing.T) {
	c := Config{Engines: []Engine{Native, QEMU}, Runs: 3, Workloads: []workloads.Workload{{Name: "w"}}}
	b, _ := newBench(c, func(e Engine, _ string, n int) (sample, error) {
		s := seconds(1)
		if e == Native && n == 3 {
			s.output = "ff 2"
		}
		if e == QEMU {
			s.status, s.said = 9, []string{"no", "way"}
		}
		return s, nil
	})
	r := all(t, b)[0]
	if e := r.Engines[Native].Error; !strings.Contains(e, "two runs differ") {
		t.Errorf("native: %q", e)
	}
	if e := r.Engines[QEMU].Error; e != "exit status 9; no; way" {
		t.Errorf("qemu: %q", e)
	}
}

// A session that dies fails its workload; the next has a new session.
func TestSessionDies(t *testing.T) {
	c := Config{Engines: []Engine{Native}, Runs: 1, Workloads: []workloads.Workload{{Name: "v"}, {Name: "w"}}}
	b, log := newBench(c, func(_ Engine, name string, _ int) (sample, error) {
		if name == "v" {
			return sample{}, errEnded
		}
		return seconds(1), nil
	})
	rows := all(t, b)
	if rows[0].Engines[Native].Error != errEnded.Error() || !rows[1].Engines[Native].Good() {
		t.Errorf("%+v, %+v", rows[0].Engines[Native], rows[1].Engines[Native])
	}
	want := []string{"native started", "native v", "native closed", "native started", "native w", "native w", "native closed"}
	if !slices.Equal(*log, want) {
		t.Errorf("%q", *log)
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c := Config{Engines: []Engine{Native, QEMU}, Runs: 1, Workloads: []workloads.Workload{{Name: "w"}}}
	b, log := newBench(c, func(e Engine, _ string, _ int) (sample, error) {
		if e == QEMU {
			cancel()
			return sample{}, ctx.Err()
		}
		return seconds(1), nil
	})
	if _, err := b.all(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if len(b.sessions) != 0 || !slices.Contains(*log, "native closed") || !slices.Contains(*log, "qemu closed") {
		t.Errorf("sessions are left: %q", *log)
	}
}
