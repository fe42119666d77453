package osf

import (
	"slices"
	"testing"

	"axpress/runtime/abi"
)

// callCases has a case for each row of the table that is not Missing. Before a
// case R[n] is n*0x101; want names state that must have changed.
var callCases = []struct {
	fn     uint32
	user   bool
	set    func(*CPU, *fake)
	result Result
	check  func(*testing.T, *CPU, *fake)
}{
	{fn: 0x00, result: Halted, check: func(t *testing.T, c *CPU, f *fake) {
		if len(f.halts) != 1 || f.halts[0].Code != HaltCallPAL || f.halts[0].PC != testPC+4 {
			t.Errorf("halts %v", f.halts)
		}
	}},
	{fn: 0x01}, {fn: 0x02},
	{fn: 0x09, set: args(1, 0x500), check: v0(0)},
	{fn: 0x09, set: func(c *CPU, f *fake) { args(1, 0x500)(c, f); f.quads[0x500] = 77 }, check: v0(77)},
	{fn: 0x09, set: args(2, 0x500, 88), check: func(t *testing.T, c *CPU, f *fake) {
		if f.quads[0x500] != 88 {
			t.Error("stqp did not store")
		}
	}},
	{fn: 0x09, set: args(3), check: v0(2000)},
	{fn: 0x09, set: func(c *CPU, f *fake) { args(4)(c, f); f.alarm = 9 }, check: v0(9)},
	{fn: 0x09, set: args(5, 10), check: calls("alarm 1010")},
	{fn: 0x09, set: args(5, 1<<63-1), check: calls("alarm 9223372036854775807")},
	{fn: 0x09, set: args(6, 0), check: calls("alarm 0")},
	{fn: 0x09, set: args(7), check: v0(1000)},
	{fn: 0x09, set: func(c *CPU, f *fake) { args(7)(c, f); c.ParavirtualClock = false }, check: v0(0)},
	{fn: 0x09, set: args(52)}, {fn: 0x09, set: args(53)}, {fn: 0x09, set: args(^uint64(0))},
	{fn: 0x0a, set: args(1), check: v0(1)},
	{fn: 0x0a, set: func(c *CPU, f *fake) {
		args(2, 0x20002, 0x5000, 0x12340000)(c, f)
		f.quads[0x5000], f.quads[0x5010] = 0xabc0, 42
	}, check: func(t *testing.T, c *CPU, f *fake) {
		s := c.S
		if s.PC != 0x20000 || s.PCBB != 0x5000 || s.VPTB != 0x12340000 || s.R[30] != 0xabc0 || s.PTBR != 42 || s.PS != 7 || s.R[27] != s.PC || s.R[0] != 0 {
			t.Errorf("pc %#x pcbb %#x vptb %#x", s.PC, s.PCBB, s.VPTB)
		}
	}},
	{fn: 0x0d, set: args(3), check: calls("ipi 3")},
	{fn: 0x10, set: func(c *CPU, f *fake) { c.S.MCES = 9 }, check: v0(9)},
	{fn: 0x11, set: func(c *CPU, f *fake) { c.S.MCES = 0xf; args(0x13)(c, f) }, check: func(t *testing.T, c *CPU, f *fake) {
		if c.S.MCES != 0x14 { // MIP and SCE cleared, PCE kept; DPC 0, DSC 1
			t.Errorf("MCES %#x", c.S.MCES)
		}
	}},
	{fn: 0x2b, set: args(0), check: fen(0)},
	{fn: 0x2b, set: func(c *CPU, f *fake) { c.S.FEN = 0; args(1)(c, f) }, check: fen(1)},
	{fn: 0x2d, set: args(5), check: field(func(s *abi.State) uint64 { return s.VPTB }, 5)},
	{fn: 0x31, set: args(5), check: field(func(s *abi.State) uint64 { return s.SysVal }, 5)},
	{fn: 0x32, set: func(c *CPU, f *fake) { c.S.SysVal = 6 }, check: v0(6)},
	{fn: 0x33, set: args(^uint64(1)), check: calls("tbia")},
	{fn: 0x33, set: args(^uint64(0)), check: calls("tbiap")},
	{fn: 0x33, set: args(1, 0x2000), check: calls("tbis 0x2000 true false")},
	{fn: 0x33, set: args(2, 0x2000), check: calls("tbis 0x2000 false true")},
	{fn: 0x33, set: args(3, 0x2000), check: calls("tbis 0x2000 true true")},
	{fn: 0x33, set: args(0, 0x2000), check: calls()},
	{fn: 0x34, set: args(0xabcd, 3), check: field(func(s *abi.State) uint64 { return s.Entries[abi.EntIF] }, 0xabcc)},
	{fn: 0x34, set: args(0xabcd, 7), check: field(func(s *abi.State) uint64 { return s.Entries[7] }, 0x8000)},
	{fn: 0x35, set: func(c *CPU, f *fake) { c.S.SetPS(7); args(0xf8+2)(c, f) }, check: func(t *testing.T, c *CPU, f *fake) {
		v0(7)(t, c, f)
		if c.S.PS != 2 {
			t.Errorf("PS %#x", c.S.PS)
		}
	}},
	{fn: 0x36, set: func(c *CPU, f *fake) { c.S.SetPS(7) }, check: v0(7)},
	{fn: 0x37, set: args(5), check: field(func(s *abi.State) uint64 { return s.KGP }, 5)},
	{fn: 0x38, set: args(5), check: field(func(s *abi.State) uint64 { return s.USP }, 5)},
	{fn: 0x39, set: args(5), check: v0(0)},
	{fn: 0x3a, check: v0(testUSP)},
	{fn: 0x3b, set: func(c *CPU, f *fake) { c.Console = consoleFunc(func(s *abi.State) { s.R[0] = 99 }) }, check: v0(99)},
	{fn: 0x3c, set: func(c *CPU, f *fake) { c.S.WHAMI = 2 }, check: v0(2)},
	{fn: 0x3e, result: Waiting, check: v0(0)},
	{fn: 0x3e, set: func(c *CPU, f *fake) { c.S.SetPS(7); c.SetIRQ(IRQDevice, true) }, check: v0(0)},
	{fn: 0x80, user: true, check: entIF(0)}, {fn: 0x81, user: true, check: entIF(1)}, {fn: 0xaa, user: true, check: entIF(2)},
	{fn: 0x86, user: true, check: calls("imb")},
	{fn: 0x9e, user: true, set: func(c *CPU, f *fake) { c.S.Unique = 4 }, check: v0(4)},
	{fn: 0x9f, user: true, set: args(8), check: field(func(s *abi.State) uint64 { return s.Unique }, 8)},
	{fn: 0xae, user: true, check: fen(0)},
	{fn: 0x83, user: true, check: func(t *testing.T, c *CPU, f *fake) {
		// callsys does not write the argument slots.
		for i, r := range []uint64{16 * 0x101, 17 * 0x101, 18 * 0x101} {
			f.quads[testKSP-24+uint64(i)*8] = r
		}
		wantFrame(t, c, f, abi.EntSys, psUser, testPC+4, 0)
		wantArgs(t, c, 16*0x101, 17*0x101, 18*0x101)
	}},
	{fn: 0x83, check: func(t *testing.T, c *CPU, f *fake) {
		wantArgs(t, c, 2)
		if f.quads[testLogout+16]&0xffffffff != 0x90 {
			t.Error("callsys in kernel mode: wrong machine check code")
		}
	}},
	{fn: 0x3d, set: frame(0, 0x2222, 0x3333), check: func(t *testing.T, c *CPU, f *fake) {
		s := c.S
		if s.PC != 0x2220 || s.R[29] != 0x3333 || s.R[30] != testUSP || s.KSP != testKSP+48 || s.PS != 8 || s.LockFlag != 0 || s.IntrFlag != 0 || s.R[16] != 16*0x101 {
			t.Errorf("pc %#x gp %#x sp %#x ps %#x", s.PC, s.R[29], s.R[30], s.PS)
		}
	}},
	{fn: 0x3f, set: frame(8|3, 0x2222, 0x3333, 1, 2, 3), check: func(t *testing.T, c *CPU, f *fake) {
		s := c.S
		wantArgs(t, c, 1, 2, 3)
		if s.PC != 0x2220 || s.R[29] != 0x3333 || s.R[30] != testUSP || s.KSP != testKSP+48 || s.PS != 8 || s.LockFlag != 0 || s.IntrFlag != 0 {
			t.Errorf("pc %#x gp %#x sp %#x ps %#x", s.PC, s.R[29], s.R[30], s.PS)
		}
	}},
	{fn: 0x3f, set: frame(0x12345, 0x2222, 0x3333, 1, 2, 3), check: func(t *testing.T, c *CPU, f *fake) {
		s := c.S
		wantArgs(t, c, 1, 2, 3)
		if s.PC != 0x2220 || s.R[30] != testKSP+48 || s.PS != 5 || s.USP != testUSP {
			t.Errorf("pc %#x sp %#x ps %#x usp %#x", s.PC, s.R[30], s.PS, s.USP)
		}
	}},
	{fn: 0x30, set: func(c *CPU, f *fake) {
		s := c.S
		args(abi.KSEGBase+0x5000)(c, f)
		for i, v := range []uint64{0xa0, 0xa1, 0xa2, 33<<32 | 1000, 0xa4, 1} {
			f.quads[0x5000+uint64(i)*8] = v
		}
		f.quads[testPCBB+0x18] = 9<<32 | 5
		s.Unique, s.PCCOffset, s.FEN = 0xbeef, 7, 0
	}, check: func(t *testing.T, c *CPU, f *fake) {
		s := c.S
		if s.R[0] != testPCBB || s.PCBB != 0x5000 {
			t.Errorf("v0 %#x pcbb %#x", s.R[0], s.PCBB)
		}
		for off, want := range map[uint64]uint64{0: testKSP, 8: testUSP, 0x18: 9<<32 | 507, 0x20: 0xbeef} {
			if got := f.quads[testPCBB+off]; got != want {
				t.Errorf("old pcb+%#x: %#x, want %#x", off, got, want)
			}
		}
		if s.R[30] != 0xa0 || s.USP != 0xa1 || s.PTBR != 0xa2 || s.ASN != 33 || s.ASNTag != 33<<abi.ASNTagShift || s.Unique != 0xa4 || s.FEN != 1 {
			t.Errorf("state not loaded: sp %#x usp %#x ptbr %#x asn %d unique %#x fen %d", s.R[30], s.USP, s.PTBR, s.ASN, s.Unique, s.FEN)
		}
		if got := uint32(s.PCCOffset) + uint32(f.cycles); got != 1000 {
			t.Errorf("process cycles %d, want 1000", got)
		}
		if len(f.calls) != 1 || f.calls[0] != "another space" {
			t.Errorf("swpctx called %v", f.calls)
		}
	}},
	{fn: 0x30, set: func(c *CPU, f *fake) { // the current one: a reload
		args(testPCBB)(c, f)
		for i, v := range []uint64{1, 2, 0x77, 4 << 32, 5, 1} {
			f.quads[testPCBB+uint64(i)*8] = v
		}
		c.S.Unique = 0xbeef
	}, check: func(t *testing.T, c *CPU, f *fake) {
		s := c.S
		if s.R[30] != testKSP || s.USP != testUSP || s.Unique != 0xbeef || s.PTBR != 0x77 || s.ASN != 4 || s.PCCOffset != 0 {
			t.Errorf("sp %#x usp %#x unique %#x ptbr %#x asn %d pcc %#x", s.R[30], s.USP, s.Unique, s.PTBR, s.ASN, s.PCCOffset)
		}
	}},
	{fn: 0x30, set: func(c *CPU, f *fake) { args(0x5000)(c, f); f.bad[0x5008] = true }, check: func(t *testing.T, c *CPU, f *fake) {
		if c.S.PCBB != testPCBB || c.S.R[16] != 2 {
			t.Error("swpctx to absent memory: no machine check")
		}
	}},
}

