package interp

import (
	"math/rand/v2"
	"testing"

	"axpress/lifter/isa"
	"axpress/runtime/abi"
	"axpress/runtime/vcpu"
)

func (r *rig) expect(t *testing.T, what string, code, want abi.Exit, pcOff int64, icount int64) {
	t.Helper()
	if code != want || r.s.ExitCode != want || r.s.PC != codeVA+uint64(pcOff) || r.s.Icount != icount {
		t.Errorf("%s: exit %s at .%+d after %d, want %s at .%+d after %d", what, code,
			int64(r.s.PC-codeVA), r.s.Icount, want, pcOff, icount)
	}
}

// A loop that sums 1..10 and stores the sum: every engine's first program.
const sumLoop = `
	lda $1,10($31)
	addq $2,$1,$2
	subq $1,1,$1
	bne $1,.-8
	stq $2,0($16)
	call_pal 0x80`

func TestLoop(t *testing.T) {
	r := newRig(t, vcpu.CPU{}, nil)
	r.load(t, sumLoop)
	r.s.R[16] = dataVA
	r.expect(t, "run", r.c.Run(), abi.ExitCallPAL, 20, 32)
	if v, _ := r.ram.Read64(dataPA); v != 55 || r.s.ExitArg != 0x80 {
		t.Errorf("sum %d, CALL_PAL %#x", v, r.s.ExitArg)
	}
	r.s.R[2] = 9
	r.expect(t, "again at the CALL_PAL", r.c.Run(), abi.ExitCallPAL, 20, 32)
}

func TestPolls(t *testing.T) {
	r := newRig(t, vcpu.CPU{}, nil)
	r.load(t, sumLoop)
	r.s.R[16] = dataVA
	r.s.Limit = 5 // noticed at the end of the second round, 7 instructions
	r.expect(t, "limit", r.c.Run(), abi.ExitPoll, 4, 7)
	r.s.Limit = 0
	r.expect(t, "attention", r.c.Run(), abi.ExitPoll, 4, 10)
	r.s.Limit = forever
	r.expect(t, "rest", r.c.Run(), abi.ExitCallPAL, 20, 32)

	// A forward branch is no poll, calls and jumps are.
	r = newRig(t, vcpu.CPU{}, nil)
	r.load(t, `
		br $31,.+8
		halt
		bsr $26,.+8
		halt
		lda $27,12($26)
		jmp $31,($27)
		lda $1,1($31)
		call_pal 0x80`)
	r.s.Limit = 1
	r.expect(t, "call", r.c.Run(), abi.ExitPoll, 16, 2)
	r.expect(t, "jump", r.c.Run(), abi.ExitPoll, 24, 4)
	r.expect(t, "end", r.c.Run(), abi.ExitCallPAL, 28, 5)
}

func TestRunForAndStep(t *testing.T) {
	r := newRig(t, vcpu.CPU{}, func(uint64) bool { return false })
	r.load(t, sumLoop)
	r.s.R[16] = dataVA
	r.s.Limit = 0 // Step does not ask
	for i := range int64(4) {
		r.expect(t, "step", r.c.Step(), abi.ExitPoll, []int64{4, 8, 12, 4}[i], i+1)
	}
	r.s.Limit = forever
	r.expect(t, "zero", r.c.RunFor(0), abi.ExitPoll, 4, 4)
	r.expect(t, "seven", r.c.RunFor(7), abi.ExitPoll, 8, 11)
	r.expect(t, "more than there are", r.c.RunFor(1000), abi.ExitCallPAL, 20, 32)
	r.expect(t, "step at an exit", r.c.Step(), abi.ExitCallPAL, 20, 32)
}

func TestNativeEntry(t *testing.T) {
	var asked []uint64
	r := newRig(t, vcpu.CPU{}, func(pc uint64) bool {
		asked = append(asked, pc-codeVA)
		return pc == codeVA+24
	})
	r.load(t, `
		br $31,.+8
		halt
		beq $1,.+8
		halt
		lda $1,1($31)
		beq $1,.-16
		lda $1,2($31)
		bsr $26,.-4`)
	r.expect(t, "native", r.c.Run(), abi.ExitNative, 24, 6)
	if len(asked) != 3 || asked[0] != 8 || asked[1] != 16 || asked[2] != 24 {
		t.Errorf("asked %v", asked)
	}
	// The instruction just entered is never asked about, only the next transfer.
	r.expect(t, "native again", r.c.Run(), abi.ExitNative, 24, 8)
}

