package mem

import (
	"slices"
	"testing"

	"axpress/runtime/abi"
)

func TestWatch(t *testing.T) {
	r, err := New(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	r.Write64(0x4000, 77)
	w, err := r.Watch(0x3000, 0x8001)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	written := func() (pages []uint64) {
		if err := w.Written(func(pa abi.PAddr) { pages = append(pages, uint64(pa)) }); err != nil {
			t.Fatal(err)
		}
		return pages
	}
	if v, _ := r.Read64(0x4000); v != 77 {
		t.Fatalf("watching changed memory to %d", v)
	}
	r.Write64(0x9000, 1)
	if p := written(); len(p) != 0 {
		t.Fatalf("written %#x before any store into the piece", p)
	}
	r.Write64(0x5008, 5)
	r.Write64(0x8ff8, 6)
	if p := written(); !slices.Equal(p, []uint64{0x5000, 0x8000}) {
		t.Fatalf("written %#x", p)
	}
	if v, _ := r.Read64(0x5008); v != 5 {
		t.Errorf("a store into the piece reads back as %d", v)
	}
	b := make([]byte, 8)
	if !w.Original(0x5008, b) || b[0] != 0 || !w.Original(0x4000, b) || b[0] != 77 {
		t.Errorf("originally % x", b)
	}
	if w.Original(0x9000, b) {
		t.Error("what is not watched has an original")
	}
	if _, err := r.Watch(0x100000-8, 0x100008); err == nil {
		t.Error("watching beyond the end is accepted")
	}
}
