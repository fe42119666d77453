package timers_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"axpress/runtime/device"
	"axpress/runtime/device/timers"
	"axpress/runtime/state"
)

type queue struct {
	*timers.Queue
	t      map[string]device.Timer
	called []string
	first  int
}

func newQueue(names ...string) *queue {
	q := &queue{t: map[string]device.Timer{}}
	q.Queue = timers.New(func() { q.first++ })
	for _, name := range names {
		q.t[name] = q.NewTimer(name, func() { q.called = append(q.called, name) })
	}
	return q
}

func TestOrder(t *testing.T) {
	q := newQueue("a", "b", "c", "d")
	if q.Next() != math.MaxUint64 {
		t.Error("a new queue has something due")
	}
	q.t["d"].Set(20)
	q.t["c"].Set(10)
	q.t["b"].Set(5)
	q.t["a"].Set(10)
	q.t["b"].Set(30)
	q.t["d"].Stop()
	q.t["d"].Stop()
	if q.first != 3 { // d, c, b; a is behind c, b is not first any more
		t.Errorf("%d times a new first one, want 3", q.first)
	}
	if at, on := q.t["b"].At(); at != 30 || !on || q.Next() != 10 {
		t.Errorf("b at %d, %v; next %d", at, on, q.Next())
	}
	if _, on := q.t["d"].At(); on {
		t.Error("a stopped timer is on")
	}
	q.Fire(9)
	q.Fire(29)
	if want := []string{"c", "a"}; !slices.Equal(q.called, want) {
		t.Errorf("called %q, want %q", q.called, want)
	}
	q.Fire(30)
	if want := []string{"c", "a", "b"}; !slices.Equal(q.called, want) || len(q.Pending()) != 0 {
		t.Errorf("called %q, want %q", q.called, want)
	}
}

// A timer that sets itself for the past is not called before the next Fire.
func TestFireEnds(t *testing.T) {
	q := timers.New(nil)
	n := 0
	var tm device.Timer
	tm = q.NewTimer("again", func() {
		if _, on := tm.At(); on {
			t.Error("a timer that calls is on")
		}
		n++
		tm.Set(0)
	})
	tm.Set(0)
	for want := 1; want <= 3; want++ {
		if q.Fire(7); n != want {
			t.Errorf("%d calls, want %d", n, want)
		}
	}
}

func TestNamesAreUnique(t *testing.T) {
	q := newQueue("a")
	defer func() {
		if p, _ := recover().(string); !strings.HasPrefix(p, "BUG:") || !strings.Contains(p, "a") {
			t.Errorf("panic %q", p)
		}
	}()
	q.NewTimer("a", func() {})
}

// A queue that was loaded calls in the same order as the one that was saved, equal
// times included, and what is set afterwards comes behind.
func TestSaveLoad(t *testing.T) {
	names := []string{"a", "b", "c", "d", "e", "f"}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		q, l := newQueue(names...), newQueue(names...)
		for range 12 {
			name := names[rng.IntN(len(names))]
			if rng.IntN(4) == 0 {
				q.t[name].Stop()
			} else {
				q.t[name].Set(rng.Uint64N(3))
			}
		}
		l.t["a"].Set(1) // goes
		var w state.Writer
		q.Save(&w)
		if err := l.Load(state.NewReader(w.Bytes())); err != nil {
			t.Fatal(err)
		}
		last := names[rng.IntN(len(names))]
		for _, x := range []*queue{q, l} {
			x.t[last].Set(1)
			x.Fire(2)
		}
		if !slices.Equal(q.called, l.called) {
			t.Fatalf("loaded %q, saved %q", l.called, q.called)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	q := newQueue("a", "b")
	q.t["b"].Set(7)
	var w state.Writer
	q.Save(&w)
	other := newQueue("a", "c")
	other.t["c"].Set(9)
	err := other.Load(state.NewReader(w.Bytes()))
	if !errors.Is(err, state.ErrRefused) || !strings.Contains(err.Error(), `there is no timer "b", only ["a" "c"]`) {
		t.Error(err)
	}
	if at, on := other.t["c"].At(); at != 9 || !on {
		t.Error("a refused state changed the queue")
	}
	type pending = map[string]timers.Pending
	for _, p := range []pending{{"a": {At: 1, Seq: 2}}, {"a": {At: 1, Seq: 1}, "c": {At: 1, Seq: 1}}} {
		var w state.Writer
		seq := uint64(2)
		w.Block(state.Block{Name: "timers", Version: 1, Fields: []any{&seq, &p}})
		if err := other.Load(state.NewReader(w.Bytes())); !errors.Is(err, state.ErrRefused) {
			t.Errorf("%v: %v", p, err)
		}
	}
}
