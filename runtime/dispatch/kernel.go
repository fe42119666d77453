package dispatch

import (
	"fmt"
	"sort"

	"axpress/runtime/abi"
	"axpress/runtime/mem"
)

// kernelCode is the translated text of the kernel, found by guest address.
type kernelCode struct {
	code   *abi.Code
	base   uint64 // host address of code.Text
	lo     uint64 // guest address of the first entry
	bits   []uint64
	watch  *mem.Watch
	noted  bool            // dirty has pages that killWritten has not seen
	dirty  map[uint64]bool // physical pages of text that were written
	killed map[uint32]bool // units that may no longer match the text
}

// newKernelCode takes charge of code, whose guest text is in ram.
func newKernelCode(code *abi.Code, ram *mem.RAM) (*kernelCode, error) {
	k := &kernelCode{code: code, base: addressOf(code.Text), dirty: map[uint64]bool{}, killed: map[uint32]bool{}}
	var err error
	if k.watch, err = ram.Watch(code.KernelLo, code.KernelHi); err != nil {
		return nil, err
	}
	if n := len(code.Entries); n > 0 {
		k.lo = code.Entries[0].PC
		k.bits = make([]uint64, (code.Entries[n-1].PC-k.lo)/4/64+1)
	}
	for _, e := range code.Entries {
		k.set(e.PC, true)
	}
	return k, nil
}

func (k *kernelCode) set(pc uint64, on bool) {
	i := (pc - k.lo) / 4
	if on {
		k.bits[i/64] |= 1 << (i % 64)
	} else {
		k.bits[i/64] &^= 1 << (i % 64)
	}
}

// has says whether there is an entry at pc.
func (k *kernelCode) has(pc uint64) bool {
	i := (pc - k.lo) / 4
	return i/64 < uint64(len(k.bits)) && k.bits[i/64]>>(i%64)&1 != 0
}

func (k *kernelCode) lookup(pc uint64) (host, index uint64, ok bool) {
	if !k.has(pc) {
		return 0, 0, false
	}
	es := k.code.Entries
	i := sort.Search(len(es), func(i int) bool { return es[i].PC >= pc })
	return k.base + uint64(es[i].Code), uint64(es[i].Index), true
}

// written notes a store by somebody who does not go through ram, if it is one into
// the text.
func (k *kernelCode) written(pa uint64) {
	if pa >= k.code.KernelLo&abi.PageMask && pa < k.code.KernelHi {
		k.dirty[pa&abi.PageMask] = true
		k.noted = true
	}
}

// killWritten disables the units made from pages that were written since the
// last time: they are no longer found, and their code is patched to return at
// once to where it was entered, so that calls that are linked directly end up in
// the interpreter. It says whether there were any.
func (k *kernelCode) killWritten() bool {
	before := len(k.dirty)
	if err := k.watch.Written(func(pa uint64) { k.dirty[pa&abi.PageMask] = true }); err != nil {
		panic(fmt.Sprintf("BUG: %v", err))
	}
	if len(k.dirty) == before && !k.noted {
		return false
	}
	k.noted = false
	for _, s := range k.code.Spans {
		if k.killed[s.Code] || !k.touched(s) {
			continue
		}
		k.killed[s.Code] = true
		patchReturn(k.code.Text, s.Code)
	}
	for _, e := range k.code.Entries {
		if k.killed[e.Code] {
			k.set(e.PC, false)
		}
	}
	return true
}

func (k *kernelCode) touched(s abi.CodeSpan) bool {
	for p := s.Lo &^ abi.KSEGBase & abi.PageMask; p < s.Hi&^abi.KSEGBase; p += abi.PageSize {
		if k.dirty[p] {
			return true
		}
	}
	return false
}
