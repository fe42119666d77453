package trace

import (
	"slices"

	"axpress/runtime/abi"
	"axpress/runtime/mem"
)

// store is the quadword of physical memory that a store overwrote in part.
type store struct {
	pa  abi.PAddr
	old uint64
}

// storeLog notes the interpreter's stores during a stretch.
type storeLog struct {
	ram    *mem.RAM
	on     bool
	stores []store
	pages  []abi.PAddr // host pages stored to, each once
	seen   []uint64    // by host page: a bit
}

func newStoreLog(ram *mem.RAM) *storeLog {
	return &storeLog{ram: ram, seen: make([]uint64, ram.Size()/mem.HostPage/64+1)}
}

// before is what mmu.WatchStores calls.
func (l *storeLog) before(pa abi.PAddr) {
	if !l.on {
		return
	}
	pa &^= 7
	old, ok := l.ram.Read64(pa)
	if !ok {
		return
	}
	l.stores = append(l.stores, store{pa, old})
	l.touch(pa)
}

// touch notes the page of pa.
func (l *storeLog) touch(pa abi.PAddr) {
	n := pa / mem.HostPage
	if bit := uint64(1) << (n % 64); l.seen[n/64]&bit == 0 {
		l.seen[n/64] |= bit
		l.pages = append(l.pages, n*mem.HostPage)
	}
}

func (l *storeLog) has(pa abi.PAddr) bool {
	n := pa / mem.HostPage
	return l.seen[n/64]>>(n%64)&1 != 0
}

// clear forgets everything.
func (l *storeLog) clear() {
	for _, pa := range l.pages {
		l.seen[pa/mem.HostPage/64] = 0
	}
	l.stores, l.pages = l.stores[:0], l.pages[:0]
}

// undo takes the stores back, last first, and forgets them.
func (l *storeLog) undo() {
	for _, s := range slices.Backward(l.stores) {
		l.ram.Write64(s.pa, s.old)
	}
	l.clear()
}

// original returns what the page at pa held before the stores.
func (l *storeLog) original(pa abi.PAddr) (page [mem.HostPage]byte) {
	b, _ := l.ram.Slice(pa, mem.HostPage)
	copy(page[:], b)
	for _, s := range slices.Backward(l.stores) {
		if s.pa&^(mem.HostPage-1) == pa {
			putQuad(page[s.pa-pa:], s.old)
		}
	}
	return page
}
