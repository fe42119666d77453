package lockstep

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand"
	"reflect"
	"slices"
	"strings"
	"testing"

	"axpress/lifter/image"
	"axpress/runtime/abi"
	"axpress/runtime/dispatch"
	"axpress/runtime/machine"
	"axpress/runtime/mmu"
	"axpress/runtime/trace"
)

// Guests that change page table entries and forget the TBI, of pages that are read, written, and executed, by both address
// spaces, in user and kernel mode. What they see is all in one register, and in memory.
const (
	staleOps   = 160 // operations of a program
	staleEach  = 8   // in a function
	staleTimes = 4   // how often all are done

	staleCode  = userVA + 0x40000    // pages with functions, each of which goes on in the next page
	stalePages = 6                   // of code, and of data
	staleAlias = 1 << 23             // the same pages once more, where all direct-mapped tables have the same entry
	staleMap   = 0xfffffffc_00000000 // pages of the kernel's part
	staleKPA   = 0x1600000           // what they are mapped to

	staleL3  = tablesVA + 3*abi.PageSize
	staleL3K = tablesVA + 5*abi.PageSize
	stalePCB = tablesVA + 6*abi.PageSize // of the other address space

	pteFOW, pteASM, pteUWE, pteKWE = 1 << 2, 1 << 4, 1 << 13, 1 << 12
)

// System calls, in v0.
const (
	sysSwap  = iota // the page table entries at a0 and a1
	sysFlip         // bits a1 of the entry at a0
	sysTBI          // with a0 and a1
	sysSpace        // the other address space
	sysRead         // v0 = what is at a0
	sysWrite        // a1 to a0
	sysEnd
)

// staleKernel serves them.
const staleKernel = `
	br    t0,@set
	subq  v0,1,t0
	beq   v0,@swap
	beq   t0,@flip
	subq  t0,1,t0
	beq   t0,@tbi
	subq  t0,1,t0
	beq   t0,@space
	subq  t0,1,t0
	beq   t0,@read
	subq  t0,1,t0
	beq   t0,@write
	br    zero,@poweroff
swap:
	ldq   t0,0(a0)
	ldq   t1,0(a1)
	stq   t0,0(a1)
	stq   t1,0(a0)
	call_pal 0x3f
flip:
	ldq   t0,0(a0)
	xor   t0,a1,t0
	stq   t0,0(a0)
	call_pal 0x3f
tbi:
	call_pal 0x33
	call_pal 0x3f
read:
	lda   v0,0(zero)
	ldq   v0,0(a0)
	call_pal 0x3f
write:
	stq   a1,0(a0)
	call_pal 0x3f
space:                          # the stack stays, and the PCB that is left is the next one
	li    t1,%[1]d
	ldq   t2,0(t1)
	stq   sp,0(t2)
	call_pal 0x3a               # rdusp
	stq   v0,8(t2)
	li    t3,%[2]d
	subq  t2,t3,a0
	call_pal 0x30               # swpctx
	addq  v0,t3,v0
	stq   v0,0(t1)
	call_pal 0x3f
set:
	li    t1,%[1]d
	li    t2,%[3]d
	stq   t2,0(t1)
	bis   t0,t0,a0
	lda   a1,5(zero)
	call_pal 0x34               # wrent entSys
`

// staleTables are the page tables, with both PCBs.
func staleTables(rng *rand.Rand) []byte {
	const (
		words = abi.PageSize / 8
		pfn   = tablesVA &^ abi.KSEGBase >> abi.PageShift
		table = 1<<0 | 1<<8 | 1<<12
		all   = table | 1<<9 | 1<<13
		l2    = userVA >> 23 & 1023
		code  = (staleCode - userVA) / abi.PageSize
	)
	b := make([]byte, 7*abi.PageSize)
	put := func(page, index int, v uint64) { binary.LittleEndian.PutUint64(b[page*abi.PageSize+8*index:], v) }
	for i, v := range []uint64{stackVA, userStack, pfn + 1, 3 << 32, 0, 1} {
		put(0, i, v)
		put(6, i, v)
	}
	put(6, 3, 5<<32)
	put(1, 0, (pfn+2)<<32|table)
	put(1, staleMap>>33&1023, (pfn+4)<<32|table)
	put(2, l2, (pfn+3)<<32|table)
	put(2, l2+1, (pfn+3)<<32|table)
	put(4, 0, (pfn+5)<<32|table)
	for i := range userPages {
		pte := uint64(userPA>>abi.PageShift+i)<<32 | all
		if i < code || i < code+stalePages+1 && rng.Intn(2) == 0 {
			pte &^= pteKWE | pteUWE
		}
		put(3, i, pte)
	}
	for i := range stalePages {
		pte := uint64(staleKPA>>abi.PageShift+i)<<32 | table
		if i%2 == 0 {
			pte |= pteASM
		}
		put(5, i, pte)
	}
	return b
}

