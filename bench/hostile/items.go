package hostile

import "axpress/lifter/isa"

// item is one thing that a block does.
type item struct {
	weight int
	emit   func(g *generator)
}

// items are what blocks are made of.
func items() []item {
	return []item{
		{6, (*generator).instruction},
		{5, (*generator).deviceAccess},
		{4, (*generator).callPAL},
		{3, (*generator).pageTable},
		{3, (*generator).wildAccess},
		{2, (*generator).wildJump},
		{2, (*generator).selfModify},
		{2, (*generator).locked},
		{2, (*generator).context},
		{1, (*generator).selfMap},
		{1, (*generator).userMode},
		{1, (*generator).entryPoint},
		{1, (*generator).stackPointer},
		{1, (*generator).word},
	}
}

// block appends a block: it begins with registers that point somewhere, and ends with a jump to another.
func (g *generator) block() {
	g.blocks = append(g.blocks, g.here())
	g.restoreStack()
	for range 3 {
		g.load(g.reg(), g.address())
	}
	all, total := items(), 0
	for _, i := range all {
		total += i.weight
	}
	for range itemsEach {
		pick := g.rng.IntN(total)
		for _, i := range all {
			if pick -= i.weight; pick < 0 {
				i.emit(g)
				break
			}
		}
	}
	g.line("br zero,%#x", g.blocks[g.rng.IntN(len(g.blocks))]) // back: the handler goes forward
}

// reg is a register that a block may use; the stack pointer hardly ever, because most kernels end at the next trap then.
func (g *generator) reg() int {
	if g.rng.IntN(500) == 0 {
		return 30
	}
	return g.rng.IntN(30)
}

// restoreStack gives the stack pointer its value, mostly.
func (g *generator) restoreStack() {
	if g.rng.IntN(16) != 0 {
		g.load(30, stackVA)
	}
}

// address is a virtual address with something behind it, or with nothing. A coherent kernel has none in its text: a
// store there would change code without saying so.
func (g *generator) address() uint64 {
	for {
		a := g.anyAddress()
		if !g.coherent || a+textReach < textVA || a >= textVA+maxText+textReach {
			return a
		}
	}
}

func (g *generator) anyAddress() uint64 {
	r := g.rng.Uint64()
	switch g.rng.IntN(10) {
	case 0:
		return r
	case 1:
		return kseg + r%(64<<20)
	case 2:
		return g.deviceAddress()
	case 3:
		return textVA + r%(blocks*itemsEach*16)&^3
	case 4:
		return dataVA + 8192*(r%64) + r>>32%1024*8
	case 5:
		return 0xfffffffe00000000 + r%(1<<34) // where the page tables are seen
	case 6:
		return r % (1 << 42)
	case 7:
		return kseg + r%(1<<41)
	case 8:
		return kseg + r%consoleBytes // what the console has told the kernel, and the page table of the boot
	default:
		return 0x20000000 + r%(1<<24)
	}
}

// deviceAddress is one of the board's registers, or near them.
func (g *generator) deviceAddress() uint64 {
	bases := []uint64{0x1a0000000, 0x180000000, 0x1b0000000, 0x1fc000000, 0x1fc000000, 0x1fe000000, 0x1f8000000, 0, 0x100000000, 0x380000000}
	off := g.rng.Uint64()
	switch g.rng.IntN(4) {
	case 0:
		off %= 0x1000
	case 1:
		off = off % 64 << 6
	case 2:
		ports := []uint64{0x20, 0x21, 0x40, 0x43, 0x60, 0x61, 0x64, 0x70, 0x71, 0x80, 0xa0, 0xa1, 0x2f8, 0x3f8, 0x3f9, 0x3fb, 0x3fd, 0x4d0, 0x4d1, 0xcf8, 0xcfc}
		off = ports[off%uint64(len(ports))]
	default:
		off %= 1 << 25
	}
	return device + bases[g.rng.IntN(len(bases))] + off
}

// instruction is any instruction of the table; callPAL makes those calls. The stack pointer mostly stays.
func (g *generator) instruction() {
	noPAL := func(i *isa.Info) bool { return i.Class != isa.ClassPAL }
	for {
		in := isa.Random(g.rng, noPAL)
		if in.Writes().Int&(1<<30) == 0 || g.rng.IntN(100) == 0 {
			g.words = append(g.words, in.Word)
			return
		}
	}
}

// word is any word, but for CALL_PALs.
func (g *generator) word() { g.words = append(g.words, g.rng.Uint32()|1<<31) }

