package interp

import (
	"sync/atomic"
	"unsafe"

	"axpress/runtime/abi"
)

// window is what the inline memory accesses need, valid for one Run: neither
// the mode nor the address space changes in between.
type window struct {
	ram                    unsafe.Pointer // physical address 0
	ramBase                uint64         // the same as a number
	ksegBias, ksegLimit    uint64         // loads: what makes offsets into ram of KSEG; bytes of it, 0 in user mode
	storeBias, storeOffset uint64         // stores: see abi.State.StoreKSEGBias
	storeLimit             uint64
	asnTag                 uint64
	rtlb, wtlb             *[abi.TLBEntries]abi.TLBEntry
}

// open sets the window up for the current mode and address space.
func (w *window) open(s *abi.State, ram []byte) {
	mode := s.Mode()
	*w = window{
		ram:      unsafe.Pointer(unsafe.SliceData(ram)),
		ksegBias: ^uint64(abi.KSEGBase) + 1, // less KSEGBase
		asnTag:   s.ASNTag,
		rtlb:     &s.TLB[mode][abi.AccessRead],
		wtlb:     &s.TLB[mode][abi.AccessWrite],
	}
	w.ramBase = uint64(uintptr(w.ram))
	if mode == abi.ModeKernel {
		w.ksegLimit = s.RAMLimit[0]
		w.storeBias, w.storeLimit = s.StoreKSEGBias, s.StoreRAMLimit[0]
		w.storeOffset = s.StoreRAMBase - w.ramBase
	}
}

// load returns the host address for a load of align+1 bytes at va, if it is aligned and goes to RAM through KSEG or through
// the soft TLB; else nil. It must stay small enough to be inlined.
func (w *window) load(va, align uint64) unsafe.Pointer {
	off := va + w.ksegBias
	if off < w.ksegLimit && off&align == 0 {
		return unsafe.Add(w.ram, off)
	}
	e := &w.rtlb[va>>abi.PageShift%abi.TLBEntries]
	if (va&(abi.PageMask|align))^w.asnTag != e.Tag {
		return nil
	}
	return unsafe.Add(w.ram, va+e.Addend-w.ramBase)
}

// store is load for stores.
func (w *window) store(va, align uint64) unsafe.Pointer {
	off := va + w.storeBias
	if off < w.storeLimit && off&align == 0 {
		return unsafe.Add(w.ram, off+w.storeOffset)
	}
	e := &w.wtlb[va>>abi.PageShift%abi.TLBEntries]
	if (va&(abi.PageMask|align))^w.asnTag != e.Tag {
		return nil
	}
	return unsafe.Add(w.ram, va+e.Addend-w.ramBase)
}

// fence orders all memory accesses before it with all after it: a locked host
// instruction.
func (c *CPU) fence() { atomic.AddUint32(&c.fenceWord, 0) }