// staleProgram is a random one.
func staleProgram(t *testing.T, rng *rand.Rand) *image.Image {
	u := &program{at: userVA}
	u.assemble(t, "")
	const mix = "\tsll s5,5,t1\n\taddq s5,t1,s5\n\taddq s5,v0,s5\n"
	page := func(base uint64) uint64 {
		at := base + uint64(rng.Intn(stalePages))*abi.PageSize
		if base != staleMap && rng.Intn(3) == 0 {
			at += staleAlias
		}
		return at
	}
	data := func() uint64 { return page(userData) }
	call := func(fn int, a0, a1 uint64) string {
		return fmt.Sprintf("\tli a0,%d\n\tli a1,%d\n\tlda v0,%d(zero)\n\tcall_pal 0x83\n", a0, a1, fn)
	}
	// entry returns the address of an entry of a user page, or one of the kernel.
	entry := func(base uint64) uint64 {
		i := uint64(rng.Intn(stalePages))
		switch base {
		case staleMap:
			return staleL3K + 8*i
		case staleCode:
			i += 1 // the first page has no code that another goes on in
			if i == stalePages {
				i = 1
			}
		}
		return staleL3 + 8*((base-userVA)/abi.PageSize+i)
	}
	parts := []uint64{userData, userData, staleCode, staleMap}
	n := 0
	makers := []func() string{
		func() string { return fmt.Sprintf("\tli t0,%d\n\tlda v0,0(zero)\n\tldq v0,0(t0)\n", data()) + mix },
		func() string { return fmt.Sprintf("\tli t0,%d\n\tstq s5,0(t0)\n", data()) },
		func() string {
			n++
			return fmt.Sprintf("\tli t0,%[1]d\n\tlda t3,3(zero)\nlock%[2]d:\n\tldq_l v0,0(t0)\n\taddq v0,%[3]d,v0\n\tstq_c v0,0(t0)\n\tbne v0,@locked%[2]d\n"+
				"\tsubq t3,1,t3\n\tbne t3,@lock%[2]d\nlocked%[2]d:\n", data(), n, 1+rng.Intn(200)) + mix
		},
		func() string {
			at := page(staleCode) + []uint64{0x100, 0x1f00}[rng.Intn(2)]
			return fmt.Sprintf("\tli t12,%d\n\tlda a0,%d(zero)\n\tjsr ra,(t12),0\n", at, rng.Intn(2)) + mix
		},
		func() string { p := parts[rng.Intn(len(parts))]; return call(sysSwap, entry(p), entry(p)) },
		func() string {
			return call(sysFlip, entry(userData), []uint64{pteFOW, pteUWE, pteKWE}[rng.Intn(3)])
		},
		func() string {
			if rng.Intn(3) != 0 {
				return ""
			}
			return call(sysTBI, []uint64{1, 2, 3, 3, 1<<64 - 1, 1<<64 - 2}[rng.Intn(6)], page(parts[rng.Intn(len(parts))]))
		},
		func() string { return call(sysSpace, 0, 0) },
		func() string { return call(sysRead, []uint64{data(), page(staleMap)}[rng.Intn(2)], 0) + mix },
		func() string {
			return call(sysWrite, []uint64{data(), page(staleMap)}[rng.Intn(2)], uint64(rng.Intn(1<<30)))
		},
	}
	for f := range staleOps / staleEach {
		var text strings.Builder
		text.WriteString("\tbis ra,ra,s4\n")
		for range staleEach {
			text.WriteString(makers[rng.Intn(len(makers))]())
		}
		u.define(t, fmt.Sprintf("operations%d", f), text.String()+"\tret zero,(s4),1\n")
	}
	all := fmt.Sprintf("\tlda s5,0(zero)\n\tlda s3,%d(zero)\nagain:\n", staleTimes)
	for f := range staleOps / staleEach {
		all += fmt.Sprintf("\tbsr ra,@operations%d\n", f)
	}
	u.define(t, "entry", all+"\tsubq s3,1,s3\n\tbne s3,@again\n"+call(sysEnd, 0, 0))
	if u.here() > staleCode {
		t.Fatalf("the program ends at %#x", u.here())
	}
	fill := func(to uint64, text string) string {
		return strings.Repeat(text, int(to-u.here())/4)
	}
	u.assemble(t, fill(staleCode, "bis zero,zero,zero\n"))
	u.define(t, "first", "\tret zero,(ra),1\n")
	for k := range stalePages {
		at := staleCode + uint64(k)*abi.PageSize
		u.assemble(t, fill(at+0x100, "bis zero,zero,zero\n"))
		u.define(t, fmt.Sprintf("leaf%d", k), fmt.Sprintf("\tlda v0,%d(zero)\n\tret zero,(ra),1\n", 100+k))
		u.assemble(t, fill(at+0x1f00, "bis zero,zero,zero\n"))
		body := u.here() + 3*4
		u.define(t, fmt.Sprintf("span%d", k), fmt.Sprintf("\tbne a0,@body%[1]d\n\tlda v0,%[2]d(zero)\n\tret zero,(ra),1\nbody%[1]d:\n", k, 200+k)+
			strings.Repeat("\taddq v0,1,v0\n", int(at+abi.PageSize-body)/4)+fmt.Sprintf("\tlda v0,%d(v0)\n\tret zero,(ra),1\n", 300+10*k))
	}
	u.align(abi.PageSize)
	data0 := make([]byte, stalePages*abi.PageSize)
	for i := range stalePages {
		binary.LittleEndian.PutUint64(data0[i*abi.PageSize:], rng.Uint64())
	}
	return u.image(t, "stale program", u.labels["entry"], map[uint64][]byte{userData: data0})
}