type consoleFunc func(*abi.State)

func (f consoleFunc) Callback(s *abi.State, _ Memory) { f(s) }

func args(a ...uint64) func(*CPU, *fake) {
	return func(c *CPU, _ *fake) { copy(c.S.R[regA0:], a) }
}

func frame(v ...uint64) func(*CPU, *fake) {
	return func(_ *CPU, f *fake) {
		for i, x := range v {
			f.quads[testKSP+uint64(i)*8] = x
		}
	}
}

func v0(want uint64) func(*testing.T, *CPU, *fake) {
	return field(func(s *abi.State) uint64 { return s.R[0] }, want)
}

func field(get func(*abi.State) uint64, want uint64) func(*testing.T, *CPU, *fake) {
	return func(t *testing.T, c *CPU, _ *fake) {
		t.Helper()
		if got := get(c.S); got != want {
			t.Errorf("got %#x, want %#x", got, want)
		}
	}
}

func fen(want uint64) func(*testing.T, *CPU, *fake) {
	return func(t *testing.T, c *CPU, f *fake) {
		if c.S.FEN != want || f.quads[testPCBB+pcbFlags]&1 != want {
			t.Errorf("FEN %d, in the PCB %d, want %d", c.S.FEN, f.quads[testPCBB+pcbFlags]&1, want)
		}
	}
}

