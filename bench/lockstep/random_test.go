package lockstep

import (
	"fmt"
	"math/rand"
	"testing"

	"axpress/lifter/image"
	"axpress/runtime/abi"
	"axpress/runtime/machine"
	"axpress/runtime/trace"
)

// Where things lie in the random guests.
const (
	kernelVA  = 0xfffffc0001010000
	kernelRAM = 32 << 20
	dataVA    = 0xfffffc0001200000 // what functions work on
	callsVA   = 0xfffffc0001210000 // the list of calls, and register values
	stackVA   = 0xfffffc0001300000 // top of the kernel stack
	tablesVA  = 0xfffffc0001400000 // page tables and PCB
	userPA    = 0x1500000          // what user space is mapped to
	userVA    = 0x120000000
	userData  = userVA + 0x80000
	userCalls = userVA + 0x90000
	userStack = userVA + 0xa0000 // top
	userPages = 0xa0000 / abi.PageSize
)

// kernelText: entry points for faults and system calls, power-off. A memory fault
// skips its instruction; the PALcode has advanced the PC behind the other
// instructions that trap.
const kernelText = `
entMM:
	lda   sp,-16(sp)
	stq   t0,0(sp)
	ldq   t0,24(sp)
	lda   t0,4(t0)
	stq   t0,24(sp)
	ldq   t0,0(sp)
	lda   sp,16(sp)
return:
	call_pal 0x3f               # rti
poweroff:                       # PCS.flags |= 4 << 16; halt
	li    t2,0xfffffc0000000000
	ldah  t0,4(zero)
	ldq   t1,0x2200(t2)
	bis   t1,t0,t1
	stq   t1,0x2200(t2)
	call_pal 0
setup:                          # wrent a0 = address, a1 = number
	li    a0,@return
	lda   a1,0(zero)
	call_pal 0x34
	lda   a1,1(zero)
	call_pal 0x34
	lda   a1,3(zero)
	call_pal 0x34
	lda   a1,4(zero)
	call_pal 0x34
	li    a0,@entMM
	lda   a1,2(zero)
	call_pal 0x34
	li    a0,@poweroff
	lda   a1,5(zero)
	call_pal 0x34
	ret   zero,(ra),1
`

// driver calls every function of the list with registers of its own: a list entry
// is the function and where its register values are.
func driver(list, data uint64, calls int) string {
	s := fmt.Sprintf("driver:\n\tli s0,%d\n\tli s3,%d\n\tli s4,%d\nnext:\n\tldq t12,0(s3)\n\tldq s5,8(s3)\n", data, list, calls)
	at := 0
	for _, r := range free {
		s += fmt.Sprintf("\tldq $%d,%d(s5)\n", r, at)
		at += 8
	}
	for f := range fpRegs {
		s += fmt.Sprintf("\tldt $f%d,%d(s5)\n\tlds $f%d,%d(s5)\n", f, at, singles+f, at+4)
		at += 8
	}
	return s + `
	lda s2,60(zero)
	jsr ra,(t12),0
	lda s3,16(s3)
	subq s4,1,s4
	bne s4,@next
`
}

const regBlock = 8 * (len(free) + fpRegs)

// calls makes the list for driver, at address at.
func calls(rng *rand.Rand, fns []uint64, rounds int, at uint64) (data []byte, n int) {
	var list, regs []uint64
	n = len(fns) * rounds
	for range rounds {
		for _, fn := range fns {
			list = append(list, fn, at+uint64(16*n+8*len(regs)))
			for range regBlock / 8 {
				regs = append(regs, randomQuad(rng))
			}
		}
	}
	return quads(append(list, regs...)...), n
}

func randomData(rng *rand.Rand) []byte {
	var q []uint64
	for range dataBytes / 8 {
		q = append(q, randomQuad(rng))
	}
	return quads(q...)
}

// size of the random programs, and how many there are for each mode.
const (
	allSeeds  = 5
	functions = 40
	items     = 30
	rounds    = 12
)

// seeds are those of the random programs: of short tests the first two, which differ in whether programs may set GS.
func seeds() int64 {
	if testing.Short() {
		return 2
	}
	return allSeeds
}

// kernelGuest is a kernel of random functions.
func kernelGuest(t testing.TB, seed int64) *image.Image {
	rng := rand.New(rand.NewSource(seed))
	p := &program{at: kernelVA}
	p.assemble(t, kernelText)
	g := &generator{t: t, rng: rng, p: p}
	for i := range functions {
		g.function(fmt.Sprintf("random%d", i), 5+rng.Intn(items))
	}
	list, n := calls(rng, g.fns, rounds, callsVA)
	start := p.here()
	p.assemble(t, fmt.Sprintf("entry:\n\tli sp,%d\n\tbsr ra,@setup\n\tli a0,%d\n\tcall_pal 0x30\n", uint64(stackVA), uint64(tablesVA&^abi.KSEGBase))+
		driver(callsVA, dataVA, n)+"\tbr zero,@poweroff\n")
	p.function("entry", start)
	p.function("kernel", kernelVA)
	p.symbol["kernel"] = [2]uint64{kernelVA, g.p.symbol["random0"][0]}
	return p.image(t, "random kernel", p.labels["entry"], map[uint64][]byte{dataVA: randomData(rng), callsVA: list, tablesVA: tables(rng)})
}

