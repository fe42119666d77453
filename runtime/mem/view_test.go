package mem

import (
	"slices"
	"testing"

	"axpress/runtime/abi"
)

func TestView(t *testing.T) {
	const size = 1 << 20
	r, err := New(size)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	v, err := NewView(r)
	if err != nil {
		t.Fatal(err)
	}
	want := func(pa, shared, private uint64, pages ...abi.PAddr) {
		t.Helper()
		if got, _ := r.Read64(abi.PAddr(pa)); got != shared {
			t.Errorf("RAM at %#x: %d, want %d", pa, got, shared)
		}
		if got, _ := v.Read64(abi.PAddr(pa)); got != private {
			t.Errorf("view at %#x: %d, want %d", pa, got, private)
		}
		got, err := v.Private()
		if err != nil || !slices.Equal(got, pages) {
			t.Errorf("private pages %#x (%v), want %#x", got, err, pages)
		}
	}
	r.Write64(0x5008, 1)
	want(0x5008, 1, 1)
	v.Write64(0x5010, 2)
	want(0x5010, 0, 2, 0x5000)
	r.Write64(0x5008, 3) // a private page no longer follows
	r.Write64(0x9000, 3) // the others do
	want(0x5008, 3, 1, 0x5000)
	want(0x9000, 3, 3, 0x5000)
	for _, pa := range []uint64{0x5ff8, 0x6000} {
		if p, err := v.IsPrivate(abi.PAddr(pa)); err != nil || p != (pa < 0x6000) {
			t.Errorf("page of %#x private: %v (%v)", pa, p, err)
		}
	}
	if err := v.Discard(0x5ff8); err != nil {
		t.Fatal(err)
	}
	want(0x5008, 3, 3)
	v.Write64(0, 4)
	v.Write64(size-8, 4)
	want(0, 0, 4, 0, size-HostPage)
	if err := v.DiscardAll(); err != nil {
		t.Fatal(err)
	}
	want(0, 0, 0)
	for range 2 {
		if err := v.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if got, ok := r.Read64(0x9000); got != 3 || !ok {
		t.Error("closing the view closed the RAM")
	}
}