func calls(want ...string) func(*testing.T, *CPU, *fake) {
	return func(t *testing.T, _ *CPU, f *fake) {
		if !slices.Equal(f.calls, want) {
			t.Errorf("calls %q, want %q", f.calls, want)
		}
	}
}

func entIF(code uint64) func(*testing.T, *CPU, *fake) {
	return func(t *testing.T, c *CPU, f *fake) {
		wantFrame(t, c, f, abi.EntIF, psUser, testPC+4, 0)
		wantArgs(t, c, code)
	}
}

func TestCalls(t *testing.T) {
	tested := map[uint32]bool{}
	for i, k := range callCases {
		row := Lookup(k.fn)
		if row == nil {
			t.Fatalf("case %d: no CALL_PAL %#x", i, k.fn)
		}
		tested[k.fn] = true
		t.Run(row.Name, func(t *testing.T) {
			c, f := newTest(t, k.user, 0)
			if k.set != nil {
				k.set(c, f)
			}
			if r := c.Call(k.fn); r != k.result {
				t.Errorf("result %d, want %d", r, k.result)
			}
			if c.S.Icount != 101 {
				t.Errorf("Icount advanced by %d", c.S.Icount-100)
			}
			if k.check != nil {
				k.check(t, c, f)
			} else if len(f.calls) != 0 || c.S.PC != testPC+4 {
				t.Errorf("pc %#x, calls %v", c.S.PC, f.calls)
			}
		})
	}
	for _, row := range Rows() {
		if !tested[row.Number] && row.Status != Missing {
			t.Errorf("CALL_PAL %#x %s has no case", row.Number, row.Name)
		}
	}
}

