package discover

import (
	"debug/elf"
	"encoding/binary"

	"axpress/lifter/image"
	"axpress/lifter/isa"
)

// rAlphaRelative is R_ALPHA_RELATIVE: the place gets the load address plus the
// addend (binutils, include/elf/alpha.h).
const rAlphaRelative = 27

// seed queues what is known to be code before any code was read.
func (f *finder) seed() {
	f.gp0 = f.img.GP
	f.names, f.labels = map[int]string{}, map[int]string{}
	f.symbols()
	if i := f.code.index(f.img.Entry); i >= 0 {
		f.reachStart(i)
		if f.names[i] == "" {
			f.names[i] = "_start"
		}
	}
	f.relocations()
	f.prologues()
	for _, h := range f.opt.Hints {
		if i := f.code.index(h); i >= 0 {
			f.reachEntry(i)
		}
	}
	if f.gp0 == 0 {
		for i := range f.code.mark {
			if f.code.mark[i]&mStart != 0 {
				if gp, ok := f.prologueGP(i); ok {
					f.gp0 = gp
					break
				}
			}
		}
	}
}

// symbols queues function symbols and assembler labels.
func (f *finder) symbols() {
	syms := f.img.Symbols
	for k := range syms {
		s := &syms[k]
		i := f.code.index(s.Addr)
		if i < 0 || !s.Func {
			continue
		}
		f.code.mark[i] |= mStart
		// Of several names the one of a global symbol; else the first by name.
		if f.names[i] == "" || s.Global && f.names[i] != "" && !f.globalNamed(k, i) {
			f.names[i] = s.Name
		}
		end := i + int(min(s.Size/4, uint64(f.code.areaOf(i).end()-i)))
		for i++; i < end && f.code.mark[i]&mSized == 0; i++ {
			f.code.mark[i] |= mSized
		}
	}
	covered, words := 0, 0
	for k := range f.code.areas {
		a := &f.code.areas[k]
		for i := a.first; i < a.end(); i++ {
			m := f.code.mark[i]
			if m&mStart != 0 {
				f.reachStart(i)
			}
			if m&(mStart|mSized) != 0 {
				covered++
			}
			if m&(mStart|mSized) != 0 || !isPadding(a.word(i)) {
				words++
			}
		}
	}
	// A stripped shared object still has the symbols that it exports: they tell
	// of some functions, not of all.
	f.hasSyms = covered > words/10*9
	// A local label is most often the target of a branch: it is a function only
	// if nothing else leads there.
	for _, global := range []bool{true, false} {
		for k := range syms {
			if s := &syms[k]; s.Label && s.Global == global && !s.Abs {
				f.label(s)
			}
		}
		f.drain()
	}
}

// label queues an assembler label. Linker-script marks such as
// __sched_text_end are labels, too: they stand at padding or function starts.
func (f *finder) label(s *image.Symbol) {
	i := f.code.index(s.Addr)
	if i < 0 || isPadding(f.code.areaOf(i).word(i)) {
		return
	}
	if f.labels[i] == "" {
		f.labels[i] = s.Name
	}
	switch m := f.code.mark[i]; {
	case m&mStart != 0:
	case s.Global && m&mSized != 0: // such as ret_from_sys_call inside entSys
		f.reachEntry(i)
	case s.Global, m&(mReached|mSized) == 0:
		f.reachStart(i)
	}
}

// globalNamed tells whether an earlier symbol at the same address as symbol k
// was global: its name stays.
func (f *finder) globalNamed(k, i int) bool {
	syms := f.img.Symbols
	for j := k - 1; j >= 0 && syms[j].Addr == syms[k].Addr; j-- {
		if syms[j].Func && syms[j].Global {
			return true
		}
	}
	return false
}

// prologues queues everything that looks like the start of a function whose
// $29 points into the image, where no symbol says what there is: it is the sign
// of a function that hardly lies.
func (f *finder) prologues() {
	for i := range f.code.mark {
		if f.code.mark[i]&(mSized|mStart) != 0 {
			continue
		}
		if gp, ok := f.prologueGP(i); ok && f.nearSegment(gp) {
			f.reachStart(i)
			if f.gp0 == 0 {
				f.gp0 = gp
			}
		}
	}
}

// nearSegment tells whether something that the image loads can be addressed
// with 16 bits from gp. The place gp itself points to may lie past the end.
func (f *finder) nearSegment(gp uint64) bool {
	for k := range f.img.Segments {
		s := &f.img.Segments[k]
		if gp+0x7fff >= s.VAddr && gp-0x8000 < s.End() && gp-0x8000 < gp+0x7fff {
			return true
		}
	}
	return false
}

// relocations collects the addresses that the dynamic linker will store.
func (f *finder) relocations() {
	const size = 24 // Elf64_Rela: offset, info, addend
	for _, s := range f.img.Sections {
		if s.Type != elf.SHT_RELA || s.Size > 1<<40 {
			continue
		}
		data, ok := f.img.Bytes(s.Addr, int(s.Size))
		for ; ok && len(data) >= size; data = data[size:] {
			if binary.LittleEndian.Uint32(data[8:]) == rAlphaRelative {
				f.relocs = append(f.relocs, binary.LittleEndian.Uint64(data[16:]))
			}
		}
	}
}

