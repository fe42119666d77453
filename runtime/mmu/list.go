package mmu

import (
	"cmp"
	"encoding/binary"
	"hash/fnv"
	"math/bits"
	"slices"

	"axpress/runtime/abi"
	"axpress/runtime/mem"
)

// List is the live translations of one CPU, as in a TLB without capacity: what the guest
// has accessed or fetched from since the last TBI that drops it. Where there is one, all
// other places that keep translations are caches of it. So what a guest sees that forgets
// a TBI depends neither on the size of caches nor on the engine.
//
// Pages of I/O space are never live: engines that leave such accesses to others find them
// by translating. KSEG has no translations.
type List struct {
	kernel *KernelList
	live   map[uint64]live             // by keyOf
	in     map[abi.VAddr]*asnSet       // by page: the address spaces that it may be live in
	code   [numASN]map[uint64]struct{} // the keys of instruction translations
	stale  uint64                      // see MMU.StaleCode
	// fetched counts the instruction translations that became live.
	fetched uint64
}

// KernelList is the live translations that hold in kernel mode in all address spaces:
// those of the kernel's part whose page table entry has ASM. It is one list for all CPUs
// of a machine, which take turns, as engines map these pages for all of them. So a TBI on
// one CPU drops them for all, which is always allowed.
type KernelList struct {
	live map[uint64]live // by keyOf with address space 0
	cpus []*MMU
}

// live is what a translation was made from.
type live struct {
	page abi.PAddr // physical address of the page
	leaf abi.PAddr // and of the page table entry
	pte  uint64    // its value then
}

// asnSet is a set of address space numbers.
type asnSet [numASN / 64]uint64

// NewKernelList returns an empty list for the CPUs of a machine.
func NewKernelList() *KernelList { return &KernelList{live: map[uint64]live{}} }

// NewList returns an empty list for a CPU of the machine that has k.
func NewList(k *KernelList) *List {
	return &List{kernel: k, live: map[uint64]live{}, in: map[abi.VAddr]*asnSet{}}
}

// KeepList makes l the authority on which translations are live. The MMU must be new, and
// no other have l.
func (m *MMU) KeepList(l *List) {
	m.list = l
	l.kernel.cpus = append(l.kernel.cpus, m)
}

// List returns the list, nil if there is none.
func (m *MMU) List() *List { return m.list }

// Fetched counts the instruction translations that became live.
func (l *List) Fetched() uint64 { return l.fetched }

// Kinds of access in a key.
const (
	kindRead  = 0
	kindWrite = 1
	kindExec  = 2

	keyModeShift = 2
	keyASNShift  = 3
)

// kindOf returns the kind of abi.MMAccess*.
func kindOf(access uint64) uint64 {
	if access == abi.MMAccessExec {
		return kindExec
	}
	return access & 1
}

// keyOf packs what a translation is found by: page, address space, mode and access.
func keyOf(va abi.VAddr, access uint64, mode int, asn uint64) uint64 {
	return uint64(va&abi.PageMask) | asn%numASN<<keyASNShift | uint64(mode&1)<<keyModeShift | kindOf(access)
}

// inKSEG says whether va has no translation, be it allowed or not.
func inKSEG(va abi.VAddr) bool { return va>>41&3 == 2 }

// inKernel says whether va is in the kernel's part of the address space.
func inKernel(va abi.VAddr) bool { return int64(va) < 0 }

// find returns where a live translation leads to.
func (l *List) find(va abi.VAddr, access uint64, mode int, asn uint64) (pa abi.PAddr, ok bool) {
	if mode == abi.ModeKernel && inKernel(va) {
		if pa, ok = l.kernel.find(va, access); ok {
			return pa, true
		}
	}
	t, ok := l.live[keyOf(va, access, mode, asn)]
	return t.page | abi.PAddr(va&^abi.PageMask), ok
}

func (k *KernelList) find(va abi.VAddr, access uint64) (pa abi.PAddr, ok bool) {
	t, ok := k.live[keyOf(va, access, abi.ModeKernel, 0)]
	return t.page | abi.PAddr(va&^abi.PageMask), ok
}

// add makes a translation live.
func (l *List) add(va abi.VAddr, access uint64, mode int, asn uint64, t live) {
	if kindOf(access) == kindExec {
		l.fetched++
	}
	if mode == abi.ModeKernel && inKernel(va) && t.pte&pteASM != 0 {
		l.kernel.live[keyOf(va, access, mode, 0)] = t
		return
	}
	l.put(keyOf(va, access, mode, asn), t)
}

// put enters a translation of one address space.
func (l *List) put(key uint64, t live) {
	l.live[key] = t
	page, asn := abi.VAddr(key&abi.PageMask), key>>keyASNShift%numASN
	if l.in[page] == nil {
		l.in[page] = &asnSet{}
	}
	l.in[page][asn/64] |= 1 << (asn % 64)
	if key&3 == kindExec {
		if l.code[asn] == nil {
			l.code[asn] = map[uint64]struct{}{}
		}
		l.code[asn][key] = struct{}{}
	}
}

func (l *List) remove(key uint64) {
	delete(l.live, key)
	if key&3 == kindExec {
		delete(l.code[key>>keyASNShift%numASN], key)
	}
}

