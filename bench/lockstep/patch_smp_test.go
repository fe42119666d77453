package lockstep

import (
	"fmt"
	"strings"
	"testing"

	"axpress/lifter/isa"
	"axpress/runtime/abi"
)

// CPU 0 overwrites two instructions of victim, and puts them back, again and again; the others call it all the time. Each
// change has a number, its epoch: odd ones make the instructions load the epoch, even ones have them load unpatched, as
// they do in the text that is translated. CPU 0 does what the architecture demands (Handbook, CALL_PAL IMB: the others are
// made to execute it, too):
//
//	announced = epoch; mb; stores to the text; mb
//	(all others call victim)
//	published = epoch; mb; interrupts of all others, whose handlers execute imb and then acknowledge the epoch
//	(all others call victim)
//	imb; calls victim, too
//
// Who has acknowledged epoch lo before a call, and sees hi announced behind it, must have executed, of each of the two
// instructions, that of lo or of hi: with lo = hi, which it is behind an imb, just the new one. Where they differ the two
// need not agree: who has not executed imb may fetch each instruction old or new.
const (
	storeCPUs   = 3
	storeRounds = 16    // two epochs each
	unpatched   = 31364 // even, and more than there are epochs
	victimLoops = 100
)

// Words of what is shared, and of each CPU's own part.
const (
	wordAnnounced, wordPublished, wordBad = 0, 1, 2

	ownAcknowledged, ownCalls, ownUnpatched, ownPatched, ownGot = 0, 1, 2, 3, 6 // ownGot: result, lo, hi
)

// victim polls while it runs, so that others may have it interrupted between the two instructions.
const storeVictim = `
	lda   v0,%[1]d(zero)
	lda   t0,%[2]d(zero)
victims:
	subq  t0,1,t0
	bne   t0,@victims
victim2:
	lda   t1,%[1]d(zero)
	ret   zero,(ra),1
`

// storeHandler uses t8, which nobody else does.
const storeHandler = `
	bne   a0,@handled           # not from a CPU
	ldq   t8,8(s0)              # published
	call_pal 0x86               # imb
	stq   t8,0(s1)              # acknowledged
handled:
	call_pal 0x3f
`

// storeCheck checks a result in t2, that may be of epochs s2 to s3, and counts it.
const storeCheck = `
	lda   t3,%[1]d(zero)
	subq  t3,t2,t4
	beq   t4,@original
	ldq   t4,24(s1)
	addq  t4,1,t4
	stq   t4,24(s1)
	blbc  t2,@bad
	cmpule s2,t2,t4
	beq   t4,@bad
	cmpule t2,s3,t4
	beq   t4,@bad
	ret   zero,(ra),1
original:
	ldq   t4,16(s1)
	addq  t4,1,t4
	stq   t4,16(s1)
	subq  s2,s3,t4
	bne   t4,@checked
	blbs  s2,@bad
checked:
	ret   zero,(ra),1
bad:
	stq   t2,48(s1)
	stq   s2,56(s1)
	stq   s3,64(s1)
	lda   t4,1(zero)
	stq   t4,16(s0)
	call_pal 0x3c
	beq   v0,@poweroff
forever:                        # CPU 0 ends the run
	br    zero,@forever
`

// storeCall calls victim in two ways.
const storeCall = `
	mov   ra,t7
	ldq   s2,0(s1)              # acknowledged
	bsr   ra,@victim
	mov   v0,t5
	mov   t1,t6
	jsr   ra,(s5),0
	mb
	ldq   s3,0(s0)              # announced
	mov   t5,t2
	bsr   ra,@check
	mov   t6,t2
	bsr   ra,@check
	mov   v0,t2
	bsr   ra,@check
	mov   t1,t2
	bsr   ra,@check
	ldq   t4,8(s1)
	addq  t4,1,t4
	stq   t4,8(s1)
	ret   zero,(t7),1
`

// storeSecond is where the others begin.
const storeSecond = `
	li    s5,@victim
	lda   a0,0(zero)
	call_pal 0x35               # swpipl 0
call:
	bsr   ra,@calls
	br    zero,@call
`

// storeOthers waits until each other CPU has begun and ended a call.
const storeOthers = `
	ldq   t4,{OWN8}(s0)
	addq  t4,2,t4
more{N}:
	ldq   t1,16(s0)
	bne   t1,@poweroff
	ldq   t0,{OWN8}(s0)
	cmplt t0,t4,t0
	bne   t0,@more{N}
`

const storeEntry = `
	li    s5,@victim
	lda   s4,0(zero)            # epoch
epoch:
	addq  s4,1,s4
	stq   s4,0(s0)              # announced
	mb
	lda   t0,%[1]d(zero)
	cmovlbs s4,s4,t0
	li    t1,0x201f0000         # lda v0,0(zero)
	addl  t1,t0,t1
	stl   t1,0(s5)
	li    t1,0x205f0000         # lda t1,0(zero)
	addl  t1,t0,t1
	stl   t1,%[3]d(s5)
	mb
	bsr   ra,@others
	stq   s4,8(s0)              # published
	mb
%[4]s
	bsr   ra,@others
	call_pal 0x86
	stq   s4,0(s1)
	bsr   ra,@calls
	lda   t0,%[2]d(s4)
	bne   t0,@epoch
	br    zero,@poweroff
`

