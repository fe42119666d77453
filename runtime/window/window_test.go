package window

import (
	"runtime/debug"
	"testing"
	"unsafe"

	"axpress/runtime/abi"
	"axpress/runtime/mem"
)

const ramSize = 1 << 20

func newSet(t *testing.T) (*Set, *mem.RAM) {
	t.Helper()
	ram, err := mem.NewWide(ramSize)
	if err != nil {
		t.Fatal(err)
	}
	w, err := New(ram, NewKernel(ram), 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		if err := ram.Close(); err != nil {
			t.Error(err)
		}
	})
	return w, ram
}

// access reads or, with v, writes the byte at a host address; false: it faults.
func access(at uint64, v ...byte) (b byte, ok bool) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	p := (*byte)(*(*unsafe.Pointer)(unsafe.Pointer(&at)))
	if len(v) > 0 {
		*p = v[0]
	}
	return *p, true
}

func TestMap(t *testing.T) {
	w, ram := newSet(t)
	const va, pa = 0x12000_4000, 0x6000
	ram.Write8(pa+5, 42)
	if _, ok := access(w.Base(3) + va + 5); ok {
		t.Error("a page that is not mapped can be read")
	}
	w.Map(3, va, pa, false)
	if b, ok := access(w.Base(3) + va + 5); b != 42 || !ok {
		t.Errorf("read %d %v through the window, want 42", b, ok)
	}
	if _, ok := access(w.Base(3)+va+5, 1); ok {
		t.Error("a page that is not writable can be written")
	}
	w.Map(3, va, pa, true)
	if _, ok := access(w.Base(3)+va+6, 7); !ok {
		t.Error("a writable page cannot be written")
	}
	if b, _ := ram.Read8(pa + 6); b != 7 {
		t.Error("a store through the window is not in RAM")
	}
	if _, ok := access(w.Base(4) + va + 5); ok {
		t.Error("the page is in another address space too")
	}
	w.Map(4, va, pa, false)
	w.Drop(va + 100)
	for _, asn := range []uint64{3, 4} {
		if _, ok := access(w.Base(asn) + va + 5); ok {
			t.Errorf("dropped, but still in address space %d", asn)
		}
	}
	w.Map(3, 1<<abi.WindowBits, pa, true) // outside: nothing happens
	w.Map(3, va, pa, true)
	w.DropAll()
	if _, ok := access(w.Base(3) + va + 5); ok || w.pages != 0 {
		t.Errorf("after DropAll: mapped %v, %d pages", ok, w.pages)
	}
}

// More address spaces than windows: the one that was not used for longest goes.
func TestSlots(t *testing.T) {
	w, _ := newSet(t)
	const va, pa = 0x12000_0000, 0x2000
	for asn := range uint64(slots) {
		w.Map(asn, va, pa, false)
	}
	w.Base(0)
	w.Map(100, va, pa, false) // takes the window of 1
	if _, ok := access(w.Base(0) + va); !ok {
		t.Error("the window used last was taken")
	}
	if _, ok := access(w.Base(1) + va); ok {
		t.Error("a window was taken with its pages in it")
	}
}

func TestKernel(t *testing.T) {
	w, ram := newSet(t)
	const va, pa = 0xfffffffd_ffff_4000, 0x8000
	ram.Write8(pa, 9)
	host, _ := ram.Above(va - abi.KSEGBase)
	walk := func() (abi.PAddr, bool, bool) { return pa, true, true }
	w.MapKernel(va, walk)
	if b, ok := access(uint64(host)); b != 9 || !ok {
		t.Errorf("read %d %v, want 9", b, ok)
	}
	w.Drop(va)
	if _, ok := access(uint64(host)); ok {
		t.Error("dropped, but still there")
	}
	w.MapKernel(abi.KSEGBase, walk) // RAM itself: nothing happens
	if b, _ := ram.Read8(0); b != 0 {
		t.Error("a page was mapped over RAM")
	}
}
