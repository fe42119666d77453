package mmu

import (
	"axpress/runtime/abi"
	"axpress/runtime/mem"
)

// spaces is what the page tables said of the code of each address space when it was last
// translated. It is compared when the address space is entered, for the sake of
// debuggers: they write breakpoints into code of another process, which gets its own
// copy of the page at the first, and Linux 6.1 for SMP neither drops the translation nor
// makes the instruction cache see the store on the CPU that does so (Linux,
// arch/alpha/kernel/smp.c flush_tlb_page, flush_icache_user_page: other CPUs alone are
// told). Where translations last no longer than a few context switches, as in QEMU or a TLB
// of few entries, that is not noticed; ours last until they are invalidated.
//
// Data are another matter: there a stale translation is what the guest sees, as on a
// real machine.
type spaces struct {
	of    [numASN]space
	stale uint64 // times that one was entered of which a page had moved
}

// numASN: EV6 has 8 bits of address space number; of others there are fewer.
const numASN = 256

// space is the code of an address space that was translated since the last invalidation.
type space struct {
	leaves []leaf
	// dirty: there is a page whose entry enables writes, be it for the kernel alone or with
	// a fault on write. Linux sets the enables when a page is dirty (arch/alpha/include/asm/pgtable.h
	// pte_mkdirty), not for text as it comes from a file. What is in it may have changed.
	dirty bool
}

// leaf is a page table entry.
type leaf struct {
	pa  abi.PAddr
	pte uint64
}

// maxLeaves bounds space.leaves: a space with more is as good as dirty.
const maxLeaves = 1024

// note is told that a fetch in the address space was translated by the entry at pa.
func (t *spaces) note(asn uint64, pa abi.PAddr, ram *mem.RAM) {
	pte, ok := ram.Read64(pa)
	if pa == 0 || !ok {
		return // KSEG
	}
	s := &t.of[asn%numASN]
	s.dirty = s.dirty || pte&pteWE != 0 || len(s.leaves) == maxLeaves
	for i := range s.leaves {
		if s.leaves[i].pa == pa {
			s.leaves[i].pte = pte
			return
		}
	}
	if len(s.leaves) < maxLeaves {
		s.leaves = append(s.leaves, leaf{pa, pte})
	}
}

// enter is told of the address space that is about to run, which is not the last one.
// drop: what is known of its code may be wrong.
func (t *spaces) enter(asn uint64, ram *mem.RAM) (drop bool) {
	s := &t.of[asn%numASN]
	for _, l := range s.leaves {
		pte, _ := ram.Read64(l.pa)
		if pte == l.pte {
			continue
		}
		if (pte^l.pte)&(pteV|ptePFN) != 0 {
			t.stale++
		}
		return true
	}
	return s.dirty
}

// forget is told that all instruction translations have been dropped.
func (t *spaces) forget() {
	for i := range t.of {
		t.of[i].leaves, t.of[i].dirty = t.of[i].leaves[:0], false
	}
}
