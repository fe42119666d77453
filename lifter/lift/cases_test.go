package lift

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"axpress/ir/eval"
	"axpress/lifter/isa"
	"axpress/runtime/abi"
)

// TestCases runs testdata/cases.txt: lifted, then evaluated. Everything that a
// case does not list must be as before.
func TestCases(t *testing.T) {
	text, err := os.ReadFile("testdata/cases.txt")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[isa.Op]bool{}
	for i, line := range strings.Split(string(text), "\n") {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		op, err := runCase(t, line)
		if err != nil {
			t.Errorf("cases.txt:%d: %s\n\t%v", i+1, line, err)
		}
		seen[op] = true
	}
	for op := isa.Op(0); int(op) < isa.NumOps; op++ {
		if !seen[op] {
			t.Errorf("cases.txt has no case of %v", op)
		}
	}
}

func runCase(t *testing.T, line string) (isa.Op, error) {
	text, rest, ok := strings.Cut(line, ";")
	before, after, ok2 := strings.Cut(rest, "->")
	if !ok || !ok2 {
		return 0, fmt.Errorf("want: instruction ; before -> after / exit")
	}
	after, exit, _ := strings.Cut(after, "/")
	kernel := true
	if text, ok = strings.CutPrefix(text, "user:"); ok {
		kernel = false
	}
	code := assemble(t, text)
	op := isa.Decode(code[0]).Op
	f := liftUnit(t, unit(code), code, Options{Kernel: kernel})

	m, want := newMachine(), newMachine()
	for _, mm := range []*eval.Machine{m, want} {
		if err := assign(mm, before); err != nil {
			return op, err
		}
	}
	if err := assign(want, after); err != nil {
		return op, err
	}
	res, err := eval.Run(f, m, 0)
	if err != nil {
		return op, err
	}
	wantExit := strings.TrimSpace(exit)
	if wantExit == "" {
		wantExit = "goto 0x1004"
	}
	if got := describe(res); got != wantExit {
		return op, fmt.Errorf("left by %q, want %q\n%s", got, wantExit, f)
	}
	wantCount := int64(1)
	switch res.Kind {
	case eval.Interpret, eval.Fault:
		wantCount = 0
	case eval.Exit:
		if res.Code != int64(abi.ExitAfterPAL) {
			wantCount = 0
		}
	}
	if res.Icount != wantCount {
		return op, fmt.Errorf("retired %d, want %d", res.Icount, wantCount)
	}
	if d := difference(m, want); d != "" {
		return op, fmt.Errorf("%s\n%s", d, f)
	}
	return op, nil
}

// assign sets each name=value of text.
func assign(m *eval.Machine, text string) error {
	for _, word := range strings.Fields(text) {
		name, value, ok := strings.Cut(word, "=")
		if !ok {
			return fmt.Errorf("%q is no assignment", word)
		}
		if name == "lock" {
			m.Lock, m.Locked = 0x8000, value == "1"
			continue
		}
		v, err := strconv.ParseUint(strings.ReplaceAll(value, "_", ""), 16, 64)
		if strings.HasPrefix(value, "-") {
			var n int64
			n, err = strconv.ParseInt(value, 10, 64)
			v = uint64(n)
		}
		if err != nil {
			return err
		}
		_, set, err := slot(m, name)
		if err != nil {
			return err
		}
		set(v)
	}
	return nil
}

// describe names how control left: what the cases file writes.
func describe(r eval.Result) string {
	switch r.Kind {
	case eval.Exit:
		return fmt.Sprintf("%s %#x at %#x", abi.Exit(r.Code), r.Imm, r.PC)
	case eval.Call:
		return fmt.Sprintf("call %#x back %#x", r.PC, r.ReturnPC)
	}
	return fmt.Sprintf("%v %#x", r.Kind, r.PC)
}

// difference describes where got is not as want, "" if nowhere.
func difference(got, want *eval.Machine) string {
	for i := range want.R {
		if got.R[i] != want.R[i] {
			return fmt.Sprintf("%c%d is %#x, want %#x", "rf"[i/32], i%32, got.R[i], want.R[i])
		}
	}
	for off, v := range want.Fields {
		if got.Fields[off] != v {
			return fmt.Sprintf("state field at %d is %#x, want %#x", off, got.Fields[off], v)
		}
	}
	for va, v := range want.Mem {
		if got.Mem[va] != v {
			return fmt.Sprintf("byte at %#x is %#x, want %#x", va, got.Mem[va], v)
		}
	}
	if got.Locked != want.Locked {
		return fmt.Sprintf("lock is %v, want %v", got.Locked, want.Locked)
	}
	return ""
}

// TestTableIsComplete: every operation has a row.
func TestTableIsComplete(t *testing.T) {
	for op := range table {
		if table[op].lift == nil {
			t.Errorf("%v is not in the table", isa.Op(op))
		}
	}
}