// addPointers looks at all words of data that point at code. Where symbols tell
// the functions, only those count that point into a function with an unresolved
// jump: they are labels it may jump to. In a stripped file they also are
// functions that nobody calls directly.
func (f *finder) addPointers() {
	for _, p := range f.relocs {
		f.addPointer(p)
	}
	if len(f.code.areas) == 0 {
		return
	}
	last := &f.code.areas[len(f.code.areas)-1]
	lo, hi := f.code.areas[0].base, last.va(last.end())
	for k := range f.img.Segments {
		s := &f.img.Segments[k]
		for off := (8 - s.VAddr%8) % 8; off+8 <= uint64(len(s.Data)); off += 8 {
			if p := binary.LittleEndian.Uint64(s.Data[off:]); p >= lo && p < hi && f.code.index(s.VAddr+off) < 0 {
				f.addPointer(p)
			}
		}
	}
}

func (f *finder) addPointer(p uint64) {
	i := f.code.index(p)
	if i < 0 {
		return
	}
	m := f.code.mark[i]
	fn := f.funcAt(i)
	switch {
	case m&(mStart|mEntry) != 0:
	case fn != nil && fn.unresolved > 0:
		if _, ok := f.plausible(i); ok || m&mReached != 0 {
			f.reachEntry(i)
		}
	case f.hasSyms, m&mSized != 0:
	case m&mBlock != 0:
		f.reachEntry(i)
	case m&mReached == 0:
		if _, ok := f.plausible(i); ok {
			f.reachStart(i)
		}
	}
}

// plausible tells whether the words from index i on are instructions up to one
// that leaves, as those of code are and those of data hardly ever. If not, end
// is the index after the word that is none.
func (f *finder) plausible(i int) (end int, ok bool) {
	const longest = 512
	a := f.code.areaOf(i)
	for from := i; i < a.end() && i < from+longest; i++ {
		if f.code.mark[i]&mReached != 0 {
			return i, i > from
		}
		inst := isa.Decode(a.word(i))
		switch k := kindOf(inst); k {
		case kindTrap:
			return i + 1, false
		case kindCond, kindBranch, kindCall:
			if f.branchTarget(a, i, inst) < 0 {
				return i + 1, false
			}
			if k == kindBranch {
				return i + 1, true
			}
		case kindReturn, kindJump, kindPALStop:
			return i + 1, true
		}
	}
	return i, false
}

// addGaps looks at the code between what was reached. In a file without
// function symbols that is where the functions are that are called through
// pointers only; where there are symbols, a gap in a function with an
// unresolved jump is what that jumps to.
func (f *finder) addGaps() {
	mark := f.code.mark
	for k := range f.code.areas {
		a := &f.code.areas[k]
		for i := a.first; i < a.end(); i++ {
			if mark[i]&(mReached|mTried) != 0 || isPadding(a.word(i)) {
				continue
			}
			fn := f.funcAt(i)
			label := fn != nil && fn.unresolved > 0
			if !label && (f.hasSyms || mark[i]&mSized != 0) {
				continue
			}
			if !f.code.sections && !f.framed(a, i) {
				mark[i] |= mTried
				continue
			}
			if end, ok := f.plausible(i); !ok {
				for ; i < end; i++ {
					mark[i] |= mTried
				}
				i--
				continue
			}
			if label {
				f.reachEntry(i)
			} else {
				f.reachStart(i)
			}
			f.drain()
		}
	}
}

// drain follows the queue without forgetting that something was new.
func (f *finder) drain() {
	if f.explore() {
		f.grew = true
	}
}

// framed tells whether an aligned function that makes a stack frame starts at
// index i: asked for where code and data are not told apart.
func (f *finder) framed(a *area, i int) bool {
	inst := isa.Decode(a.word(i))
	return a.va(i)%16 == 0 && inst.Op == isa.OpLDA && inst.Ra == 30 && inst.Rb == 30 && inst.Imm < 0
}

// constSections are the sections whose words do not change once the program
// runs, as far as the compiler is concerned.
var constSections = map[string]bool{".got": true, ".rodata": true, ".data.rel.ro": true}

// span is the addresses lo to hi-1.
type span struct{ lo, hi uint64 }

// constants returns where constants are: without sections, all data.
func constants(img *image.Image) []span {
	var out []span
	for _, s := range img.Sections {
		if constSections[s.Name] && s.Addr+s.Size > s.Addr {
			out = append(out, span{s.Addr, s.Addr + s.Size})
		}
	}
	if len(img.Sections) == 0 {
		for i := range img.Segments {
			out = append(out, span{img.Segments[i].VAddr, img.Segments[i].End()})
		}
	}
	return out
}

// constant returns the 8-byte constant at va, if one is there.
func (f *finder) constant(va uint64) (uint64, bool) {
	if va%8 != 0 {
		return 0, false
	}
	for _, s := range f.consts {
		if va >= s.lo && va < s.hi {
			if b, ok := f.img.Bytes(va, 8); ok {
				return binary.LittleEndian.Uint64(b), true
			}
		}
	}
	return 0, false
}