var accesses = []string{"ldq", "ldl", "ldwu", "ldbu", "stq", "stl", "stw", "stb", "ldq_u", "stq_u", "ldt", "stt", "lds", "sts"}

func (g *generator) access(reg int) {
	g.line("%s%d,%d($%d)", accessOp(accesses[g.rng.IntN(len(accesses))]), g.reg(), g.rng.IntN(64)-8, reg)
}

// accessOp is the mnemonic with the prefix of its registers.
func accessOp(name string) string {
	switch name {
	case "ldt", "stt", "lds", "sts":
		return name + " $f"
	}
	return name + " $"
}

func (g *generator) deviceAccess() {
	r := g.reg()
	g.load(r, g.deviceAddress())
	for range 1 + g.rng.IntN(3) {
		g.access(r)
	}
}

func (g *generator) wildAccess() {
	r := g.reg()
	g.load(r, g.address())
	g.access(r)
}

// pals are what a kernel calls; others are as likely as all of these together.
var pals = []uint32{0x01, 0x02, 0x09, 0x0a, 0x0d, 0x10, 0x11, 0x2b, 0x2d, 0x30, 0x31, 0x32, 0x33, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x3b, 0x3c,
	0x3d, 0x3e, 0x3f, 0x80, 0x81, 0x83, 0x86, 0x9e, 0x9f, 0xaa}

// callPAL is a CALL_PAL with arguments that mean something, or nothing.
func (g *generator) callPAL() {
	for arg := range 2 {
		switch g.rng.IntN(3) {
		case 0:
			g.load(16+arg, g.address())
		case 1:
			g.line("lda $%d,%d(zero)", 16+arg, g.rng.IntN(80)-8)
		}
	}
	fn := pals[g.rng.IntN(len(pals))]
	if g.rng.IntN(2) == 0 {
		fn = g.rng.Uint32() & 0xff
	}
	if (fn == palHalt || fn == palWrent) && g.rng.IntN(8) != 0 {
		fn = palIMB // or the end would come soon
	}
	g.words = append(g.words, fn)
	g.restoreStack()
}

// pageTable writes entries, good and bad ones, to a page that is then the root of all.
func (g *generator) pageTable() {
	page := dataVA + 8192*(1+g.rng.Uint64()%8)
	g.load(regTable, page)
	for range 1 + g.rng.IntN(4) {
		entry := g.rng.Uint64()
		if g.rng.IntN(2) == 0 { // one that leads to memory, often to a table
			entry = (dataVA-kseg+8192*(1+g.rng.Uint64()%8))>>13<<32 | entry&0xffff | 0x1101
		}
		g.load(regEntry, entry)
		g.line("stq $%d,%d($%d)", regEntry, []int{0, 8, 8184, g.rng.IntN(1024) * 8}[g.rng.IntN(4)], regTable)
	}
	switch g.rng.IntN(3) {
	case 0:
		g.switchTo((page-kseg)>>13, 0)
	case 1:
		g.line("lda $16,-2(zero)")
		g.line("call_pal 0x33") // tbia
	}
}

// wildJump goes anywhere, most often into the middle of this kernel.
func (g *generator) wildJump() {
	r := g.reg()
	to := g.address()
	if g.rng.IntN(16) != 0 {
		to = textVA + g.rng.Uint64()%uint64(4*len(g.words))
	}
	g.load(r, to)
	// jmp, jsr, ret or jsr_coroutine, with any hint
	g.words = append(g.words, 0x68000000|uint32(g.rng.IntN(32))<<21|uint32(r)<<16|g.rng.Uint32()&0xffff)
}

// selfModify overwrites an instruction of this kernel, and mostly says so; a coherent kernel always does.
func (g *generator) selfModify() {
	r := g.reg()
	g.load(r, textVA+g.rng.Uint64()%uint64(4*len(g.words)+256)&^3)
	g.line("stl $%d,0($%d)", g.rng.IntN(31), r)
	if g.coherent || g.rng.IntN(3) != 0 {
		g.line("call_pal %#x", palIMB)
	}
}

// locked is a locked load with what may come between it and its store.
func (g *generator) locked() {
	r := g.reg()
	g.load(r, g.address())
	if g.rng.IntN(3) == 0 {
		g.load(r, g.deviceAddress()&^7)
	}
	size := "ql"[g.rng.IntN(2)]
	g.line("ld%c_l $%d,0($%d)", size, g.reg(), r)
	if g.rng.IntN(2) == 0 {
		g.instruction()
	}
	g.line("st%c_c $%d,0($%d)", size, g.rng.IntN(31), r)
}
