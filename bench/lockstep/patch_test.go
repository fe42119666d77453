package lockstep

import (
	"context"
	"fmt"
	"testing"

	"axpress/lifter/image"
	"axpress/lifter/isa"
	"axpress/runtime/abi"
	"axpress/runtime/dispatch"
	"axpress/runtime/machine"
	"axpress/runtime/vcpu"
)

// patchingKernel overwrites the first instruction of victim, calls it, and puts the instruction back, patchRounds times;
// neighbour is in victim's page, far is not. What they return is added up, and compared with what it has to be: if it is
// another, the guest halts and does not power off.
const (
	patchRounds = 200
	loopRounds  = 1000 // of neighbour and far, three instructions each
)

const patchingKernel = `
entry:
	li    sp,%[1]d
	li    s0,@victim
	ldl   s1,0(s0)              # as it was
	li    s2,0x201f0000         # lda v0,0(zero)
	lda   s3,%[2]d(zero)
	lda   s4,0(zero)            # what all returned
	lda   s5,0(zero)            # and should have
round:
	addl  s2,s3,t0
	stl   t0,0(s0)
	call_pal 0x86
	bsr   ra,@victim            # the number of the round
	addq  s4,v0,s4
	addq  s5,s3,s5
	bsr   ra,@neighbour
	addq  s4,v0,s4
	bsr   ra,@far
	addq  s4,v0,s4
	stl   s1,0(s0)
	call_pal 0x86
	bsr   ra,@victim            # 5000
	addq  s4,v0,s4
	lda   s5,5000(s5)
	lda   s5,2000(s5)
	subq  s3,1,s3
	bne   s3,@round
	cmpeq s4,s5,t0
	bne   t0,@poweroff
	call_pal 0
`

// loopText is a function that counts to its result.
const loopText = `
	lda   v0,0(zero)
	lda   t0,%d(zero)
%[2]s:
	addq  v0,1,v0
	cmpeq v0,t0,t1
	beq   t1,@%[2]s
	ret   zero,(ra),1
`

// A kernel that patches its text, again and again, runs what it has written, and its translated code again when that
// has come back; what is not patched stays native, in the same page and elsewhere.
func TestKernelPatchesItself(t *testing.T) {
	p := &program{at: kernelVA}
	p.assemble(t, kernelText)
	p.function("kernel", kernelVA)
	function := func(name, text string, page bool) {
		if page {
			p.align(abi.PageSize)
		}
		p.define(t, name, text)
	}
	function("victim", "lda v0,5000(zero)\nret zero,(ra),1", true)
	function("neighbour", fmt.Sprintf(loopText, loopRounds, "neighbours"), false)
	function("far", fmt.Sprintf(loopText, loopRounds, "fars"), true)
	function("entry", fmt.Sprintf(patchingKernel, uint64(stackVA), patchRounds)[len("\nentry:\n"):], true)
	img := p.image(t, "patching", p.labels["entry"], nil)
	if isa.Decode(p.words[(p.labels["victim"]-kernelVA)/4]).Op != isa.OpLDA {
		t.Fatal("victim does not begin where it should")
	}
	code := translated(t, img).Code()
	t.Run("all", func(t *testing.T) { patched(t, img, code) })
	t.Run("hot", func(t *testing.T) { patched(t, img, code, translatedHot(t, img).Code()) })
}

// patched boots img with code. Of each round two instructions of victim are interpreted, and besides some of the start.
func patched(t *testing.T, img *image.Image, code ...*abi.Code) {
	t.Helper()
	var engine *nativeEngine
	m, err := machine.New(machine.Config{
		Segments: segments(img), Entry: img.Entry, Memory: kernelRAM, Clock: machine.ClockDeterministic,
		NewEngine: func(c *machine.CPU) (_ vcpu.Engine, err error) {
			engine, err = newNative(c, dispatch.Config{Code: code})
			return engine, err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), hang)
	defer cancel()
	if stop, err := m.Run(ctx); err != nil || stop.Reason != machine.PowerOff {
		t.Errorf("the guest ends by %v: %s, %v", stop.Reason, stop.Detail, err)
	}
	stats := engine.Counters()
	t.Logf("%d instructions native, %d interpreted", stats.Translated, stats.Interpreted)
	// Before the end of a slice, of which a second of the guest has 2,000, the last instructions are interpreted.
	slices := stats.Translated/500_000 + 1
	if most := uint64(3*patchRounds) + slices*abi.PollReach; stats.Interpreted > most {
		t.Errorf("%d instructions interpreted, more than %d", stats.Interpreted, most)
	}
	if err := m.Close(); err != nil {
		t.Error(err)
	}
}
