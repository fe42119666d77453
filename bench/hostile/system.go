package hostile

// Registers of the items of this file.
const (
	regEntry = 8
	regTable = 9
)

// Where control blocks and the tables of selfMap and userMode lie.
const (
	pcbVA  = dataVA + 0x20000
	rootVA = dataVA + 0x30000 // three pages: one table of each level
	ptes   = 1024             // in a table
	// valid is an entry's: valid, read and written by the kernel and by programs.
	valid = 0x3301
)

// put stores a quadword at a virtual address.
func (g *generator) put(va, v uint64) {
	g.load(regTable, va)
	g.load(regEntry, v)
	g.line("stq $%d,0($%d)", regEntry, regTable)
}

// switchTo is swpctx to a control block with a root of page tables, by its page frame, and an address space's number.
func (g *generator) switchTo(root, asn uint64) {
	g.put(pcbVA, stackVA)
	g.put(pcbVA+8, stackVA-0x1000) // of user mode
	g.put(pcbVA+16, root)
	g.put(pcbVA+24, asn<<32)
	g.load(16, pcbVA-kseg)
	g.line("call_pal %#x", palSwpctx)
}

// context switches to an address space that is odd: its tables are outside of memory, in I/O space, in the text; or it
// has another number, or one that was used before with other tables, and nothing is invalidated.
func (g *generator) context() {
	r := g.rng.Uint64()
	frames := []uint64{
		(rootVA - kseg) >> 13, (dataVA-kseg)>>13 + r%8, // fair ones
		r, 64 << 20 >> 13, 1<<44>>13 - 1, // outside
		1<<43>>13 + r%(1<<30), // I/O space
		(textPA + 0x2000) >> 13, 2,
	}
	g.switchTo(frames[g.rng.IntN(len(frames))], []uint64{0, r % 4, 255, r >> 32}[g.rng.IntN(4)])
	if g.rng.IntN(2) == 0 {
		g.load(regTable, 0x20000000+r>>20%(8<<13))
		g.access(regTable)
	}
}

// selfMap makes a table of the first level that is also that of the second and third, as Linux has it, or nearly so;
// then it reads and writes entries through that, so that a mapping changes itself.
func (g *generator) selfMap() {
	index := g.rng.Uint64() % ptes
	entry := (rootVA-kseg)>>13<<32 | valid | uint64(g.rng.IntN(32))&^1
	g.put(rootVA+8*index, entry)
	if g.rng.IntN(4) != 0 {
		g.switchTo((rootVA-kseg)>>13, uint64(g.rng.IntN(3)))
	}
	base := uint64(int64((index<<33|index<<23|index<<13)<<21) >> 21) // 43 bits, sign-extended
	g.load(16, base)
	if g.rng.IntN(3) == 0 {
		g.line("call_pal 0x2d") // wrvptptr
	}
	for range 2 + g.rng.IntN(3) {
		g.load(regTable, base+8*(g.rng.Uint64()%ptes))
		if g.rng.IntN(3) == 0 {
			g.load(regTable, base+8*index) // the entry that maps it
		}
		g.access(regTable)
	}
	if g.rng.IntN(2) == 0 {
		g.load(17, base)
		g.line("lda $16,%d(zero)", g.rng.IntN(6)-2)
		g.line("call_pal %#x", palTbi)
	}
}

// userVA is where userMode maps the text for a program; address has nothing near it.
const userVA = 0x40000000

// userMode maps the text for programs and goes on in a block, in user mode.
func (g *generator) userMode() {
	frame := func(level uint64) uint64 { return (rootVA + level<<13 - kseg) >> 13 }
	g.put(rootVA+8*(userVA>>33), frame(1)<<32|valid)
	g.put(rootVA+1<<13+8*(userVA>>23%ptes), frame(2)<<32|valid)
	pages := uint64(len(g.words))*4>>13 + 1
	for page := range min(pages, 12) {
		rights := uint64(valid)
		if g.rng.IntN(12) == 0 {
			rights = g.rng.Uint64() & 0xffff
		}
		g.put(rootVA+2<<13+8*(userVA>>13%ptes+page), (textPA>>13+page)<<32|rights)
	}
	g.switchTo(frame(0), uint64(g.rng.IntN(256)))
	g.line("lda $16,-2(zero)")
	g.line("call_pal %#x", palTbi)
	to := g.blocks[g.rng.IntN(len(g.blocks))] - textVA + userVA
	if g.rng.IntN(4) == 0 {
		to = g.rng.Uint64()
	}
	// what rti takes from the stack: PS, PC, GP, a0 to a2
	const user, quads = 8, 6
	for i, v := range [quads]uint64{user | uint64(g.rng.IntN(16)&g.rng.IntN(16)&7), to, g.address(), g.address(), g.address(), g.address()} {
		g.put(stackVA-8*quads+8*uint64(i), v)
	}
	g.load(30, stackVA-8*quads)
	g.line("call_pal %#x", palRti)
}

// entryPoint gives a trap another place to go to, mostly in the text, and causes one.
func (g *generator) entryPoint() {
	to := textVA + g.rng.Uint64()%uint64(4*len(g.words))
	if g.rng.IntN(4) == 0 {
		to = g.address()
	}
	g.load(16, to)
	g.line("lda $17,%d(zero)", g.rng.IntN(8))
	g.line("call_pal %#x", palWrent)
	g.trap()
}

// stackPointer is at an odd place when a trap comes. Most of them can be written to, or the guest would end.
func (g *generator) stackPointer() {
	places := []uint64{stackVA - 4, stackVA - 1, stackVA + 3, textVA + 0x3fff00, dataVA + 8, rootVA + 32, kseg + 64<<20, kseg + 0x4000}
	at := places[g.rng.IntN(len(places))]
	if g.rng.IntN(6) == 0 {
		at = g.address()
	}
	g.load(30, at)
	g.trap()
	g.restoreStack()
}

// trap causes a trap of some kind.
func (g *generator) trap() {
	switch g.rng.IntN(5) {
	case 0:
		g.line("call_pal 0x80") // bpt
	case 1:
		g.line("call_pal 0xaa") // gentrap
	case 2:
		g.line("ldq $1,1($31)") // unaligned
	case 3:
		g.line("stq $1,8($31)") // no such page, most often
	default:
		g.words = append(g.words, 0x04000000) // no instruction
	}
}