// staleEnd is what is left.
type staleEnd struct {
	regs   [32]uint64
	icount int64
	ram    [32]byte
	live   []mmu.Translation
	hash   uint64
}

func staleRun(t *testing.T, kernel *image.Image, clock machine.ClockMode, code ...*abi.Code) (end staleEnd, e *nativeEngine) {
	t.Helper()
	engines := boot(t, kernel, 1, clock, dispatch.Config{Code: code, EagerHot: true}, func(m *machine.Machine) {
		c := m.CPU(0)
		end = staleEnd{regs: c.S.R, icount: c.S.Icount, ram: sha256.Sum256(c.RAM.Bytes()[userPA:]), live: c.MMU.Live(), hash: c.MMU.Hash()}
	})
	if len(engines) > 0 {
		e = engines[0]
	}
	return end, e
}

// staleSeeds are of the programs. With the last one hot code comes to a function by a direct call whose copy of another one
// is of a page that was dropped.
var staleSeeds = []int64{700, 701, 703, 9009}

// What a guest sees that forgets TBIs is the same on every engine under the deterministic clock, and so is the list of live
// translations at the end. With the host's clock, where each cache is its own authority, it is not.
func TestStaleTranslations(t *testing.T) {
	differ := 0
	for _, seed := range staleSeeds {
		rng := rand.New(rand.NewSource(seed))
		user := staleProgram(t, rng)
		kernel := kernelOf(t, user, staleTables(rng), fmt.Sprintf(staleKernel, uint64(dataVA), uint64(abi.KSEGBase), uint64(stalePCB)))
		cold := []*abi.Code{translated(t, kernel).Code(), translated(t, user).Code()}
		hot := append(slices.Clone(cold), translatedHot(t, kernel).Code(), translatedHot(t, user).Code())
		g := newGuest(t, machine.Config{Segments: segments(kernel), Entry: kernel.Entry, Memory: kernelRAM}, trace.Config{Code: hot, Symbol: symbols(user, kernel), ScanEvery: 16}, 3)
		g.checked(t, seed)
		want, _ := staleRun(t, kernel, machine.ClockDeterministic)
		if len(want.live) < 2*stalePages {
			t.Errorf("seed %d: %d translations are live", seed, len(want.live))
		}
		for name, code := range map[string][]*abi.Code{"cheap": cold, "hot": hot} {
			got, e := staleRun(t, kernel, machine.ClockDeterministic, code...)
			stats := e.Counters()
			t.Logf("seed %d, %s: %d instructions native, %d interpreted, %d pages mapped, %d translations live", seed, name,
				stats.Translated, stats.Interpreted, stats.Mapped, len(got.live))
			if stats.Translated == 0 || name == "hot" && stats.Mapped == 0 {
				t.Errorf("seed %d, %s: the engine has not run what it is for", seed, name)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("seed %d, %s: the end is another: %s", seed, name, got.difference(&want))
			}
		}
		interpreted, _ := staleRun(t, kernel, machine.ClockHost)
		translated, _ := staleRun(t, kernel, machine.ClockHost, hot...)
		if interpreted.regs != translated.regs || interpreted.ram != translated.ram {
			differ++
		}
	}
	if differ == 0 {
		t.Error("the programs show nothing: without a list the engines agree, too")
	}
}

// difference says where two ends differ.
func (e *staleEnd) difference(want *staleEnd) string {
	var b strings.Builder
	for i, v := range e.regs {
		if v != want.regs[i] {
			fmt.Fprintf(&b, "r%d %#x, want %#x; ", i, v, want.regs[i])
		}
	}
	fmt.Fprintf(&b, "%d instructions, want %d; memory equal: %v", e.icount, want.icount, e.ram == want.ram)
	for _, t := range e.live {
		if !slices.Contains(want.live, t) {
			fmt.Fprintf(&b, "\n\talso live: %+v", t)
		}
	}
	for _, t := range want.live {
		if !slices.Contains(e.live, t) {
			fmt.Fprintf(&b, "\n\tnot live: %+v", t)
		}
	}
	return b.String()
}
