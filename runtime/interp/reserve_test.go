package interp

import (
	"testing"

	"axpress/runtime/abi"
	"axpress/runtime/vcpu"
)

// Sequences from LDx_L to STx_C: which of them need that no other CPU runs, and whether a store of another CPU in between
// that leaves the value alone is noticed.
func TestSequences(t *testing.T) {
	for _, k := range []struct {
		name, code string
		alone      bool
	}{
		{"add", "ldq_l $1,0($16)\naddq $1,1,$1\nstq_c $1,0($16)", false},
		{"compare", "ldq_l $1,0($16)\ncmpeq $1,$31,$2\nbeq $2,.+12\nmov $16,$1\nstq_c $1,0($16)\nmb", false},
		{"load between", "ldq_l $1,0($16)\nldq $2,64($16)\nlda $1,9($2)\nstq_c $1,0($16)", true},
		{"store between", "ldl_l $1,0($16)\nstl $1,64($16)\nstl_c $1,0($16)", true},
		{"on one way", "ldq_l $1,0($16)\nbne $1,.+8\nldq_u $2,64($16)\nstq_c $16,0($16)", true},
		{"on the other", "ldq_l $1,0($16)\nbeq $1,.+12\nstq_c $16,0($16)\nbr $31,.+8\nstq_c $16,0($16)", false},
	} {
		alone := 0
		r := newRig(t, vcpu.CPU{Exclusive: func(fn func()) { alone++; fn() }}, nil)
		r.load(t, k.code+"\ncall_pal 0x80")
		r.s.R[16] = dataVA
		if code := r.c.Run(); code != abi.ExitCallPAL {
			t.Fatalf("%s: exit %s", k.name, code)
		}
		if (alone == 1) != k.alone || alone > 1 {
			t.Errorf("%s: alone %d times", k.name, alone)
		}
		if alone > 0 && r.s.LockFlag != 0 {
			t.Errorf("%s: still reserved", k.name)
		}
	}
}

// STx_C that is met without its LDx_L, which translated code has executed, fails; then the sequence is repeated alone, and
// no translated code is entered in between.
func TestSequenceBegunElsewhere(t *testing.T) {
	alone := 0
	r := newRig(t, vcpu.CPU{Exclusive: func(fn func()) { alone++; fn() }}, func(pc uint64) bool { return pc == codeVA })
	r.load(t, `
		ldq_l $1,0($16)
		addq $1,1,$1
		stq_c $1,0($16)
		beq $1,.-12
		call_pal 0x80`)
	r.s.R[16], r.s.R[1] = dataVA, 7
	r.s.LockFlag, r.s.LockPA, r.s.LockValue = 1, dataPA, 0
	r.s.PC = codeVA + 8
	r.expect(t, "run", r.c.Run(), abi.ExitCallPAL, 16, 6)
	if v, _ := r.ram.Read64(dataPA); v != 1 || alone != 1 {
		t.Errorf("stored %d, alone %d times; want 1 and 1", v, alone)
	}
	if r.c.Run(); r.c.reservation.patience != 0 {
		t.Error("still waits for LDx_L")
	}
}

// A run to a count ends there, also in a sequence for which the CPU is alone.
func TestSequenceInCountedRun(t *testing.T) {
	for n := int64(1); n <= 6; n++ {
		alone := 0
		r := newRig(t, vcpu.CPU{Exclusive: func(fn func()) { alone++; fn() }}, nil)
		r.load(t, `
			lda $2,1($31)
			ldq_l $1,0($16)
			ldq $2,64($16)
			lda $1,9($2)
			stq_c $1,0($16)
			lda $2,2($31)
			call_pal 0x80`)
		r.s.R[16] = dataVA
		r.expect(t, "run", r.c.RunFor(n), abi.ExitPoll, 4*n, n)
		if v, _ := r.ram.Read64(dataPA); (v == 9) != (n >= 5) || alone != min(1, int(n)-1) || r.s.LockFlag != 0 {
			t.Errorf("%d instructions: stored %d, alone %d times, reserved %d", n, v, alone, r.s.LockFlag)
		}
	}
}

// A sequence that does not end is given up, and its reservation with it.
func TestSequenceWithoutEnd(t *testing.T) {
	var during int64
	var r *rig
	r = newRig(t, vcpu.CPU{Exclusive: func(fn func()) {
		before := r.s.Icount
		fn()
		during = r.s.Icount - before
		r.ram.Write64(dataPA+64, 1) // another CPU's
	}}, nil)
	r.load(t, `
		ldq_l $1,0($16)
		ldq $2,64($16)
		beq $2,.-4
		lda $1,5($31)
		stq_c $1,0($16)
		call_pal 0x80`)
	r.s.R[16] = dataVA
	if code := r.c.Run(); code != abi.ExitCallPAL {
		t.Fatalf("exit %s", code)
	}
	if v, _ := r.ram.Read64(dataPA); v != 0 || r.s.R[1] != 0 || during != maxSequence {
		t.Errorf("stored %d, success %d, %d instructions alone", v, r.s.R[1], during)
	}
}
