package window

import (
	"sync"

	"golang.org/x/sys/unix"

	"axpress/runtime/abi"
	"axpress/runtime/mem"
)

// Kernel is the pages that are mapped above RAM, where the kernel's part of the address
// space is, for kernel mode in all address spaces. All CPUs see them, so a page that one
// CPU drops is dropped for all; they may use it from several goroutines.
type Kernel struct {
	ram *mem.RAM

	mu    sync.Mutex
	pages map[abi.VAddr]bool // by virtual address: whether it is writable
}

// NewKernel returns the kernel's pages of ram, none yet.
func NewKernel(ram *mem.RAM) *Kernel { return &Kernel{ram: ram, pages: map[abi.VAddr]bool{}} }

// add maps the page at va, if walk finds it in the page tables. No page can be dropped
// between the walk and the mapping: who changes the tables drops it later then.
func (k *Kernel) add(va abi.VAddr, walk func() (pa abi.PAddr, writable, ok bool)) (mapped bool) {
	at, ok := k.ram.Above(uint64(va - abi.KSEGBase))
	if !ok {
		return false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	pa, writable, ok := walk()
	if !ok || len(k.pages) >= maxPages {
		return false
	}
	prot := unix.PROT_READ
	if writable {
		prot |= unix.PROT_WRITE
	}
	if !mapPage(at, prot, unix.MAP_SHARED|unix.MAP_FIXED|unix.MAP_POPULATE, k.ram.FD(), int64(pa&abi.PageMask)) {
		return false
	}
	k.pages[va] = writable
	return true
}

// drop unmaps the page at va; it returns how many that were.
func (k *Kernel) drop(va abi.VAddr) uint64 {
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, ok := k.pages[va]; !ok {
		return 0
	}
	k.unmap(va)
	return 1
}

// dropAll unmaps all pages.
func (k *Kernel) dropAll() (n uint64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for va := range k.pages {
		k.unmap(va)
		n++
	}
	return n
}

func (k *Kernel) unmap(va abi.VAddr) {
	at, _ := k.ram.Above(uint64(va - abi.KSEGBase))
	unmap(at)
	delete(k.pages, va)
}
