package lockstep

import (
	"fmt"
	"testing"

	"axpress/runtime/abi"
)

// CPU 0 reads a page that once was the kernel's text, by an address of the kernel's page tables, as it does with what it
// has freed after its start.
const (
	textReads = 100_000
	mappedVA  = 0xfffffe0000000000 // where Linux has vmalloc's pages
)

const textEntry = `
	li    sp,%d
	li    a0,%d                 # PCB
	call_pal 0x30               # swpctx
	li    s0,%d
	li    t12,@look
	li    s2,%d
	jsr   ra,(t12),0
	stq   v0,0(s0)
	br    zero,@poweroff
`

const textLook = `
	lda   v0,0(zero)
	li    t0,%d
looks:
	ldq   t1,0(s2)
	addq  v0,t1,v0
	subq  t0,1,t0
	bne   t0,@looks
	ret   zero,(ra),1
`

// A page of text can be mapped in a window only when no other CPU runs. Until then each access is slow, so native code
// must not go on for long.
func TestTextReadAsData(t *testing.T) {
	const cpus = 2
	p := &program{at: kernelVA}
	p.assemble(t, kernelText)
	p.function("kernel", kernelVA)
	function := func(name, text string) {
		p.align(abi.PageSize)
		p.define(t, name, text)
	}
	function("freed", "lda v0,5000(zero)\nret zero,(ra),1")
	freed := p.labels["freed"]
	at := (freed - kernelVA) / 4
	word := uint64(p.words[at]) | uint64(p.words[at+1])<<32
	function("look", fmt.Sprintf(textLook, textReads))
	function("handler", "call_pal 0x3f")
	function("second", "br zero,@second")
	function("entry", startOthers(cpus)+fmt.Sprintf(textEntry, uint64(stackVA), uint64(tablesVA&^abi.KSEGBase), uint64(dataVA), uint64(mappedVA)))
	img := p.image(t, "text as data", p.labels["entry"], map[uint64][]byte{tablesVA: mapKernel(mappedVA, freed)})
	r := runSMP(t, img, cpus, translated(t, img).Code(), translatedHot(t, img).Code())
	if r.shared[0] != textReads*word {
		t.Errorf("read %#x, not %d times %#x", r.shared[0], textReads, word)
	}
	s := r.engines[0].Counters()
	if s.Translated < textReads {
		t.Errorf("%d instructions native, %d interpreted", s.Translated, s.Interpreted)
	}
	if slow := s.Helpers[abi.ThunkLoad3]; slow == 0 || slow > 10 {
		t.Errorf("%d loads of %d by the slow path, instead of 1 to 10", slow, textReads)
	}
}

// mapKernel are the PCB and the page tables of a kernel that has the page of va mapped to that of kseg.
func mapKernel(va, kseg uint64) []byte {
	const (
		pfn    = tablesVA &^ abi.KSEGBase >> abi.PageShift
		kernel = 1<<0 | 1<<4 | 1<<8 | 1<<12 // V ASM KRE KWE
	)
	b := make([]byte, 4*abi.PageSize)
	put := func(page int, index, v uint64) { copy(b[uint64(page)*abi.PageSize+8*index:], quads(v)) }
	for i, v := range []uint64{stackVA, 0, pfn + 1, 0, 0, 1} { // ksp, usp, ptbr, cc/asn, unique, fen
		put(0, uint64(i), v)
	}
	put(1, va>>33&1023, (pfn+2)<<32|kernel)
	put(2, va>>23&1023, (pfn+3)<<32|kernel)
	put(3, va>>13&1023, kseg&^abi.KSEGBase>>abi.PageShift<<32|kernel)
	return b
}
