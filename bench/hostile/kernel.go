package hostile

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"

	"axpress/lifter/isa"
)

// Where things lie: the kernel's place, and behind it what it uses.
const (
	kseg   = 0xfffffc0000000000
	textVA = kseg + 0x1010000
	textPA = textVA - kseg
	// device is KSEG of the upper half of physical memory: its bit 40 is bit 43 of the physical address.
	device  = kseg + 1<<40
	stackVA = kseg + 0x1200000 // top
	dataVA  = kseg + 0x1300000 // faults counted, page tables, control blocks
	memory  = 0x400000         // from textVA: text and all that
	// maxText is more than the text of any kernel; textReach more than the offset of any access of a block.
	maxText, textReach = 0x80000, 0x10000
	consoleBytes       = 0x20000 // from physical address 0
)

// CALL_PALs that are named here.
const (
	palHalt   = 0x00
	palWrmces = 0x11
	palSwpctx = 0x30
	palTbi    = 0x33
	palWrent  = 0x34
	palRti    = 0x3f
	palIMB    = 0x86
)

// Counts of a kernel.
const (
	blocks    = 48
	itemsEach = 24
	maxFaults = 400 // then it halts
)

// Coherent says whether the kernel of a seed says imb after each store to its own text. Whether others execute the old
// code or the new is not defined (Handbook, CALL_PAL IMB), so that engines need not agree where they end.
func Coherent(seed uint64) bool { return seed%4 != 0 }

// Kernel returns the ELF file of the kernel that follows from seed.
func Kernel(seed uint64) []byte {
	g := &generator{rng: rand.New(rand.NewPCG(seed, 0x686f7374696c65)), coherent: Coherent(seed)}
	g.skeleton()
	for range blocks {
		g.block()
	}
	g.table()
	return elf(g.words, textVA+4*startWord)
}

// generator appends instruction words.
type generator struct {
	rng      *rand.Rand
	coherent bool
	words    []uint32
	blocks   []uint64 // their addresses
}

func (g *generator) here() uint64 { return textVA + 4*uint64(len(g.words)) }

// line appends one line of assembler text.
func (g *generator) line(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	w, err := isa.Assemble(text, g.here())
	if err != nil {
		panic(fmt.Sprintf("BUG: %s: %v", text, err)) // our own text
	}
	g.words = append(g.words, w)
}

// load appends what loads a constant: always the same number of words.
func (g *generator) load(reg int, v uint64) {
	var parts [4]int16
	for i := range parts {
		parts[i] = int16(v)
		v = (v - uint64(int64(parts[i]))) >> 16
	}
	from := 31
	for i := 3; i >= 0; i-- {
		g.line("lda $%d,%d($%d)", reg, parts[i], from)
		if from = reg; i > 0 {
			g.line("sll $%d,16,$%d", reg, reg)
		}
	}
}

// Fixed places in the skeleton, in words.
const (
	tableWord = 0 // the address of the table of blocks
	startWord = 2
)

// handlerRegs are the handler's, which blocks may overwrite at any time.
const (
	regBase  = 10 // dataVA
	regCount = 11
	regTemp  = 12
)

// skeleton appends the start, and the handler of everything: it counts, and after maxFaults halts. Every fourth time it
// goes back behind the instruction, otherwise to another block. A machine check is done with, or the next would halt.
func (g *generator) skeleton() {
	g.words = append(g.words, 0, 0)
	start := g.here()
	g.line("br zero,%#x", start+4)
	g.load(30, stackVA)
	g.line("br $9,%#x", g.here()+4) // $9: the handler, a fixed distance from here
	at := g.here()
	hole := len(g.words)
	g.line("lda $9,0($9)")
	for entry := range 6 {
		g.line("bis $9,$9,$16")
		g.line("lda $17,%d(zero)", entry)
		g.line("call_pal 0x34") // wrent
	}
	g.words[hole] = g.assembled("lda $9,%d($9)", g.here()-at)
	// the handler
	g.load(regBase, dataVA)
	g.line("ldq $%d,0($%d)", regCount, regBase)
	g.line("addq $%d,1,$%d", regCount, regCount)
	g.line("stq $%d,0($%d)", regCount, regBase)
	g.line("lda $%d,%d(zero)", regTemp, maxFaults)
	g.line("cmplt $%d,$%d,$%d", regCount, regTemp, regTemp)
	g.line("bne $%d,%#x", regTemp, g.here()+8)
	g.line("call_pal 0")
	g.line("lda $16,7(zero)")
	g.line("call_pal %#x", palWrmces)
	g.line("and $%d,3,$%d", regCount, regTemp)
	g.line("bne $%d,%#x", regTemp, g.here()+6*4)
	g.line("ldq $%d,8(sp)", regTemp)
	g.line("addq $%d,4,$%d", regTemp, regTemp)
	g.line("stq $%d,8(sp)", regTemp)
	g.line("call_pal 0x3f") // rti
	g.line("br zero,%#x", g.here()+4)
	g.load(30, stackVA)
	g.load(regTemp, textVA+4*tableWord)
	g.line("ldq $%d,0($%d)", regTemp, regTemp)
	g.line("and $%d,%d,$%d", regCount, blocksMask, regCount)
	g.line("s8addq $%d,$%d,$%d", regCount, regTemp, regTemp)
	g.line("ldq $%d,0($%d)", regTemp, regTemp)
	g.line("jmp zero,($%d)", regTemp)
}

// blocksMask chooses among the first blocks: as many as a power of two has.
const blocksMask = 31

func (g *generator) assembled(format string, args ...any) uint32 {
	g.line(format, args...)
	w := g.words[len(g.words)-1]
	g.words = g.words[:len(g.words)-1]
	return w
}

// table appends the addresses of the blocks, and their table's to its place.
func (g *generator) table() {
	if len(g.words)%2 != 0 {
		g.words = append(g.words, 0)
	}
	g.quad(tableWord, g.here())
	for _, b := range g.blocks {
		g.words = append(g.words, uint32(b), uint32(b>>32))
	}
}

func (g *generator) quad(at int, v uint64) { g.words[at], g.words[at+1] = uint32(v), uint32(v>>32) }

// elf is an executable with one segment.
func elf(words []uint32, entry uint64) []byte {
	const head, offset = 64 + 56, 8192
	b := make([]byte, offset, offset+4*len(words))
	copy(b, "\x7fELF\x02\x01\x01")
	put := binary.LittleEndian
	put.PutUint16(b[16:], 2)      // ET_EXEC
	put.PutUint16(b[18:], 0x9026) // EM_ALPHA
	put.PutUint32(b[20:], 1)
	put.PutUint64(b[24:], entry)
	put.PutUint64(b[32:], 64) // program headers
	put.PutUint16(b[52:], 64)
	put.PutUint16(b[54:], 56)
	put.PutUint16(b[56:], 1)
	put.PutUint16(b[58:], 64)
	p := b[64:head]
	put.PutUint32(p, 1)     // PT_LOAD
	put.PutUint32(p[4:], 7) // rwx
	put.PutUint64(p[8:], offset)
	put.PutUint64(p[16:], textVA)
	put.PutUint64(p[24:], textPA)
	put.PutUint64(p[32:], uint64(4*len(words)))
	put.PutUint64(p[40:], memory)
	put.PutUint64(p[48:], offset)
	for _, w := range words {
		b = put.AppendUint32(b, w)
	}
	return b
}
