package dispatch

import (
	"fmt"
	"slices"
	"sort"

	"axpress/runtime/abi"
	"axpress/runtime/mem"
)

// kernelCode is the translated text of the kernel, found by guest address.
type kernelCode struct {
	layers []*kernelLayer // the one to be preferred first
	lo, hi uint64         // physical addresses of the text
	watch  *mem.Watch
	noted  bool            // dirty has pages that killWritten has not seen
	dirty  map[uint64]bool // physical pages of text that were written
}

// kernelLayer is one translation of the kernel: of all of it, or of what is hot.
type kernelLayer struct {
	code   *abi.Code
	base   uint64 // host address of code.Text
	lo     uint64 // guest address of the first entry
	bits   []uint64
	killed map[uint32]bool // units that are no longer used, by code offset
	io     map[uint32]int  // accesses of hot units to I/O space
}

// newKernelCode takes charge of code, whose guest text is in ram.
func newKernelCode(code *abi.Code, ram *mem.RAM) (*kernelCode, error) {
	k := &kernelCode{lo: code.KernelLo, hi: code.KernelHi, dirty: map[uint64]bool{}}
	var err error
	if k.watch, err = ram.Watch(k.lo, k.hi); err != nil {
		return nil, err
	}
	k.layers = []*kernelLayer{newKernelLayer(code)}
	return k, nil
}

// addHot adds code, of functions that are in the first layer too, in front.
func (k *kernelCode) addHot(code *abi.Code) {
	k.layers = append([]*kernelLayer{newKernelLayer(code)}, k.layers...)
}

func newKernelLayer(code *abi.Code) *kernelLayer {
	l := &kernelLayer{code: code, base: addressOf(code.Text), killed: map[uint32]bool{}, io: map[uint32]int{}}
	if n := len(code.Entries); n > 0 {
		l.lo = code.Entries[0].PC
		l.bits = make([]uint64, (code.Entries[n-1].PC-l.lo)/4/64+1)
	}
	for _, e := range code.Entries {
		l.set(e.PC, true)
	}
	return l
}

func (l *kernelLayer) set(pc uint64, on bool) {
	i := (pc - l.lo) / 4
	if on {
		l.bits[i/64] |= 1 << (i % 64)
	} else {
		l.bits[i/64] &^= 1 << (i % 64)
	}
}

func (l *kernelLayer) has(pc uint64) bool {
	i := (pc - l.lo) / 4
	return i/64 < uint64(len(l.bits)) && l.bits[i/64]>>(i%64)&1 != 0
}

// has says whether there is an entry at pc.
func (k *kernelCode) has(pc uint64) bool {
	for _, l := range k.layers {
		if l.has(pc) {
			return true
		}
	}
	return false
}

func (k *kernelCode) lookup(pc uint64) (host, index uint64, ok bool) {
	for _, l := range k.layers {
		if !l.has(pc) {
			continue
		}
		es := l.code.Entries
		i := sort.Search(len(es), func(i int) bool { return es[i].PC >= pc })
		return l.base + uint64(es[i].Code), uint64(es[i].Index), true
	}
	return 0, 0, false
}

// written notes a store by somebody who does not go through ram, if it is one into
// the text.
func (k *kernelCode) written(pa uint64) {
	if pa >= k.lo&abi.PageMask && pa < k.hi {
		k.dirty[pa&abi.PageMask] = true
		k.noted = true
	}
}

// release gives the page at pa up as text, if it is one: somebody else is going to
// store to it through another mapping. The kernel frees the text of its
// initialisation.
func (k *kernelCode) release(pa uint64) error {
	if pa < k.lo&abi.PageMask || pa >= k.hi {
		return nil
	}
	k.written(pa)
	return k.watch.Release(pa, abi.PageSize)
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
	for _, l := range k.layers {
		l.kill(k.dirty)
	}
	return true
}

// kill disables the units made from dirty pages.
func (l *kernelLayer) kill(dirty map[uint64]bool) {
	for _, s := range l.code.Spans {
		if l.killed[s.Code] || !touched(s, dirty) {
			continue
		}
		l.killed[s.Code] = true
		patchReturn(l.code.Text, s.Code)
	}
	l.forget()
}

// forget takes the entries of killed units away.
func (l *kernelLayer) forget() {
	for _, e := range l.code.Entries {
		if l.killed[e.Code] {
			l.set(e.PC, false)
		}
	}
}

func touched(s abi.CodeSpan, dirty map[uint64]bool) bool {
	for p := s.Lo &^ abi.KSEGBase & abi.PageMask; p < s.Hi&^abi.KSEGBase; p += abi.PageSize {
		if dirty[p] {
			return true
		}
	}
	return false
}

// ioPatience is how many accesses to I/O space a hot unit may make. Each costs a
// host signal there; the other translation asks first.
const ioPatience = 32

// didIO notes that the hot unit that has pc accessed I/O space. It says whether the
// unit was replaced by the other translation because of that.
func (k *kernelCode) didIO(pc uint64) (replaced bool) {
	if len(k.layers) < 2 {
		return false
	}
	hot, all := k.layers[0], k.layers[1]
	for _, s := range hot.code.Spans {
		if pc < s.Lo || pc >= s.Hi || hot.killed[s.Code] {
			continue
		}
		if hot.io[s.Code]++; hot.io[s.Code] < ioPatience {
			return false
		}
		hot.killed[s.Code] = true
		if to, ok := all.twin(hot.entriesOf(s.Code)); ok {
			patchJump(hot.code.Text, s.Code, to)
		} else {
			patchReturn(hot.code.Text, s.Code)
		}
		hot.forget()
		return true
	}
	return false
}

// entriesOf returns the guest addresses of the entries of the unit at code, by index.
func (l *kernelLayer) entriesOf(code uint32) (pcs []uint64) {
	for _, e := range l.code.Entries {
		if e.Code == code {
			for uint32(len(pcs)) <= e.Index {
				pcs = append(pcs, 0)
			}
			pcs[e.Index] = e.PC
		}
	}
	return pcs
}

// twin returns the host address of the unit of l that has just these entries.
func (l *kernelLayer) twin(pcs []uint64) (host uint64, ok bool) {
	es := l.code.Entries
	i := sort.Search(len(es), func(i int) bool { return es[i].PC >= pcs[0] })
	if i == len(es) || !slices.Equal(l.entriesOf(es[i].Code), pcs) || l.killed[es[i].Code] {
		return 0, false
	}
	return l.base + uint64(es[i].Code), true
}
