package mem

import (
	"slices"
	"testing"

	"axpress/runtime/abi"
)

// Touched tells of what was stored to, also where that is in a private copy only, and of
// little else.
func TestTouched(t *testing.T) {
	r, err := New(64 << 20)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	touched := func() (all []span) {
		if err := r.Touched(func(lo, hi abi.PAddr) { all = append(all, span{lo, hi}) }); err != nil {
			t.Fatal(err)
		}
		return all
	}
	if all := touched(); len(all) != 0 {
		t.Errorf("new RAM: %x", all)
	}
	w, err := r.Watch(0x200000, 0x210000)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	r.Write8(0x200fff, 1)
	r.Write8(63<<20+4096, 1)
	r.Write8(0x3fff, 1)
	want := []span{{0x2000, 0x4000}, {0x200000, 0x210000}, {63 << 20, 63<<20 + 0x2000}}
	if all := touched(); !slices.Equal(all, want) {
		t.Errorf("touched %x, want %x", all, want)
	}
	r.Write8(0x1fffff, 1) // next to what is watched, and in it
	r.Write8(0x20ffff, 1)
	total := uint64(0)
	last := uint64(0)
	for _, s := range touched() {
		if s.lo < abi.PAddr(last) || s.lo >= s.hi {
			t.Errorf("out of order: %x", touched())
		}
		last, total = uint64(s.hi), total+uint64(s.hi-s.lo)
	}
	if total != 0x2000+0x12000+0x2000 {
		t.Errorf("%x in all: %x", total, touched())
	}
}
