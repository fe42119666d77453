package lockstep

import (
	"fmt"
	"math"
	"math/rand"
	"testing"

	"axpress/lifter/isa"
	"axpress/runtime/abi"
)

// Registers with a fixed meaning in random functions; all others of s0-s5, ra, gp,
// sp and zero are left alone too.
const (
	regData   = 9  // s0: the data that functions work on
	regBudget = 11 // s2: what backward branches and calls may still use up
	regRA     = 26
	regPV     = 27
	regSP     = 30
)

// free are the integer registers that random instructions use: few, so that they
// use each other's results, from the pinned and the unpinned ones.
var free = [...]uint8{0, 1, 2, 8, 16, 17, 21, 28}

// Floating-point registers 0-3 hold anything; 4-7 hold S floating values in
// canonical form, as instructions on S operands are defined for these only
// (Handbook, section 4.7.4).
const (
	fpRegs  = 4
	singles = 4 // the first of them
)

// onSingles are the operations whose operands and result are S floating.
var onSingles = map[isa.Op]bool{isa.OpADDS: true, isa.OpSUBS: true, isa.OpMULS: true, isa.OpDIVS: true, isa.OpSQRTS: true, isa.OpLDS: true}

// dataBytes is the size of the data, frameBytes that of a function's frame.
const (
	dataBytes  = 2048
	frameBytes = 64
)

// generator writes random functions. Every one of them ends: branches go
// backward, and calls are made, only while the budget lasts.
type generator struct {
	t    testing.TB
	rng  *rand.Rand
	p    *program
	user bool
	// fns are the functions written so far; calls go to these.
	fns []uint64

	fixups []fixup
	items  []uint64 // where the items of the current function start
}

// fixup is a branch whose target, an item of the function, is not written yet.
type fixup struct {
	word int
	item int
}

// call_pals that are inlined, and one that is not.
var (
	userPALs   = []uint32{0x9e, 0x9f}
	kernelPALs = []uint32{0x9e, 0x9f, 0x10, 0x31, 0x32, 0x35, 0x36, 0x38, 0x3a, 0x3c}
)

// function appends a random function of n items.
func (g *generator) function(name string, n int) {
	start := g.p.here()
	g.fixups, g.items = nil, nil
	g.line("lda sp,-%d(sp)", frameBytes)
	g.line("stq ra,0(sp)")
	for i := range n {
		g.items = append(g.items, g.p.here())
		g.item(i, n)
	}
	g.items = append(g.items, g.p.here())
	g.line("ldq ra,0(sp)")
	g.line("lda sp,%d(sp)", frameBytes)
	g.line("ret zero,(ra),1")
	for _, f := range g.fixups {
		pc := g.p.at + 4*uint64(f.word)
		in := isa.Decode(g.p.words[f.word])
		in.Imm = int64(g.items[f.item] - pc - 4)
		g.p.words[f.word] = isa.Encode(in)
	}
	g.p.function(name, start)
	g.fns = append(g.fns, start)
}

func (g *generator) line(format string, a ...any) {
	g.t.Helper()
	g.p.line(g.t, fmt.Sprintf(format, a...))
}

func (g *generator) emit(in isa.Inst) { g.p.words = append(g.p.words, isa.Encode(in)) }

func (g *generator) reg() uint8 { return free[g.rng.Intn(len(free))] }

// branch emits a branch to an item of the function.
func (g *generator) branch(op isa.Op, ra uint8, item int) {
	g.fixups = append(g.fixups, fixup{len(g.p.words), item})
	g.emit(isa.Inst{Op: op, Ra: ra})
}

// spend makes the function end when the budget is used up.
func (g *generator) spend(n, items int) {
	g.emit(isa.Inst{Op: isa.OpSUBQ, Ra: regBudget, Lit: true, Imm: int64(n), Rb: 31, Rc: regBudget})
	g.branch(isa.OpBLT, regBudget, items)
}

var conditions = [...]isa.Op{isa.OpBEQ, isa.OpBNE, isa.OpBLT, isa.OpBGE, isa.OpBLE, isa.OpBGT, isa.OpBLBS, isa.OpBLBC}
var fpConditions = [...]isa.Op{isa.OpFBEQ, isa.OpFBNE, isa.OpFBLT, isa.OpFBGE, isa.OpFBLE, isa.OpFBGT}