// CPU 0 interrupts another one (storeSend), and waits until it has acknowledged the epoch (storeAwait). In two epochs of
// four it does so with one after the other, so that some execute imb while the rest run what has changed; in the others
// they execute it at the same time.
const (
	storeSend = `
	lda   a0,{N}(zero)
	call_pal 0x0d               # wripir
`
	storeAwait = `
ack{N}:
	ldq   t1,16(s0)
	bne   t1,@poweroff
	ldq   t0,{OWN}(s0)
	subq  t0,s4,t0
	bne   t0,@ack{N}
`
	storeChoose = `
	and   s4,2,t0
	beq   t0,@together
`
	storeTogether = `
	br    zero,@acknowledged
together:
`
)

// storeInterrupts is CPU 0's text for both.
func storeInterrupts() string {
	oneByOne := each(storeCPUs, storeSend+strings.ReplaceAll(storeAwait, "ack", "alone")+"bsr ra,@others\n")
	return storeChoose + oneByOne + storeTogether + each(storeCPUs, storeSend) + each(storeCPUs, storeAwait) + "acknowledged:"
}

// A kernel whose text one CPU changes while others execute it, in native code: behind an imb each CPU executes what was
// stored, and before that the old or the new.
func TestKernelPatchesWhatOthersRun(t *testing.T) {
	p := &program{at: kernelVA}
	p.assemble(t, kernelText)
	p.function("kernel", kernelVA)
	function := func(name, text string) {
		p.align(abi.PageSize)
		p.define(t, name, text)
	}
	function("victim", fmt.Sprintf(storeVictim, unpatched, victimLoops))
	victim := p.labels["victim"]
	second := p.labels["victim2"] - victim
	for at, ra := range map[uint64]uint8{0: 0, second: 2} {
		if in := isa.Decode(p.words[(victim-kernelVA+at)/4]); in.Op != isa.OpLDA || in.Ra != ra {
			t.Fatalf("victim+%d is no lda $%d", at, ra)
		}
	}
	function("handler", storeHandler)
	function("check", fmt.Sprintf(storeCheck, unpatched))
	function("calls", storeCall)
	function("second", initCPU()+storeSecond)
	function("others", each(storeCPUs, storeOthers)+"ret zero,(ra),1")
	function("entry", fmt.Sprintf("li sp,%d\n", uint64(stackVA))+startOthers(storeCPUs)+initCPU()+
		fmt.Sprintf(storeEntry, unpatched, -2*storeRounds, second, storeInterrupts()))
	img := p.image(t, "storing", p.labels["entry"], nil)
	t.Run("interpreter", func(t *testing.T) { storedTo(t, runSMP(t, img, storeCPUs), victim) })
	code := translated(t, img).Code()
	t.Run("all", func(t *testing.T) { storedTo(t, runSMP(t, img, storeCPUs, code), victim) })
	t.Run("hot", func(t *testing.T) { storedTo(t, runSMP(t, img, storeCPUs, code, translatedHot(t, img).Code()), victim) })
}

// storedTo checks what such a run has left; victim is its address.
func storedTo(t *testing.T, r smpRun, victim uint64) {
	t.Helper()
	if r.shared[wordPublished] != 2*storeRounds {
		t.Errorf("ended in epoch %d of %d", r.shared[wordAnnounced], 2*storeRounds)
	}
	for n, own := range r.own {
		if got := own[ownGot:]; r.shared[wordBad] != 0 && got[0]|got[1]|got[2] != 0 {
			t.Errorf("CPU %d executed an instruction that gave %d; it is in epoch %d, %d is announced, even ones give %d", n, got[0], got[1], got[2], unpatched)
		}
		// All of them called in each epoch: four results of at least one call.
		if own[ownUnpatched] < 4*storeRounds || own[ownPatched] < 4*storeRounds {
			t.Errorf("CPU %d: %d results of the old text, %d of others", n, own[ownUnpatched], own[ownPatched])
		}
	}
	for n, e := range r.engines {
		s := e.Counters()
		t.Logf("CPU %d: %d calls; %d results of the old text, %d of others; %d instructions native, %d interpreted", n, r.own[n][ownCalls],
			r.own[n][ownUnpatched], r.own[n][ownPatched], s.Translated, s.Interpreted)
	}
	if len(r.engines) == 0 {
		return
	}
	// Two calls of each round of CPU 0, which nobody interrupts, are native again, and two are not.
	e := r.engines[0]
	if misses := e.Misses()[victim]; misses > 2*storeRounds {
		t.Errorf("CPU 0 had victim interpreted %d times, more than %d", misses, 2*storeRounds)
	}
	if n := e.Counters().Translated; n < 2*storeRounds*victimLoops {
		t.Errorf("CPU 0: %d instructions native", n)
	}
}
