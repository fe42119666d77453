package cases

import (
	"encoding/binary"

	"axpress/runtime/abi"
)

// View is a place where the page that ends with the data is mapped by page tables.
type View struct {
	Name string
	// VA is the address of the data. Behind the view, and before it, nothing is mapped,
	// but for the read-only view, which the one without access follows.
	VA  uint64
	pte uint64
}

// viewsVA is where the views begin in the lower half of the address space, where
// programs live. ViewsHigh is added to get to those of the upper half, where kernel
// modules live: both have the same page tables.
const (
	viewsVA          = 0x1_2000_0000
	ViewsHigh uint64 = 0xfffffe00_00000000
)

// Bits of page table entries (Linux, arch/alpha/include/asm/pgtable.h).
const (
	pteV   = 1 << 0
	pteFOR = 1 << 1
	pteFOW = 1 << 2
	pteKRE = 1 << 8
	pteURE = 1 << 9
	pteKWE = 1 << 12
	pteUWE = 1 << 13

	pteRW = pteV | pteKRE | pteKWE
)

// pages is what is mapped from viewsVA on, page by page.
var pages = [...]View{
	{Name: "", pte: 0},
	{Name: "rw", pte: pteRW},
	{Name: "", pte: 0},
	{Name: "fow", pte: pteRW | pteFOW},         // fault on write
	{Name: "acv", pte: pteV | pteURE | pteUWE}, // no access for the kernel
	{Name: "", pte: 0},
	{Name: "for", pte: pteRW | pteFOR}, // fault on read
	{Name: "", pte: 0},
	{Name: "kre", pte: pteV | pteKRE}, // no store enabled
	{Name: "", pte: 0},
}

// Views returns the places at which the data can be seen besides DataVA, those in the
// lower half of the address space. The first is for all accesses.
func Views() (list []View) {
	for i, v := range pages {
		if v.pte != 0 {
			v.VA = viewsVA + uint64(i)*abi.PageSize + abi.PageSize - DataBytes
			list = append(list, v)
		}
	}
	return list
}

// Page tables, of a page each.
const (
	level1PA = 0x8000
	level2PA = level1PA + abi.PageSize
	level3PA = level2PA + abi.PageSize
)

// mapViews writes the page tables, and has the CPU use them.
func (g Guest) mapViews() {
	const levelBits, entries = 10, 1 << 10
	put := func(table, va uint64, level uint, v uint64) {
		i := va >> (abi.PageShift + levelBits*level) % entries
		binary.LittleEndian.PutUint64(g.RAM[table+8*i:], v)
	}
	pfn := func(pa uint64) uint64 { return pa >> abi.PageShift << 32 }
	for _, va := range [...]uint64{viewsVA, ViewsHigh + viewsVA} {
		put(level1PA, va, 2, pfn(level2PA)|pteV|pteKRE)
	}
	put(level2PA, viewsVA, 1, pfn(level3PA)|pteV|pteKRE)
	for i, v := range pages {
		if v.pte != 0 {
			put(level3PA, viewsVA+uint64(i)*abi.PageSize, 0, pfn(dataPage)|v.pte)
		}
	}
	g.S.PTBR = level1PA >> abi.PageShift
}