// item appends item i of n: an instruction or a few.
func (g *generator) item(i, n int) {
	switch k := g.rng.Intn(100); {
	case k < 55:
		g.compute()
	case k < 68:
		g.access(regData, 0)
	case k < 70:
		g.number()
	case k < 76: // an address computed at run time
		r, index := g.reg(), g.reg()
		g.line("and $%d,%d,$%d", index, 0xf8, r)
		g.line("addq $%d,$%d,$%d", r, regData, r)
		g.access(r, 512)
	case k < 80:
		g.access(regSP, frameBytes-8)
	case k < 87: // forward
		g.branch(conditions[g.rng.Intn(len(conditions))], g.reg(), min(n, i+1+g.rng.Intn(8)))
	case k < 89:
		g.branch(fpConditions[g.rng.Intn(len(fpConditions))], uint8(g.rng.Intn(fpRegs)), min(n, i+1+g.rng.Intn(8)))
	case k < 92: // backward
		g.spend(1, n)
		g.branch(conditions[g.rng.Intn(len(conditions))], g.reg(), max(0, i-g.rng.Intn(10)))
	case k < 95:
		g.call(n)
	case k < 97:
		fns := kernelPALs
		if g.user {
			fns = userPALs
		}
		g.line("call_pal %#x", fns[g.rng.Intn(len(fns))])
	case k < 98 && g.rng.Intn(2) == 0: // a register that gets its value back
		r, save := g.reg(), g.reg()
		g.line("mov $%d,$%d", r, save)
		g.line("lda $%d,%d($%d)", r, 1+g.rng.Intn(99), save)
		g.access(regData, 0)
		g.line("mov $%d,$%d", save, r)
		g.access(regData, 0)
	case k < 98:
		g.locked(n)
	case k < 99 && g.rng.Intn(2) == 0:
		g.line("rpcc $%d", g.reg())
	case k < 99:
		g.walk()
	default: // anywhere: mostly a fault
		g.access(g.reg(), 0)
	}
}

// locked appends a locked update, mostly one that is a single instruction of the host,
// with or without a loop that ends even if the update is impossible.
func (g *generator) locked(items int) {
	rs := g.rng.Perm(len(free))
	at, old, made, other := free[rs[0]], free[rs[1]], free[rs[2]], free[rs[3]]
	size, bytes := "q", 8
	if g.rng.Intn(2) == 0 {
		size, bytes = "l", 4
	}
	base, off := regData, bytes*g.rng.Intn(256/bytes)
	switch g.rng.Intn(12) {
	case 0:
		base, off = regSP, 8+bytes*g.rng.Intn(40/bytes)
	case 1:
		off += 1 + g.rng.Intn(bytes-1)
	case 2: // the end of a page, that may be the last one
		off = 3*abi.PageSize - 8
	}
	if g.rng.Intn(20) > 0 { // else anywhere
		g.line("lda $%d,%d($%d)", at, off, base)
	}
	if g.rng.Intn(3) == 0 { // the value is dead
		made = old
	}
	again := g.p.here()
	g.line("ld%s_l $%d,0($%d)", size, old, at)
	switch ops := []string{"addl", "addq", "subl", "subq", "and", "bis", "xor", "bic", "ornot", "s4addq", "subl/v"}; g.rng.Intn(6) {
	case 0:
		g.line("lda $%d,%d($%d)", made, g.rng.Intn(9)-4, old)
	case 1:
		g.line("mov $%d,$%d", other, made)
	case 2:
		g.line("%s $%d,%d,$%d", ops[g.rng.Intn(len(ops))], old, g.rng.Intn(256), made)
	case 3:
		g.line("%s $%d,$%d,$%d", ops[g.rng.Intn(len(ops))], other, old, made)
	case 4:
		g.line("%s $%d,$%d,$%d", ops[g.rng.Intn(len(ops))], old, other, free[rs[4]])
		fallthrough
	default:
		g.line("%s $%d,$%d,$%d", ops[g.rng.Intn(len(ops))], old, other, made)
	}
	g.line("st%s_c $%d,0($%d)", size, made, at)
	if g.rng.Intn(2) == 0 {
		g.line("bne $%d,%#x", made, g.p.here()+16)
		g.spend(1, items)
		g.line("br zero,%#x", again)
	}
}