func TestPageCrossing(t *testing.T) {
	r := newRig(t, vcpu.CPU{}, nil)
	const last = abi.PageSize - 4
	add, _ := isa.Assemble("addq $1,1,$1", 0)
	pal, _ := isa.Assemble("call_pal 0x80", 0)
	r.ram.Write32(codePA+last-4, add)
	r.ram.Write32(codePA+last, add)
	r.ram.Write32(codePA+last+4, add)
	r.ram.Write32(codePA+last+8, pal)
	r.s.PC = codeVA + last - 4
	r.expect(t, "cross", r.c.Run(), abi.ExitCallPAL, last+8, 3)
	// Running off the end of RAM is a machine check on the fetch.
	r.ram.Write32(rigRAM-4, add)
	r.s.PC = abi.KSEGBase + rigRAM - 4
	code := r.c.Run()
	if code != abi.ExitFault || r.s.FaultKind != abi.FaultMCheck || r.s.PC != abi.KSEGBase+rigRAM || r.s.Icount != 4 {
		t.Errorf("end of RAM: %s kind %d pc %#x", code, r.s.FaultKind, r.s.PC)
	}
	// So is a fetch that no page table maps, as a fault with access kind execute.
	r.s.PC = 0x20000
	r.s.PTBR = 1
	code = r.c.Run()
	if code != abi.ExitFault || r.s.FaultKind != abi.FaultMM || r.s.FaultAccess != abi.MMAccessExec || r.s.FaultVA != 0x20000 {
		t.Errorf("unmapped: %s kind %d", code, r.s.FaultKind)
	}
}

// TestCodeIsIncoherent: new code is seen after InvalidateCode, not before.
func TestCodeIsIncoherent(t *testing.T) {
	r := newRig(t, vcpu.CPU{}, nil)
	one, _ := isa.Assemble("lda $1,1($31)", 0)
	two, _ := isa.Assemble("lda $1,2($31)", 0)
	pal, _ := isa.Assemble("call_pal 0x80", 0)
	r.ram.Write32(codePA, one)
	r.ram.Write32(codePA+4, pal)
	run := func(want uint64) {
		t.Helper()
		r.s.PC = codeVA
		r.c.Run()
		if r.s.R[1] != want {
			t.Errorf("R1 = %d, want %d", r.s.R[1], want)
		}
	}
	run(1)
	r.ram.Write32(codePA, two)
	run(1)
	r.c.InvalidateCode()
	run(2)
	r.ram.Write32(codePA, one)
	r.m.InvalidateAll() // says nothing about KSEG
	run(2)
}

// TestMappedCodeAfterTBI: a mapped page is compared with RAM again after its
// translation was dropped.
func TestMappedCodeAfterTBI(t *testing.T) {
	r := newRig(t, vcpu.CPU{}, nil)
	r.s.SetPS(8)
	r.mapUser(codePA)
	r.ram.Write32(codePA, 0x80)
	run := func(want uint64) {
		t.Helper()
		r.s.PC = 0x10000
		if code := r.c.Run(); code != abi.ExitCallPAL || r.s.ExitArg != want {
			t.Errorf("%s %#x, want CALL_PAL %#x", code, r.s.ExitArg, want)
		}
	}
	run(0x80)
	r.ram.Write32(codePA, 0x81)
	run(0x80)
	r.m.InvalidateSingle(0x10000, true, false)
	run(0x81)
}

// TestWritableCodeAfterSwitch: a page that may be written is compared again when its address space is entered, one
// that may not is not.
func TestWritableCodeAfterSwitch(t *testing.T) {
	for _, c := range []struct {
		pte, want uint64
	}{{0x3301, 0x81}, {0x0301, 0x80}} {
		r := newRig(t, vcpu.CPU{}, nil)
		r.s.SetPS(8)
		r.mapUser(codePA)
		r.ram.Write64(userPTE, codePA>>13<<32|c.pte)
		r.ram.Write32(codePA, 0x80)
		run := func(asn, want uint64) {
			t.Helper()
			if asn != r.s.ASN {
				r.s.SetASN(asn)
				r.m.EnterSpace()
			}
			r.s.PC = 0x10000
			if code := r.c.Run(); code != abi.ExitCallPAL || r.s.ExitArg != want {
				t.Errorf("entry %#x: %s %#x, want CALL_PAL %#x", c.pte, code, r.s.ExitArg, want)
			}
		}
		run(1, 0x80)
		r.ram.Write32(codePA, 0x81)
		run(1, 0x80)
		r.s.SetASN(2)
		r.m.EnterSpace()
		r.s.PC = 0x20000
		if code := r.c.Run(); code != abi.ExitFault {
			t.Fatalf("nothing is at %#x, but %s", r.s.PC, code)
		}
		run(1, c.want)
	}
}