// drop drops what an invalidation says.
func (l *List) drop(i Invalidation) {
	gone := [4]bool{kindRead: i.Data, kindWrite: i.Data, kindExec: i.Instructions}
	if !i.One {
		for key := range l.live {
			if gone[key&3] {
				l.remove(key)
			}
		}
		for key := range l.kernel.live {
			if gone[key&3] {
				delete(l.kernel.live, key)
			}
		}
		if i.Data && i.Instructions {
			clear(l.in)
		}
		return
	}
	for low := range uint64(1 << keyASNShift) { // mode and access
		if gone[low&3] {
			delete(l.kernel.live, uint64(i.VA)|low)
		}
	}
	set := l.in[i.VA]
	if set == nil {
		return
	}
	for n, word := range set {
		for ; word != 0; word &= word - 1 {
			asn := uint64(64*n + bits.TrailingZeros64(word))
			for low := range uint64(1 << keyASNShift) {
				if gone[low&3] {
					l.remove(uint64(i.VA) | asn<<keyASNShift | low)
				}
			}
		}
	}
	if i.Data && i.Instructions {
		delete(l.in, i.VA)
	}
}

// enter is told of the address space that is about to run. If what the page tables say of
// its code may be another by now (see spaces) its instruction translations are dropped.
func (l *List) enter(asn uint64, ram *mem.RAM) (dropped bool) {
	moved := false
	code := l.code[asn%numASN]
	for key := range code {
		t := l.live[key]
		pte, _ := ram.Read64(t.leaf)
		moved = moved || (pte^t.pte)&(pteV|ptePFN) != 0
		dropped = dropped || pte != t.pte || pte&pteWE != 0
	}
	if moved {
		l.stale++
	}
	if dropped {
		for key := range code {
			l.remove(key)
		}
	}
	return dropped
}

// concerns says whether an invalidation may drop translations of all CPUs.
func (k *KernelList) concerns(i Invalidation) bool { return !i.One || inKernel(i.VA) }

// uncacheOthers has the CPUs other than m forget what they have found.
func (k *KernelList) uncacheOthers(m *MMU, i Invalidation) {
	for _, other := range k.cpus {
		if other != m {
			other.uncache(i)
		}
	}
}

// translate is walk, by the list if there is one: a translation that is not live becomes so.
func (m *MMU) translate(va abi.VAddr, access uint64, mode int) (pa, leaf abi.PAddr, ok bool) {
	if m.list == nil || inKSEG(va) {
		return m.walk(va, access, mode)
	}
	if pa, ok = m.list.find(va, access, mode, m.s.ASN); ok {
		return pa, 0, true
	}
	pa, leaf, ok = m.walk(va, access, mode)
	if ok && pa < m.size {
		pte, _ := m.ram.Read64(leaf)
		m.list.add(va, access, mode, m.s.ASN, live{pa & abi.PageMask, leaf, pte})
	}
	return pa, leaf, ok
}

// isLive says whether an access would find its translation as it is, or needs none.
// Precondition: there is a list.
func (m *MMU) isLive(va abi.VAddr, access uint64, mode int) bool {
	if inKSEG(va) {
		return true
	}
	_, ok := m.list.find(va, access, mode, m.s.ASN)
	return ok
}

// Translation is a live translation.
type Translation struct {
	Global bool      // in all address spaces: one of a KernelList
	ASN    uint64    // of the address space; 0 if Global
	VPage  abi.VAddr // virtual address of the page
	Mode   int       // abi.Mode*
	Access uint64    // abi.MMAccess*
	PAPage abi.PAddr // physical address of the page
	LeafPA abi.PAddr // physical address of the page table entry
	Leaf   uint64    // that entry when the translation was made
}

// key is what t is found by.
func (t *Translation) key() uint64 { return keyOf(t.VPage, t.Access, t.Mode, t.ASN) }

// Live returns the live translations in canonical order: by page, address space, mode
// and access, and behind them those that all CPUs have. Without a list there are none.
func (m *MMU) Live() []Translation {
	if m.list == nil {
		return nil
	}
	return append(sorted(m.list.live, false), sorted(m.list.kernel.live, true)...)
}

func sorted(of map[uint64]live, global bool) (all []Translation) {
	access := [...]uint64{kindRead: abi.MMAccessRead, kindWrite: abi.MMAccessWrite, kindExec: abi.MMAccessExec}
	for key, t := range of {
		all = append(all, Translation{
			Global: global, ASN: key >> keyASNShift % numASN, VPage: abi.VAddr(key & abi.PageMask), Mode: int(key >> keyModeShift & 1),
			Access: access[key&3], PAPage: t.page, LeafPA: t.leaf, Leaf: t.pte,
		})
	}
	slices.SortFunc(all, func(a, b Translation) int { return cmp.Compare(a.key(), b.key()) })
	return all
}

// SetLive makes exactly these translations live, as Live has returned them, for this CPU
// and, of those of all CPUs, for all. Nothing stays cached. Precondition: there is a list.
func (m *MMU) SetLive(all []Translation) {
	everything := Invalidation{Instructions: true, Data: true}
	m.invalidate(everything)
	for _, t := range all {
		l := live{t.PAPage, t.LeafPA, t.Leaf}
		if t.Global {
			m.list.kernel.live[t.key()] = l
		} else {
			m.list.put(t.key(), l)
		}
	}
}

// Hash returns a number that tells lists of live translations apart.
func (m *MMU) Hash() uint64 {
	h := fnv.New64a()
	for _, t := range m.Live() {
		global := uint64(0)
		if t.Global {
			global = 1
		}
		for _, v := range [...]uint64{global, t.key(), uint64(t.PAPage), uint64(t.LeafPA), t.Leaf} {
			var b [8]byte
			binary.LittleEndian.PutUint64(b[:], v)
			h.Write(b[:])
		}
	}
	return h.Sum64()
}
