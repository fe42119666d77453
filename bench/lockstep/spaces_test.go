package lockstep

import (
	"encoding/binary"
	"fmt"
	"math/rand"
	"slices"
	"testing"

	"axpress/runtime/abi"
	"axpress/runtime/dispatch"
)

// Two processes run the same text on data of their own at the same address: each counts in the first word, and adds
// the third one to the second. The text is there twice, so that they do not take each other's place in the jump cache.
const (
	spacesRounds = 400
	seedA, seedB = 3, 5

	pageB   = userPA + userPages*abi.PageSize // B's data; A's is where userGuest has it
	stackB  = stackVA - 0x1000
	tablesB = tablesVA + 4*abi.PageSize
	pcbs    = dataVA + 0x800 // the PCB of the other process, or 0 if it has ended, and that of the current one
)

const spacesProgram = `
next:
	li    s0,%d
	li    t12,@count
	jsr   ra,(t12),0
	ldq   t0,0(s0)
	and   t0,3,t1
	cmpeq t1,0,v0               # 1: let the other one run
	lda   t1,-%d(t0)
	blt   t1,@call
	lda   v0,2(zero)            # 2: the end
call:
	call_pal 0x83               # 0: return at once
	br    zero,@next
`

const spacesCount = `
	ldq   t0,0(s0)
	addq  t0,1,t0
	stq   t0,0(s0)
	ldq   t1,8(s0)
	ldq   t2,16(s0)
	addq  t1,t2,t1
	stq   t1,8(s0)
	ret   zero,(ra),1
`

// spacesKernel begins with B, whose kernel stack has a frame for rti, and has system calls served.
const spacesKernel = `
	li    t0,%[1]d              # B's stack
	lda   t1,8(zero)
	stq   t1,0(t0)
	li    t1,%[2]d              # where it begins
	stq   t1,8(t0)
	li    t0,%[3]d              # A's data, and B's
	lda   t1,%[5]d(zero)
	stq   t1,16(t0)
	li    t0,%[4]d
	lda   t1,%[6]d(zero)
	stq   t1,16(t0)
	li    t0,%[7]d
	li    t1,%[8]d
	stq   t1,0(t0)
	li    t1,%[9]d
	stq   t1,8(t0)
	br    a0,@set
	beq   v0,@back
	li    t3,%[7]d
	ldq   a0,0(t3)
	subq  v0,2,t4
	bne   t4,@switch
	beq   a0,@over
	stq   zero,0(t3)
	call_pal 0x30               # swpctx
	br    zero,@back
switch:
	beq   a0,@back
	ldq   t4,8(t3)
	stq   t4,0(t3)
	stq   a0,8(t3)
	call_pal 0x30
back:
	bsr   ra,@leave             # native code again
leave:
	call_pal 0x3f               # rti
over:
	li    t0,%[10]d
	li    t1,%[3]d
	ldq   t2,0(t1)
	stq   t2,0(t0)
	ldq   t2,8(t1)
	stq   t2,8(t0)
	li    t1,%[4]d
	ldq   t2,0(t1)
	stq   t2,16(t0)
	ldq   t2,8(t1)
	stq   t2,24(t0)
	br    zero,@poweroff
set:
	lda   a1,5(zero)
	call_pal 0x34               # wrent entSys
`

// twoTables are the PCBs of both processes, each with its page tables behind it.
func twoTables() []byte {
	const (
		words    = abi.PageSize / 8
		leaves   = 3 * words
		data     = leaves + (userData-userVA)/abi.PageSize
		writable = 1<<12 | 1<<13
		low      = 1<<32 - 1
	)
	a := tables(rand.New(rand.NewSource(1)))
	get := func(b []byte, word int) uint64 { return binary.LittleEndian.Uint64(b[8*word:]) }
	put := func(b []byte, word int, v uint64) { binary.LittleEndian.PutUint64(b[8*word:], v) }
	for i := leaves; i < data; i++ { // code that can be written is looked at anew at each switch
		put(a, i, get(a, i)&^writable)
	}
	b := slices.Clone(a)
	put(b, 0, stackB)
	put(b, 2, get(a, 2)+4) // the page table
	put(b, 3, 5<<32)       // ASN
	for i := words; i < leaves; i++ {
		if pte := get(a, i); pte != 0 {
			put(b, i, pte+4<<32)
		}
	}
	put(b, data, get(a, data)&low|pageB>>abi.PageShift<<32)
	return append(a, b...)
}

// Each process has its own data, whoever sets GS. System calls return in native code, and so do those that switch; only
// where GS has to be moved they come by Go.
func TestHotCodeOfTwoProcesses(t *testing.T) {
	u := &program{at: userVA}
	for _, entry := range []string{"entry", "entry of B"} {
		u.define(t, "count", spacesCount)
		u.define(t, entry, fmt.Sprintf(spacesProgram, uint64(userData), spacesRounds))
	}
	u.align(abi.PageSize)
	user := u.image(t, "counting program", u.labels["entry"], nil)
	kernel := kernelOf(t, user, twoTables(), fmt.Sprintf(spacesKernel, uint64(stackB), u.labels["entry of B"], uint64(abi.KSEGBase)+userPA+userData-userVA,
		abi.KSEGBase+uint64(pageB), seedA, seedB, uint64(pcbs), uint64(tablesB&^abi.KSEGBase), uint64(tablesVA&^abi.KSEGBase), uint64(dataVA)))
	cold := []*abi.Code{translated(t, kernel).Code(), translated(t, user).Code()}
	want := [4]uint64{spacesRounds, spacesRounds * seedA, spacesRounds, spacesRounds * seedB}
	for _, how := range waysToSetGS {
		t.Run(how.name, func(t *testing.T) {
			how.need(t)
			r := runWith(t, kernel, 1, dispatch.Config{Code: append(cold, translatedHot(t, user).Code()), EagerHot: true, NoFSGSBase: how.calls})
			if got := [4]uint64(r.shared[:4]); got != want {
				t.Errorf("counts and sums %d, want %d", got, want)
			}
			s := r.engines[0].Counters()
			if s.Mapped == 0 || r.fastRTI[0] == 0 {
				t.Errorf("%d pages mapped, %d rti native", s.Mapped, r.fastRTI[0])
			}
			if calls := s.Segments; how.calls && calls < spacesRounds/4 || !how.calls && calls != 0 {
				t.Errorf("GS was set by %d system calls", calls)
			}
		})
	}
	t.Run("cold", func(t *testing.T) {
		r := runWith(t, kernel, 1, dispatch.Config{Code: cold, NoFSGSBase: true})
		if got, calls := [4]uint64(r.shared[:4]), r.engines[0].Counters().Segments; got != want || calls != 0 {
			t.Errorf("counts and sums %d, want %d; %d system calls", got, want, calls)
		}
	})
}

// way is how GS is set.
type way struct {
	name  string
	calls bool // by system calls, as every host allows
}

var waysToSetGS = []way{{"FSGSBASE", false}, {"system calls", true}}

// need skips the test of what the host has not.
func (w way) need(t *testing.T) {
	t.Helper()
	if !w.calls && !dispatch.HasFSGSBase() {
		t.Skip("programs may not set GS on this host (no FSGSBASE)")
	}
}