// userPTE is where mapUser has the entry of its page.
const userPTE = 0x44000 + 0x10000>>13*8

// mapUser maps virtual page 0x10000 to pa for user mode.
func (r *rig) mapUser(pa uint64) {
	const l1, l2, l3, up = 0x40000, 0x42000, 0x44000, 0x101
	r.s.PTBR = l1 >> 13
	r.ram.Write64(l1, l2>>13<<32|up)
	r.ram.Write64(l2, l3>>13<<32|up)
	r.ram.Write64(userPTE, pa>>13<<32|0x3301)
}

func TestUserMode(t *testing.T) {
	r := newRig(t, vcpu.CPU{}, nil)
	r.load(t, `
		ldq $1,0x100($17)
		addq $1,1,$1
		stq $1,0x108($17)
		ldq $2,0($16)`)
	r.ram.Write64(codePA+0x100, 41)
	r.mapUser(codePA)
	r.s.SetPS(8)
	r.s.SetASN(5)
	r.s.PC, r.s.R[17], r.s.R[16] = 0x10000, 0x10000, dataVA
	code := r.c.Run()
	if code != abi.ExitFault || r.s.FaultKind != abi.FaultMM || r.s.FaultMMCSR != abi.MMCSRACV || r.s.FaultVA != dataVA || r.s.PC != 0x1000c {
		t.Errorf("KSEG from user: %s mmcsr %d va %#x pc %#x", code, r.s.FaultMMCSR, r.s.FaultVA, r.s.PC)
	}
	if v, _ := r.ram.Read64(codePA + 0x108); v != 42 {
		t.Errorf("memory %d", v)
	}
	// The second pass hits the TLB.
	r.s.PC = 0x10000
	r.ram.Write64(codePA+0x100, 1)
	r.c.Run()
	if v, _ := r.ram.Read64(codePA + 0x108); v != 2 {
		t.Errorf("through the TLB: memory %d", v)
	}
	// The address holds other code under another ASN, whose page table says so.
	r.s.SetASN(6)
	r.ram.Write32(0x50000, 0x83) // callsys
	r.mapUser(0x50000)
	r.s.PC = 0x10000
	if code := r.c.Run(); code != abi.ExitCallPAL || r.s.ExitArg != 0x83 {
		t.Errorf("other ASN: %s", code)
	}
	r.s.SetASN(5)
	r.mapUser(codePA)
	r.s.PC = 0x10000
	if code := r.c.Run(); code != abi.ExitFault {
		t.Errorf("first ASN again: %s", code)
	}
}

func TestPageLimit(t *testing.T) {
	cc := codeCache{}
	cc.init(isa.DefaultModel())
	b := make([]byte, abi.PageSize)
	for i := range uint64(maxPages + 5) {
		cc.validate(abi.PAddr(i<<13), b)
	}
	if len(cc.pages) != 5 {
		t.Errorf("%d pages kept", len(cc.pages))
	}
}

// TestEveryWordIsSafe runs random words and random valid instructions: whatever
// they do, it is an exit or a step, and register 31 stays 0.
func TestEveryWordIsSafe(t *testing.T) {
	r := newRig(t, vcpu.CPU{}, nil)
	rng := rand.New(rand.NewPCG(11, 12))
	for i := range 30000 {
		word := rng.Uint32()
		if i%4 != 0 {
			word = isa.Random(rng, nil).Word
		}
		r.ram.Write32(codePA, word)
		r.c.InvalidateCode()
		r.s.PC = codeVA
		for n := range 31 {
			r.s.R[n] = dataVA + rng.Uint64()%0x1000&^7
			r.s.F[n] = rng.Uint64()
		}
		code := r.c.Step()
		inst := isa.Decode(word)
		reserved := inst.Op.Info().Faults&isa.FaultDEC != 0
		if reserved != (code == abi.ExitOPCDEC) {
			t.Fatalf("%08x %s: exit %s", word, inst.Op, code)
		}
		if r.s.R[31] != 0 || r.s.F[31] != 0 {
			t.Fatalf("%08x %s wrote register 31", word, inst.Op)
		}
	}
}