// userGuest is a small kernel with page tables that enters a user program of random
// functions: the two images, and the program's memory.
// The program is also where the page tables say, in the kernel's image.
func userGuest(t testing.TB, seed int64) (kernel, user *image.Image) {
	rng := rand.New(rand.NewSource(seed))
	u := &program{at: userVA}
	u.assemble(t, "")
	g := &generator{t: t, rng: rng, p: u, user: true}
	for i := range functions {
		g.function(fmt.Sprintf("user%d", i), 5+rng.Intn(items))
	}
	list, n := calls(rng, g.fns, rounds, userCalls)
	start := u.here()
	u.assemble(t, "entry:\n"+driver(userCalls, userData, n)+"\tcall_pal 0x83\n")
	u.function("entry", start)
	u.align(abi.PageSize)
	user = u.image(t, "random program", u.labels["entry"], map[uint64][]byte{userData: randomData(rng), userCalls: list})

	return kernelOf(t, user, tables(rng), ""), user
}

// kernelOf is a small kernel that enters a user program, which is at userPA. begin is what it does before that.
func kernelOf(t testing.TB, user *image.Image, tables []byte, begin string) *image.Image {
	k := &program{at: kernelVA}
	k.assemble(t, kernelText+fmt.Sprintf(`
	entry:
		li    sp,%d
		bsr   ra,@setup
		%s
		li    a0,%d              # PCB
		call_pal 0x30            # swpctx
		lda   sp,-48(sp)         # frame for rti: PS, PC, gp, a0-a2
		lda   t0,8(zero)
		stq   t0,0(sp)
		li    t0,%d
		stq   t0,8(sp)
		call_pal 0x3f
	`, uint64(stackVA), begin, uint64(tablesVA&^abi.KSEGBase), user.Entry))
	k.function("entry", k.labels["entry"])
	data := map[uint64][]byte{tablesVA: tables}
	for _, s := range user.Segments {
		data[abi.KSEGBase+userPA+s.VAddr-userVA] = s.Data
	}
	return k.image(t, "kernel", k.labels["entry"], data)
}

// tables are the PCB and the page tables of user space: 3 levels of a page each.
// One page in ten is not there to begin with, and stays so.
func tables(rng *rand.Rand) []byte {
	const (
		pfn    = tablesVA &^ abi.KSEGBase >> abi.PageShift
		kernel = 1<<0 | 1<<8 | 1<<12 // V KRE KWE
		all    = kernel | 1<<9 | 1<<13
		l2     = userVA >> 23 & 1023
	)
	b := make([]byte, 4*abi.PageSize)
	put := func(page, index int, v uint64) { copy(b[page*abi.PageSize+8*index:], quads(v)) }
	// PCB: ksp, usp, ptbr, cc/asn, unique, fen (Handbook II-A, HWPCB).
	for i, v := range []uint64{stackVA, userStack, pfn + 1, 3 << 32, 0, 1} {
		put(0, i, v)
	}
	put(1, 0, (pfn+2)<<32|kernel)
	put(2, l2, (pfn+3)<<32|kernel)
	for i := range userPages {
		pte := uint64(userPA>>abi.PageShift+i)<<32 | all
		if i > 0x80000/abi.PageSize+1 && i < userPages-4 && i != 0x90000/abi.PageSize && rng.Intn(10) == 0 {
			pte = 0
		}
		put(3, i, pte)
	}
	return b
}

func TestRandomKernelCode(t *testing.T)    { randomKernelCode(t, false) }
func TestRandomKernelCodeHot(t *testing.T) { randomKernelCode(t, true) }

func randomKernelCode(t *testing.T, hot bool) {
	compared := uint64(0)
	for seed := range seeds() {
		img := kernelGuest(t, seed)
		code := []*abi.Code{translated(t, img).Code()}
		if hot {
			code = append(code, translatedHot(t, img).Code())
		}
		g := newGuest(t, machine.Config{Segments: segments(img), Entry: img.Entry, Memory: kernelRAM},
			trace.Config{Code: code, Symbol: symbols(img), ScanEvery: 16}, 3)
		compared += g.checked(t, seed)
	}
	t.Logf("%d instructions compared", compared)
}

func TestRandomUserCode(t *testing.T) { randomUserCode(t, false) }

// Half of the programs have GS set by the host's instruction, if there is one.
func TestRandomUserCodeHot(t *testing.T) { randomUserCode(t, true) }

func randomUserCode(t *testing.T, hot bool) {
	compared := uint64(0)
	for seed := range seeds() {
		kernel, user := userGuest(t, 100+seed)
		code := []*abi.Code{translated(t, kernel).Code(), translated(t, user).Code()}
		if hot {
			code = append(code, translatedHot(t, user).Code())
		}
		g := newGuest(t, machine.Config{Segments: segments(kernel), Entry: kernel.Entry, Memory: kernelRAM}, trace.Config{Code: code, Symbol: symbols(user, kernel), ScanEvery: 16, NoFSGSBase: seed%2 == 0}, 3)
		compared += g.checked(t, 100+seed)
	}
	t.Logf("%d instructions compared", compared)
}

// checked runs g to its power-off, reports what diverged, and returns how many
// instructions were compared.
func (g *lockstepGuest) checked(t *testing.T, seed int64) uint64 {
	t.Helper()
	stop := g.run(t, hang)
	for _, d := range g.found {
		t.Errorf("seed %d: %s", seed, d.String())
	}
	s := g.engine.Stats()
	// A wild access may hit I/O space, where nobody answers; the second machine check
	// halts the CPU.
	if stop.Reason != machine.PowerOff && stop.Reason != machine.Halt && len(g.found) == 0 {
		t.Errorf("seed %d: %v at %#x: %s", seed, stop.Reason, stop.PC, stop.Detail)
	}
	if s.Compared < g.engine.Counters().Interpreted {
		t.Errorf("seed %d: %d instructions compared, %d interpreted alone", seed, s.Compared, g.engine.Counters().Interpreted)
	}
	t.Logf("seed %d: %+v", seed, s)
	return s.Compared
}
