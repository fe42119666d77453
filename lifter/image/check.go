package image

import "fmt"

const (
	maxMem = 1 << 40 // a segment is at most the size of 40-bit KSEG
	// userEnd is the end of a process's addresses (Linux, arch/alpha/include/asm/processor.h,
	// TASK_SIZE), ksegEnd that of the direct-mapped segment.
	userEnd = 1 << 42
	ksegEnd = KSEGBase + 1<<41
)

// checkSegment refuses what no loader could load.
func (p *parser) checkSegment(where string, h *phdr) error {
	s := &h.seg
	last := s.VAddr + s.MemSize - 1
	low, high, what := uint64(0), uint64(userEnd), "programs"
	if p.img.Kind == Kernel {
		low, high, what = KSEGBase, ksegEnd, "kernels"
	}
	switch {
	case h.size > s.MemSize:
		return p.fail(ErrMalformed, where, doBuild, "file size %#x is larger than memory size %#x", h.size, s.MemSize)
	case s.MemSize > maxMem:
		return p.fail(ErrMalformed, where, doBuild, "memory size %#x is larger than any machine's", s.MemSize)
	case s.MemSize == 0:
		return nil
	case last < s.VAddr || last == ^uint64(0):
		return p.fail(ErrMalformed, where, doBuild, "%#x bytes at %#x wrap around the address space", s.MemSize, s.VAddr)
	case s.VAddr < low || last >= high:
		return p.fail(ErrMalformed, where, doBuild, "%#x bytes at %#x are not between %#x and %#x, where Linux has %s", s.MemSize, s.VAddr, low, high, what)
	case (s.VAddr-s.Offset)%PageSize != 0:
		return p.fail(ErrMalformed, where, doBuild, "its address %#x and its offset %#x differ modulo the page of %d bytes, so it cannot be mapped", s.VAddr, s.Offset, PageSize)
	}
	return nil
}

// check refuses files whose parts do not go together.
func (p *parser) check() error {
	s := p.img.Segments
	if len(s) == 0 {
		return p.fail(ErrUnsupported, "program header table", doGive, "nothing to load")
	}
	for i := 1; i < len(s); i++ {
		if s[i-1].End() > s[i].VAddr {
			return p.fail(ErrMalformed, fmt.Sprintf("segments at %#x and %#x", s[i-1].VAddr, s[i].VAddr), doBuild,
				"they overlap: the first ends at %#x", s[i-1].End())
		}
	}
	// Only a library may do without an entry.
	if _, ok := p.img.Word(p.img.Entry); !ok && (p.img.Kind != Dyn || p.img.Entry != 0) {
		return p.fail(ErrMalformed, "ELF header, offset 24", doBuild, "its entry %#x is no place in its code", p.img.Entry)
	}
	return nil
}
