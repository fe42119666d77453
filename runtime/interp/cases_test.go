package interp

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"axpress/lifter/isa"
	"axpress/runtime/abi"
)

// TestCases runs testdata/cases.txt: one instruction a line,
//
//	instruction ; before -> after
//
// with name=value pairs: r0..r30, f0..f30, fpcr, fen, flag (interrupt flag), pcc,
// cycles, mN (the quadword at dataVA+N), pc (relative to the instruction), exit
// (name of the exit code, poll if the instruction was simply retired), arg
// (ExitArg), mask (register write mask), va (FaultVA), kind (FaultKind). Before,
// r16 is dataVA and fpcr rounds to nearest. What is not named must not change.
func TestCases(t *testing.T) {
	text, err := os.ReadFile("testdata/cases.txt")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		name := strconv.Itoa(n) + ": " + line
		instr, rest, ok1 := strings.Cut(line, ";")
		before, after, ok2 := strings.Cut(rest, "->")
		if !ok1 || !ok2 {
			t.Fatalf("%s: not a case", name)
		}
		if err := runCase(t, strings.TrimSpace(instr), before, after); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// cycles is what the counter of the cases shows.
const cycles = 0x1_2345_6789

func runCase(t *testing.T, instr, before, after string) error {
	r := newRig(t, Config{Cycles: func() uint64 { return cycles }})
	word, err := isa.Assemble(instr, codeVA)
	if err != nil {
		return err
	}
	r.ram.Write32(codePA, word)
	r.s.R[16] = dataVA
	if err := apply(r, before, func(p *uint64, v uint64) error { *p = v; return nil }); err != nil {
		return err
	}
	// Expected: the state before, with what after says. PC and the exit have
	// defaults.
	want := expectation{pc: 4, exit: "poll", count: 1}
	switch {
	case strings.Contains(after, "exit=arith"):
		want.exit = "arith"
	case strings.Contains(after, "exit="):
		want.pc, want.count = 0, 0
	}
	beforeState := *r.s
	code := abi.ExitNames[r.c.Step()]
	err = apply(r, after, func(p *uint64, v uint64) error {
		if *p != v {
			return fmt.Errorf("got %#x, want %#x", *p, v)
		}
		return nil
	}, &want)
	if err != nil {
		return err
	}
	if code != want.exit {
		return fmt.Errorf("exit %s (arg %#x), want %s", code, r.s.ExitArg, want.exit)
	}
	if r.s.PC != codeVA+want.pc || r.s.Icount != want.count {
		return fmt.Errorf("pc .+%d after %d instructions, want .+%d after %d", r.s.PC-codeVA, r.s.Icount, want.pc, want.count)
	}
	for i := range 32 {
		if r.s.R[i] != beforeState.R[i] && !strings.Contains(after, fmt.Sprintf("r%d=", i)) {
			return fmt.Errorf("r%d became %#x", i, r.s.R[i])
		}
		if r.s.F[i] != beforeState.F[i] && !strings.Contains(after, fmt.Sprintf("f%d=", i)) {
			return fmt.Errorf("f%d became %#x", i, r.s.F[i])
		}
	}
	if r.s.FPCR != beforeState.FPCR && !strings.Contains(after, "fpcr=") {
		return fmt.Errorf("fpcr became %#x", r.s.FPCR)
	}
	if r.s.R[31] != 0 || r.s.F[31] != 0 {
		return fmt.Errorf("register 31 was written")
	}
	return nil
}

type expectation struct {
	pc    uint64
	count int64
	exit  string
}

// apply calls do for each name=value of list. more holds the expectation, after a run.
func apply(r *rig, list string, do func(p *uint64, v uint64) error, more ...any) error {
	for _, f := range strings.Fields(list) {
		name, val, ok := strings.Cut(f, "=")
		if !ok {
			return fmt.Errorf("%q is not name=value", f)
		}
		if name == "exit" {
			more[0].(*expectation).exit = val
			continue
		}
		v, err := number(val)
		if err != nil {
			return err
		}
		if name == "pc" {
			more[0].(*expectation).pc = v
			continue
		}
		if p := place(r, name); p != nil {
			if err := do(p, v); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			continue
		}
		off, err := strconv.ParseUint(strings.TrimPrefix(name, "m"), 10, 16)
		if name[0] != 'm' || err != nil {
			return fmt.Errorf("what is %q?", name)
		}
		q, _ := r.ram.Read64(dataPA + off)
		if err := do(&q, v); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		r.ram.Write64(dataPA+off, q)
	}
	return nil
}

func place(r *rig, name string) *uint64 {
	named := map[string]*uint64{
		"fpcr": &r.s.FPCR, "fen": &r.s.FEN, "flag": &r.s.IntrFlag, "pcc": &r.s.PCCOffset,
		"arg": &r.s.ExitArg, "mask": &r.s.FaultVA, "va": &r.s.FaultVA, "kind": &r.s.FaultKind,
		"lock": &r.s.LockFlag, "lockpa": &r.s.LockPA, "lockv": &r.s.LockValue,
	}
	if p := named[name]; p != nil {
		return p
	}
	n, err := strconv.ParseUint(name[1:], 10, 5)
	if err != nil {
		return nil
	}
	switch name[0] {
	case 'r':
		return &r.s.R[n]
	case 'f':
		return &r.s.F[n]
	}
	return nil
}

// number parses an integer, or "data+N" for dataVA+N.
func number(s string) (uint64, error) {
	base := uint64(0)
	if rest, ok := strings.CutPrefix(s, "data"); ok {
		base, s = dataVA, rest
		if s == "" {
			s = "0"
		}
	}
	if v, err := strconv.ParseInt(s, 0, 64); err == nil {
		return base + uint64(v), nil
	}
	v, err := strconv.ParseUint(s, 0, 64)
	return base + v, err
}