func TestPrivilegedAndUnknown(t *testing.T) {
	for fn := range uint32(0x200) {
		row := Lookup(fn)
		if row != nil && row.Privileged != (fn < 0x40) {
			t.Errorf("%s: privilege does not follow from its number", row.Name)
		}
		if row != nil && !row.Privileged && row.Status != Missing {
			continue
		}
		c, f := newTest(t, true, 0)
		if r := c.Call(fn); r != Continue {
			t.Errorf("%#x: result %d", fn, r)
		}
		wantFrame(t, c, f, abi.EntIF, psUser, testPC+4, 0)
		wantArgs(t, c, 4)
		if c.S.Icount != 100 {
			t.Errorf("%#x: retired", fn)
		}
	}
	c, f := newTest(t, false, 7)
	c.Call(CallConsole) // no console
	wantFrame(t, c, f, abi.EntIF, 7, testPC+4, 7)
}

func TestRowsAreOrdered(t *testing.T) {
	rows := Rows()
	for i := range rows {
		if i > 0 && rows[i].Number <= rows[i-1].Number {
			t.Errorf("row %s is out of order", rows[i].Name)
		}
		if (rows[i].fn == nil) != (rows[i].Status == Missing) {
			t.Errorf("row %s: status %s", rows[i].Name, rows[i].Status)
		}
	}
}