// walk appends a loop, or two nested ones, with a pointer that walks through memory,
// mostly the data, but also over the ends of pages and of address space.
func (g *generator) walk() {
	starts := []uint64{userData + 3*abi.PageSize - 24, 24, 1<<42 - 24, 1<<63 - 24, ^uint64(23)}
	if !g.user {
		starts = []uint64{kernelVA - 40, ^uint64(23), ^uint64(1<<42-1) + 24, abi.KSEGBase + kernelRAM - 24, 24, userData + 3*abi.PageSize - 24}
	}
	ops := []string{"ldbu", "ldwu", "ldl", "ldq", "ldq_u", "stb", "stw", "stl", "stq", "stq_u"}
	steps := []int{1, -1, 2, 4, 8, -8, 16, 24, 2000}
	rs := g.rng.Perm(len(free))
	ptr, count, outer, val := free[rs[0]], free[rs[1]], free[rs[2]], free[rs[3]]
	pick := func() string { return ops[g.rng.Intn(len(ops))] }
	if g.rng.Intn(3) == 0 {
		g.p.loadConstant(g.t, "t12", starts[g.rng.Intn(len(starts))])
		g.line("mov t12,$%d", ptr)
	} else {
		g.line("lda $%d,%d($%d)", ptr, 512+8*g.rng.Intn(64)+g.rng.Intn(8)/7, regData)
	}
	nested := g.rng.Intn(3) == 0
	g.line("lda $%d,3(zero)", outer)
	again := g.p.here()
	g.line("lda $%d,%d(zero)", count, 1+g.rng.Intn(8))
	loop := g.p.here()
	if g.rng.Intn(4) == 0 {
		g.line("blbc $%d,%#x", val, g.p.here()+8) // not always
	}
	g.line("%s $%d,%d($%d)", pick(), val, 8*g.rng.Intn(2), ptr)
	if g.rng.Intn(2) == 0 {
		g.line("blbs $%d,%#x", val, g.p.here()+8)
		g.line("%s $%d,%d($%d)", pick(), val, g.rng.Intn(17)-8, ptr)
	}
	if g.rng.Intn(2) == 0 { // singles that the loop carries
		to := singles + g.rng.Intn(fpRegs)
		g.line("%s $f%d,$f%d,$f%d", []string{"adds", "subs", "muls"}[g.rng.Intn(3)], to, singles+g.rng.Intn(fpRegs), to)
	}
	g.line("lda $%d,%d($%d)", ptr, steps[g.rng.Intn(len(steps))], ptr)
	g.line("subq $%d,1,$%d", count, count)
	g.line("bne $%d,%#x", count, loop)
	if nested {
		g.line("lda $%d,%d($%d)", ptr, g.rng.Intn(9), ptr)
		g.line("subq $%d,1,$%d", outer, outer)
		g.line("bne $%d,%#x", outer, again)
	}
}

// number appends the reading of a number at any address, out of the quadwords that it is in.
func (g *generator) number() {
	rs := g.rng.Perm(len(free))
	at, low, high := free[rs[0]], free[rs[1]], free[rs[2]]
	log2 := g.rng.Intn(4)
	size := "bwlq"[log2 : log2+1]
	g.line("lda $%d,%d($%d)", at, g.rng.Intn(dataBytes-16), regData)
	if g.rng.Intn(3) == 0 {
		at = regData // so that it is known how far into the quadword
	}
	g.line("ldq_u $%d,0($%d)", low, at)
	if log2 == 0 {
		g.line("extbl $%d,$%d,$%d", low, at, low)
		return
	}
	g.line("ldq_u $%d,%d($%d)", high, 1<<log2-1, at)
	g.line("ext%sl $%d,$%d,$%d", size, low, at, low)
	g.line("ext%sh $%d,$%d,$%d", size, high, at, high)
	g.line("bis $%d,$%d,$%d", low, high, low)
	if log2 == 2 && g.rng.Intn(2) == 0 {
		g.line("addl $%d,0,$%d", low, low)
	}
}

// call appends a call of an earlier function, direct or through a register.
func (g *generator) call(items int) {
	if len(g.fns) == 0 {
		return
	}
	to := g.rng.Intn(len(g.fns))
	g.spend(4, items)
	if g.rng.Intn(2) == 0 {
		g.line("bsr ra,%#x", g.fns[to])
		return
	}
	g.p.loadConstant(g.t, "t12", g.fns[to])
	g.line("jsr ra,(t12),%#x", g.fns[to])
}

