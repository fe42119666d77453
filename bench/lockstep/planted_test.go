package lockstep

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"axpress/lifter/isa"
	"axpress/runtime/abi"
	"axpress/runtime/machine"
	"axpress/runtime/trace"
)

// plantedProgram has a loop whose results pass through registers that are
// overwritten, and through memory; @ marks the places where the tests plant bugs.
const plantedProgram = `
work:
	lda   t4,50(zero)
	lda   t1,7(zero)
	lda   a3,3(zero)
loop:
	ldq   t0,0(s0)
add:
	addq  t0,t1,t2
	s4addq t2,t0,t3
	bis   zero,zero,t2
	stq   t3,8(s0)
	ldq   t5,16(s0)
	zapnot t5,15,t5
	cmpult t5,t3,a0
branch:
	beq   a0,@skip
	addq  a1,a0,a1
skip:
store:
	stl   a1,24(s0)
	ldq   t6,24(s0)
shift:
	srl   t6,3,t6
	addq  t1,t6,t1
load:
	ldq   a2,32(s0)
	lda   s1,16384(s0)
nothing:
	bis   zero,zero,zero
	lda   t8,48(s0)
	ldq_l t7,0(t8)
atomic:
	addq  t7,t1,t7
	stq_c t7,0(t8)
last:
	ldq   a5,40(s0)
	addq  a3,t1,a3
	subq  t4,1,t4
	bne   t4,@loop
	ret   zero,(ra),1
`

// planted are instructions that native code is made from in place of what memory
// holds and the interpreter executes.
var planted = []struct {
	name, label, text string
	as                naming
}{
	{"arithmetic whose result is overwritten", "add", "subq t0,t1,t2", hidden},
	{"arithmetic", "shift", "srl t6,4,t6", named},
	{"wrong condition", "branch", "bne a0,%s", named},
	{"store of the wrong size", "store", "stq a1,24(s0)", named},
	{"missing store", "store", "bis zero,zero,zero", named},
	{"store to the wrong place", "store", "stl a1,28(s0)", named},
	{"load from the wrong place", "load", "ldq a2,40(s0)", named},
	{"load of the wrong size", "last", "ldl a5,36(s0)", named},
	{"store that is not in the program", "nothing", "stq a3,0(s1)", named},
	{"wrong atomic operation", "atomic", "subq t7,t1,t7", hidden},
	{"changed register", "nothing", "addq a4,1,a4", listed},
}

// naming says what a report can tell.
type naming uint8

const (
	named  naming = iota // the instruction itself
	hidden               // one that depends on it, and that this one may be to blame
	listed               // only that it is one of a few
)

func (n naming) fits(d *trace.Divergence, pc uint64) bool {
	switch n {
	case hidden:
		return slices.Contains(d.Hidden, abi.VAddr(pc))
	case listed:
		return slices.ContainsFunc(d.Window, func(i trace.Inst) bool { return i.PC == abi.VAddr(pc) })
	}
	in := d.FirstInst()
	return in != nil && in.PC == abi.VAddr(pc)
}

// TestPlantedBugs translates a program with one instruction changed, and wants the
// divergence found, and the instruction named.
func TestPlantedBugs(t *testing.T) {
	for _, bug := range planted {
		t.Run(bug.name, func(t *testing.T) {
			p := &program{at: kernelVA}
			p.assemble(t, kernelText)
			start := p.here()
			p.assemble(t, plantedProgram)
			p.function("work", start)
			start = p.here()
			p.assemble(t, fmt.Sprintf("entry:\n\tli sp,%d\n\tli s0,%d\n\tbsr ra,@work\n\tbr zero,@poweroff\n", uint64(stackVA), uint64(dataVA)))
			p.function("entry", start)
			p.symbol["kernel"] = [2]uint64{kernelVA, p.symbol["work"][0]}
			data := map[uint64][]byte{dataVA: quads(1, 2, 0xffff_ffff_0000_0100, 0x1234_5678_9abc_def0, 5, 6)}
			right := p.image(t, "right", p.labels["entry"], data)

			at := p.labels[bug.label]
			text := bug.text
			if strings.Contains(text, "%s") {
				text = fmt.Sprintf(text, fmt.Sprintf("%#x", p.labels["skip"]))
			}
			word, err := isa.Assemble(text, at)
			if err != nil {
				t.Fatal(err)
			}
			p.words[(at-kernelVA)/4] = word
			code := translated(t, p.image(t, "wrong", p.labels["entry"], data)).Code()

			g := newGuest(t, machine.Config{Segments: segments(right), Entry: right.Entry, Memory: kernelRAM},
				trace.Config{Code: []*abi.Code{code}, Symbol: symbols(right), ScanEvery: 1}, 100)
			stop := g.run(t, hang)
			if stop.Reason != machine.PowerOff {
				t.Errorf("the guest, which the interpreter leads, ends by %v: %s", stop.Reason, stop.Detail)
			}
			if len(g.found) == 0 {
				t.Fatal("not found")
			}
			d := g.found[0]
			t.Log(d.String())
			if !bug.as.fits(d, at) {
				t.Errorf("the bug is at %#x, the report does not say so", at)
			}
			if d.InDoubt > 32 {
				t.Errorf("%d instructions in doubt: stopping native code in between does not work", d.InDoubt)
			}
		})
	}
}
