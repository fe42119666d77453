package lockstep

import (
	"fmt"
	"testing"

	"axpress/lifter/image/imagetest"
	"axpress/runtime/abi"
)

// CPU 0 counts by LDx_L and STx_C with a loop in between, and CPU 1, or CPU 0's timer, interrupts it all the time. The handler looks by the PC
// that is saved whether the interrupt came between the two; it executes LDx_L itself, so that nothing but rti breaks the
// reservation that CPU 0 returns with.
const (
	lockInterrupted = 6   // sequences, that must all fail
	lockLoops       = 100 // so that most interrupts come there; too many, and the interpreter takes it for no sequence
	lockVA          = dataVA + 0x8000
)

// Words of what is shared: what is counted is alone in its block.
const wordServed, wordStored, wordFailed = 0, 1, 2

// lockCount is the sequence: s2 is what is counted, s3 the address of again, s4 is 1 if there was an interrupt between the
// two, s5 counts those sequences.
const lockCount = `
	br    s3,@again
again:
	lda   s4,0(zero)
	lda   t2,%[2]d(zero)
	ldq_l t0,0(s2)
between:                        # s3 + 12
	subq  t2,1,t2
	bne   t2,@between
	addq  t0,1,t0
	stq_c t0,0(s2)              # s3 + 24
	beq   s4,@again
	bne   t0,@stored
	addq  s5,1,s5
	lda   t1,-%[1]d(s5)
	bne   t1,@again
stored:
	stq   t0,8(s0)
	stq   s5,16(s0)
	ret   zero,(ra),1
`

// lockHandler uses t8 and t9, which nobody else does.
const lockHandler = `
	ldq   t8,8(sp)              # the PC
	subq  t8,s3,t8
	lda   t8,-12(t8)
	cmpule t8,12,t8
	bis   s4,t8,s4
	ldq   t9,0(s0)
	addq  t9,1,t9
	stq   t9,0(s0)
%[1]s
	ldq_l t9,0(s2)
	call_pal 0x3f
`

// lockTimer has the timer interrupt the CPU in a microsecond.
const lockTimer = `
	lda   a0,5(zero)            # cserve set_alarm_rel
	lda   a1,997(zero)
	call_pal 9
`

// lockSecond interrupts CPU 0 again when the handler has run, not always at the same distance.
const lockSecond = `
	lda   s3,0(zero)
send:
	lda   a0,0(zero)
	call_pal 0x0d               # wripir
	addq  s3,1,s3
wait:
	ldq   t0,0(s0)
	subq  t0,s3,t0
	bne   t0,@wait
	and   s3,63,t1
	s8addq t1,t1,t1
pause:
	subq  t1,1,t1
	bge   t1,@pause
	br    zero,@send
`

const lockEntry = `
	li    s2,%[1]d
	lda   s4,0(zero)
	lda   s5,0(zero)
%[3]s
	li    t12,%[2]d
	lda   a0,0(zero)
	call_pal 0x35               # swpipl 0
	jsr   ra,(t12),0
	br    zero,@poweroff
`

// rti that native code executes itself clears the lock flag, wherever the sequence is executed that was interrupted: in
// the interpreter, as it stands in memory that is not translated, or in native code. STx_C behind it fails, though nobody
// has stored there.
func TestNativeRTIBreaksReservation(t *testing.T) {
	for cpus := 1; cpus <= 2; cpus++ {
		t.Run(fmt.Sprintf("interpreted, %d CPUs", cpus), func(t *testing.T) { interruptsLocks(t, cpus, false) })
		t.Run(fmt.Sprintf("native, %d CPUs", cpus), func(t *testing.T) { interruptsLocks(t, cpus, true) })
	}
}

func interruptsLocks(t *testing.T, cpus int, native bool) {
	t.Helper()
	timer := ""
	if cpus == 1 {
		timer = lockTimer
	}
	p := &program{at: kernelVA}
	p.assemble(t, kernelText)
	p.function("kernel", kernelVA)
	const elsewhere = dataVA + 4*abi.PageSize
	q := &program{at: elsewhere}
	q.assemble(t, "count:\n"+fmt.Sprintf(lockCount, lockInterrupted, lockLoops))
	count := q.labels["count"]
	if native {
		p.define(t, "count", fmt.Sprintf(lockCount, lockInterrupted, lockLoops))
		count = p.labels["count"]
	}
	p.define(t, "handler", fmt.Sprintf(lockHandler, timer))
	p.define(t, "second", initCPU()+lockSecond)
	p.define(t, "entry", fmt.Sprintf("li sp,%d\n", uint64(stackVA))+initCPU()+startOthers(cpus)+fmt.Sprintf(lockEntry, uint64(lockVA), count, timer))
	img := p.image(t, "locking", p.labels["entry"], map[uint64][]byte{elsewhere: imagetest.Words(q.words...)})
	r := runSMP(t, img, cpus, translated(t, img).Code())
	if r.shared[wordStored] != 0 || r.shared[wordFailed] != lockInterrupted {
		t.Errorf("after %d sequences that were interrupted and failed one gave %d, not %d and 0", r.shared[wordFailed], r.shared[wordStored], lockInterrupted)
	}
	// Some are left to Go, as the next interrupt is there already.
	if r.fastRTI[0] == 0 {
		t.Errorf("no rti of %d was native", r.shared[wordServed])
	}
	t.Logf("%d interrupts, %d rti native", r.shared[wordServed], r.fastRTI[0])
}
