package state_test

import (
	"encoding/binary"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"axpress/runtime/state"
)

type part struct {
	a     uint8
	b     int16
	on    bool
	n     int
	list  []pair
	grid  [2][3]uint32
	text  string
	names map[string]pair
}

type pair struct {
	x uint64
	y bool
}

func (p *part) block() state.Block {
	return state.Block{Name: "part", Version: 3, Fields: []any{&p.a, &p.b, &p.on, &p.n, &p.list, &p.grid, &p.text, &p.names}}
}

func full() *part {
	return &part{
		a: 200, b: -3, on: true, n: -1 << 40, list: []pair{{1, true}, {1 << 63, false}},
		grid: [2][3]uint32{{1, 2, 3}, {4, 5, 6}}, text: "text", names: map[string]pair{"b": {2, true}, "a": {1, false}},
	}
}

func save(blocks ...state.Block) []byte {
	var w state.Writer
	for _, b := range blocks {
		w.Block(b)
	}
	return w.Bytes()
}

func TestBothWays(t *testing.T) {
	want := full()
	data := save(want.block(), state.Block{Name: "empty", Version: 1})
	if again := save(full().block(), state.Block{Name: "empty", Version: 1}); !slices.Equal(data, again) {
		t.Error("the same state gives other bytes")
	}
	got := &part{list: []pair{{9, true}}, names: map[string]pair{"old": {}}}
	r := state.NewReader(data)
	for _, err := range []error{r.Block(got.block()), r.Block(state.Block{Name: "empty", Version: 1}), r.Done()} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestRefusals(t *testing.T) {
	data := save(full().block())
	header := len(save(state.Block{Name: "part", Version: 3}))
	edit := func(fn func(p []byte) []byte) []byte { return fn(slices.Clone(data)) }
	long := func(p []byte, n int) []byte { // the block is n bytes longer
		binary.LittleEndian.PutUint32(p[header-4:], uint32(len(data)-header+n))
		return append(p, make([]byte, max(n, 0))...)
	}
	for name, tt := range map[string]struct {
		data []byte
		want string
	}{
		"nothing":     {nil, "part: no block is left"},
		"half":        {data[:len(data)/2], "bytes are left, expected"},
		"head":        {data[:5], "the bytes end in the head"},
		"another":     {save(state.Block{Name: "other", Version: 3}), `part: the next block is of "other"`},
		"version":     {edit(func(p []byte) []byte { p[5] = 2; return p }), "part: version 2, expected version 3"},
		"shape":       {save(state.Block{Name: "part", Version: 3, Fields: []any{new(uint8)}}), "with fields of shape"},
		"too long":    {edit(func(p []byte) []byte { return long(p, 1) }), "bytes, expected"},
		"too short":   {edit(func(p []byte) []byte { return long(p, -1)[:len(p)-1] }), "too short"},
		"truth value": {edit(func(p []byte) []byte { p[header+3] = 2; return p }), "field 3 of 8"},
		"big list":    {edit(func(p []byte) []byte { copy(p[header+12:], "\xff\xff\xff\xff"); return p }), "field 5 of 8"},
	} {
		got := full()
		r := state.NewReader(tt.data)
		err := r.Block(got.block())
		if !errors.Is(err, state.ErrRefused) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", name, err)
		}
		if !reflect.DeepEqual(got, full()) {
			t.Errorf("%s: fields have changed", name)
		}
	}
}

// What the part itself refuses leaves it as it was, too.
func TestCheck(t *testing.T) {
	data := save(full().block())
	got := &part{a: 7}
	b := got.block()
	b.Check = func() error {
		if got.a != 200 {
			t.Error("Check comes before the fields are set")
		}
		return errors.New("no such thing")
	}
	r := state.NewReader(data)
	if err := r.Block(b); !errors.Is(err, state.ErrRefused) || !strings.Contains(err.Error(), "part: no such thing") {
		t.Error(err)
	}
	if !reflect.DeepEqual(got, &part{a: 7}) {
		t.Errorf("fields have changed: %+v", got)
	}
	if err := r.Done(); err == nil || !strings.Contains(err.Error(), `a block of "part" that nobody expects`) {
		t.Error(err)
	}
}

func TestWiringPanics(t *testing.T) {
	for _, f := range []any{3, (*int)(nil), new(func()), new(error), new(*int), new(float64), &struct{ ch chan int }{}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%T is taken as state", f)
				}
			}()
			save(state.Block{Name: "x", Fields: []any{f}})
		}()
	}
}

// Bad bytes never panic, and what is loaded is saved as the same bytes.
func FuzzReader(f *testing.F) {
	data := save(full().block())
	f.Add(data)
	f.Add(data[:20])
	f.Fuzz(func(t *testing.T, data []byte) {
		got := full()
		r := state.NewReader(data)
		if err := r.Block(got.block()); err != nil {
			if !errors.Is(err, state.ErrRefused) || !reflect.DeepEqual(got, full()) {
				t.Fatalf("%v, %+v", err, got)
			}
			return
		}
		if again := save(got.block()); !slices.Equal(again, data[:len(again)]) {
			t.Errorf("loaded %+v from other bytes", got)
		}
	})
}