// compute appends one instruction that works on registers.
func (g *generator) compute() {
	if g.rng.Intn(40) == 0 { // a single from a double
		g.emit(isa.Inst{Op: isa.OpCVTTS, Ra: 31, Rb: uint8(g.rng.Intn(fpRegs)), Rc: uint8(singles + g.rng.Intn(fpRegs)), Round: isa.RoundNormal})
		return
	}
	if g.rng.Intn(40) == 0 { // and back
		g.emit(isa.Inst{Op: isa.OpCVTST, Ra: 31, Rb: uint8(singles + g.rng.Intn(fpRegs)), Rc: uint8(g.rng.Intn(fpRegs)), Round: isa.RoundNormal, Trap: isa.TrapS})
		return
	}
	vax := g.rng.Intn(16) == 0
	for {
		in := isa.Random(g.rng, func(i *isa.Info) bool {
			switch i.Class {
			case isa.ClassLoad, isa.ClassStore, isa.ClassLoadLocked, isa.ClassStoreCond, isa.ClassFPLoad, isa.ClassFPStore, isa.ClassMisc, isa.ClassPAL, isa.ClassPALRes:
				return false
			}
			return i.Flow == isa.FlowNext && i.Size == 0 && (i.Ext == isa.ExtVAX) == vax && i.Op != isa.OpCVTST && (i.Op != isa.OpMTFPCR || g.rng.Intn(20) == 0)
		})
		if g.rng.Intn(3) != 0 { // few of the forms that trap
			in.Round, in.Trap = isa.RoundNormal, 0
		}
		g.narrow(&in)
		if w := isa.Encode(in); isa.Decode(w).Op == in.Op {
			g.p.words = append(g.p.words, w)
			return
		}
	}
}

// narrow makes in use the free registers.
func (g *generator) narrow(in *isa.Inst) {
	info := in.Op.Info()
	same := in.Op == isa.OpMTFPCR || in.Op == isa.OpMFFPCR
	for _, x := range []struct {
		r *uint8
		f isa.Fields
	}{{&in.Ra, isa.FieldRa}, {&in.Rb, isa.FieldRb}, {&in.Rc, isa.FieldRc}} {
		if *x.r == 31 {
			continue
		}
		switch {
		case onSingles[in.Op]:
			*x.r = singles + *x.r%fpRegs
		case info.FP&x.f != 0:
			*x.r %= fpRegs
		default:
			*x.r = free[*x.r%uint8(len(free))]
		}
	}
	if same {
		in.Rb, in.Rc = in.Ra, in.Ra
	}
}

// access appends a load or store with the base register given. room is how many
// bytes behind the base may be used, 0: those of the data.
func (g *generator) access(base uint8, room int) {
	in := isa.Random(g.rng, func(i *isa.Info) bool {
		return i.Size != 0 && (i.Class == isa.ClassLoad || i.Class == isa.ClassStore || i.Class == isa.ClassFPLoad || i.Class == isa.ClassFPStore)
	})
	if room == 0 {
		room = dataBytes - 8
	}
	g.narrow(&in)
	if in.Op == isa.OpSTS && g.rng.Intn(2) == 0 {
		in.Ra += singles
	}
	size := int(in.Op.Info().Size)
	in.Rb, in.Imm = base, int64(size*g.rng.Intn(room/size))
	if base == regSP {
		in.Imm = int64(8 + size*g.rng.Intn((room-8)/size)) // not the return address
	}
	if g.rng.Intn(40) == 0 {
		in.Imm++ // unaligned, mostly
	}
	g.emit(in)
}

// randomQuad returns a register value that may be special, for either file.
func randomQuad(rng *rand.Rand) uint64 {
	edges := [...]uint64{0, 1, ^uint64(0), 1 << 63, 1<<63 - 1, 1 << 31, 1<<31 - 1, ^uint64(1<<31 - 1), 0xff, 0x8000, 0x7ff << 52, 0x7ff8 << 48, 1 << 52, 0x43e << 52}
	switch rng.Intn(6) {
	case 0:
		return edges[rng.Intn(len(edges))]
	case 1:
		return uint64(rng.Intn(64))
	case 2:
		return uint64(int64(int32(rng.Uint32())))
	case 3, 4:
		return math.Float64bits(float64(rng.Intn(4000)-2000) / 8)
	}
	return rng.Uint64()
}
