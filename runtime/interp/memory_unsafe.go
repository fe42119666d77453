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
	ksegLimit              uint64         // loads: bytes from KSEGBase, 0 in user mode
	storeBias, storeOffset uint64         // stores: see abi.State.StoreKSEGBias
	storeLimit             uint64
	asnTag                 uint64
	rtlb, wtlb             *[abi.TLBEntries]abi.TLBEntry
}

// open sets the window up for the current mode and address space.
func (w *window) open(s *abi.State, ram []byte) {
	mode := s.Mode()
	*w = window{
		ram:    unsafe.Pointer(unsafe.SliceData(ram)),
		asnTag: s.ASNTag,
		rtlb:   &s.TLB[mode][abi.AccessRead],
		wtlb:   &s.TLB[mode][abi.AccessWrite],
	}
	w.ramBase = uint64(uintptr(w.ram))
	if mode == abi.ModeKernel {
		w.ksegLimit = s.RAMLimit[0]
		w.storeBias, w.storeLimit = s.StoreKSEGBias, s.StoreRAMLimit[0]
		w.storeOffset = s.StoreRAMBase - w.ramBase
	}
}

// kseg returns the host address for a load of align+1 bytes at va, if it goes
// to RAM through KSEG and is aligned; else nil.
func (w *window) kseg(va, align uint64) unsafe.Pointer {
	if off := va - abi.KSEGBase; off < w.ksegLimit && off&align == 0 {
		return unsafe.Add(w.ram, off)
	}
	return nil
}

// mapped is the same through the soft TLB.
func (w *window) mapped(va, align uint64) unsafe.Pointer {
	if e := &w.rtlb[va>>abi.PageShift%abi.TLBEntries]; (va&(abi.PageMask|align))^w.asnTag == e.Tag {
		return unsafe.Add(w.ram, va+e.Addend-w.ramBase)
	}
	return nil
}

// ksegW and mappedW are kseg and mapped for stores.
func (w *window) ksegW(va, align uint64) unsafe.Pointer {
	if off := va + w.storeBias; off < w.storeLimit && off&align == 0 {
		return unsafe.Add(w.ram, off+w.storeOffset)
	}
	return nil
}

func (w *window) mappedW(va, align uint64) unsafe.Pointer {
	if e := &w.wtlb[va>>abi.PageShift%abi.TLBEntries]; (va&(abi.PageMask|align))^w.asnTag == e.Tag {
		return unsafe.Add(w.ram, va+e.Addend-w.ramBase)
	}
	return nil
}

// fence orders all memory accesses before it with all after it: a locked host
// instruction.
func (c *CPU) fence() { atomic.AddUint32(&c.fenceWord, 0) }
