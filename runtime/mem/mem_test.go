package mem

import (
	"testing"

	"axpress/runtime/abi"
)

func TestBadSizes(t *testing.T) {
	for _, size := range []uint64{0, 1, 8191, 8193, 1 << 43, ^uint64(0)} {
		if r, err := New(size); err == nil {
			t.Errorf("New(%#x) gave RAM of %#x bytes, want an error", size, r.Size())
		}
	}
}

func TestAccess(t *testing.T) {
	const size = 1 << 16
	r, err := New(size)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if !r.Write64(8, 0x0807060504030201) {
		t.Fatal("write in RAM refused")
	}
	if v, ok := r.Read8(10); v != 3 || !ok {
		t.Errorf("byte 2: %#x %v", v, ok)
	}
	if v, ok := r.Read16(10); v != 0x0403 || !ok {
		t.Errorf("word 1: %#x %v", v, ok)
	}
	if v, ok := r.Read32(12); v != 0x08070605 || !ok {
		t.Errorf("longword 1: %#x %v", v, ok)
	}
	if r.Bytes()[15] != 8 {
		t.Error("Bytes is not little-endian RAM")
	}
	for _, pa := range []uint64{size - 7, size, ^uint64(0), ^uint64(7)} {
		if _, ok := r.Read64(abi.PAddr(pa)); ok {
			t.Errorf("Read64(%#x) outside RAM succeeds", pa)
		}
		if r.Write64(abi.PAddr(pa), 1) {
			t.Errorf("Write64(%#x) outside RAM succeeds", pa)
		}
	}
	if _, ok := r.Slice(size-8, 9); ok {
		t.Error("Slice past the end")
	}
	if _, ok := r.Slice(1, ^uint64(0)); ok {
		t.Error("Slice that wraps")
	}
	if s, ok := r.Slice(8, 8); !ok || len(s) != 8 || s[0] != 1 {
		t.Error("Slice")
	}
}

func TestSwap(t *testing.T) {
	r, err := New(8192)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	r.Write64(16, 5)
	if swapped, ok := r.Swap64(16, 5, 6); !swapped || !ok {
		t.Error("matching swap failed")
	}
	if swapped, ok := r.Swap64(16, 5, 7); swapped || !ok {
		t.Error("stale swap succeeded")
	}
	if _, ok := r.Swap64(12, 0, 0); ok {
		t.Error("unaligned swap accepted")
	}
	if swapped, ok := r.Swap32(16, 6, 9); !swapped || !ok {
		t.Error("matching longword swap failed")
	}
	if _, ok := r.Swap32(8192, 0, 0); ok {
		t.Error("swap outside RAM accepted")
	}
}

func TestCloseTwice(t *testing.T) {
	r, err := New(8192)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
