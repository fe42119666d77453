package lockstep

import (
	"fmt"
	"math/rand"
	"testing"

	"axpress/runtime/abi"
	"axpress/runtime/dispatch"
)

// A program that has a page fault before each page it touches: then the kernel works for long, or the program does.
const faultingText = `
	li    s0,%[1]d              # pages
	li    s1,%[2]d              # none is there
	lda   s2,16(zero)
	li    s3,@work
	li    s4,@touch
next:
	ldq   t0,0(s1)
	bis   s3,s3,t12
	jsr   ra,(t12),0
	bis   s4,s4,t12
	jsr   ra,(t12),0
	subq  s2,1,s2
	bne   s2,@next
	call_pal 0x83
`

const workText = `
	li    t1,%d
working:
	subq  t1,1,t1
	bgt   t1,@working
	ret   zero,(ra),1
`

const touchText = `
	ldq   t0,0(s0)
	lda   s0,%d(s0)
	ret   zero,(ra),1
`

// slowFault is the kernel's part.
const slowFault = `
	br    a0,@set
	stq   t0,-8(sp)
	li    t0,%d
spin:
	subq  t0,1,t0
	bgt   t0,@spin
	ldq   t0,-8(sp)
	br    zero,@entMM
set:
	lda   a1,2(zero)
	call_pal 0x34               # wrent entMM
`

// Hot code of a program pays by the program's own instructions. What a fault costs in the kernel says nothing for it.
func TestKernelWarmsNoProgram(t *testing.T) {
	const long = 300_000
	for _, c := range []struct {
		name            string
		program, kernel int
		mapped          bool
		how             way
	}{
		{"program computes", long, 1, true, waysToSetGS[0]},
		{"program computes, GS by system calls", long, 1, true, waysToSetGS[1]},
		{"kernel computes, GS by system calls", 1, long, false, waysToSetGS[1]},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.how.need(t)
			u := &program{at: userVA}
			u.define(t, "work", fmt.Sprintf(workText, c.program))
			u.define(t, "touch", fmt.Sprintf(touchText, abi.PageSize))
			u.define(t, "entry", fmt.Sprintf(faultingText, uint64(userData-16*abi.PageSize), uint64(userStack)))
			u.align(abi.PageSize)
			user := u.image(t, "faulting program", u.labels["entry"], nil)
			kernel := kernelOf(t, user, tables(rand.New(rand.NewSource(1))), fmt.Sprintf(slowFault, c.kernel))
			code := []*abi.Code{translated(t, kernel).Code(), translated(t, user).Code(), translatedHot(t, user).Code()}
			r := runWith(t, kernel, 1, dispatch.Config{Code: code, NoFSGSBase: c.how.calls})
			s := r.engines[0].Counters()
			if s.Translated < 16*long {
				t.Errorf("%d instructions native, %d interpreted", s.Translated, s.Interpreted)
			}
			if mapped := s.Mapped; (mapped != 0) != c.mapped {
				t.Errorf("%d pages mapped", mapped)
			}
			if calls := s.Segments; (calls != 0) != (c.mapped && c.how.calls) {
				t.Errorf("GS was set by %d system calls", calls)
			}
		})
	}
}
