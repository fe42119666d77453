package discover

import (
	"debug/elf"
	"encoding/binary"
	"sort"

	"axpress/lifter/image"
	"axpress/lifter/isa"
)

// kind is what an instruction means for control flow, with Ra considered.
type kind uint8

const (
	kindNext kind = iota
	kindCond
	kindBranch
	kindCall
	kindCallReg
	kindJump
	kindReturn
	kindCoroutine
	kindPAL
	kindPALStop
	kindTrap
	numKinds
)

// endOf gives the EndKind of a block whose last instruction is of a kind.
var endOf = [numKinds]EndKind{
	kindNext: EndFall, kindCond: EndCond, kindBranch: EndBranch, kindCall: EndCall, kindCallReg: EndCallReg, kindJump: EndJump,
	kindReturn: EndReturn, kindCoroutine: EndCoroutine, kindPAL: EndPAL, kindPALStop: EndPALStop, kindTrap: EndTrap,
}

// ends tells the kinds that end a block.
func (k kind) ends() bool { return k != kindNext }

// continues tells the kinds after which the next instruction may run.
func (k kind) continues() bool {
	switch k {
	case kindNext, kindCond, kindCall, kindCallReg, kindCoroutine, kindPAL:
		return true
	}
	return false
}

// calls tells the kinds whose next instruction is a return site.
func (k kind) calls() bool { return k == kindCall || k == kindCallReg || k == kindCoroutine }

// The CALL_PALs that do not go on with the next instruction. Linux's BUG() puts
// data after bugchk (arch/alpha/include/asm/bug.h).
const (
	palRetsys = 0x3d
	palRti    = 0x3f
	palBugchk = 0x81
	bugWords  = 3 // the line number and the address of the file's name
)

// kindOf classifies an instruction.
func kindOf(inst isa.Inst) kind {
	switch inst.Op.Info().Flow {
	case isa.FlowNext:
		return kindNext
	case isa.FlowCond:
		return kindCond
	case isa.FlowBranch, isa.FlowCall:
		// "br $29,.+4" is how code finds its own address: not a call.
		if inst.Ra == 31 || inst.Imm == 0 {
			return kindBranch
		}
		return kindCall
	case isa.FlowJump, isa.FlowCallReg:
		if inst.Ra == 31 {
			return kindJump
		}
		return kindCallReg
	case isa.FlowReturn:
		return kindReturn
	case isa.FlowCoroutine:
		return kindCoroutine
	case isa.FlowPAL:
		if inst.Imm == palRti || inst.Imm == palRetsys || inst.Imm == palBugchk {
			return kindPALStop
		}
		return kindPAL
	}
	return kindTrap
}

// What is known of a code word.
const (
	mReached uint8 = 1 << iota // it is executed, as far as we can see
	mBlock                     // a block starts here
	mStart                     // a function starts here
	mEntry                     // must be enterable from the dispatcher
	mSized                     // inside, not at the start of, what a function symbol with a size covers
	mTried                     // a gap that was looked at and is no code
)

// area is one contiguous run of executable words.
type area struct {
	base  uint64 // address of the first word
	first int    // index of the first word
	n     int
	data  []byte
}

// codeMap numbers all executable words of an image, areas in address order.
type codeMap struct {
	areas    []area
	n        int
	mark     []uint8
	sections bool // areas come from section headers: no data among them but what code contains
}

// newCodeMap takes the executable sections, or executable segments if the file
// has no section headers.
func newCodeMap(img *image.Image) *codeMap {
	c := &codeMap{}
	add := func(addr, size uint64) {
		seg := img.SegmentAt(addr)
		if seg == nil || seg.Perm&image.X == 0 {
			return
		}
		// Round inwards to words, and to what the file supplies.
		start := (addr + 3) &^ 3
		end := min(addr+size, seg.VAddr+uint64(len(seg.Data))) &^ 3
		if k := len(c.areas); k > 0 { // overlapping sections count once
			last := &c.areas[k-1]
			start = max(start, last.base+uint64(last.n)*4)
		}
		if start < addr || start >= end {
			return
		}
		off := start - seg.VAddr
		c.areas = append(c.areas, area{base: start, first: c.n, n: int((end - start) / 4), data: seg.Data[off : off+end-start]})
		c.n += int((end - start) / 4)
	}
	for _, s := range img.Sections {
		if s.Flags&elf.SHF_EXECINSTR != 0 && s.Type == elf.SHT_PROGBITS && s.Size > 0 {
			add(s.Addr, s.Size)
		}
	}
	c.sections = c.n > 0
	if !c.sections {
		for i := range img.Segments {
			add(img.Segments[i].VAddr, img.Segments[i].MemSize)
		}
	}
	c.mark = make([]uint8, c.n)
	return c
}

// areaOf returns the area that holds index i.
func (c *codeMap) areaOf(i int) *area {
	if len(c.areas) == 1 {
		return &c.areas[0]
	}
	k := sort.Search(len(c.areas), func(k int) bool { return c.areas[k].first > i }) - 1
	return &c.areas[k]
}

// va returns the address of the word at index i.
func (a *area) va(i int) uint64 { return a.base + uint64(i-a.first)*4 }

// end returns the index after the area.
func (a *area) end() int { return a.first + a.n }

// word returns the word at index i.
func (a *area) word(i int) uint32 { return binary.LittleEndian.Uint32(a.data[(i-a.first)*4:]) }

// index returns the index of the word at va in this area, or -1.
func (a *area) index(va uint64) int {
	if off := va - a.base; va >= a.base && off < uint64(a.n)*4 && off%4 == 0 {
		return a.first + int(off/4)
	}
	return -1
}

// index returns the index of the word at va, or -1 if that is no code.
func (c *codeMap) index(va uint64) int {
	k := sort.Search(len(c.areas), func(k int) bool { return c.areas[k].base > va }) - 1
	if k < 0 {
		return -1
	}
	return c.areas[k].index(va)
}

// The words that only fill space (Handbook, section 4.12 and appendix A.4.4).
const (
	wordNop  = 0x47ff041f // bis $31,$31,$31
	wordUnop = 0x2ffe0000 // ldq_u $31,0($30)
	wordFnop = 0x5fff041f // cpys $f31,$f31,$f31
)

// isPadding tells the words that compilers and linkers put between functions.
func isPadding(w uint32) bool {
	return w == wordNop || w == wordUnop || w == wordFnop || w == 0
}
