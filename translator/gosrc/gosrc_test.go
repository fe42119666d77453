package gosrc

import (
	"bytes"
	"strings"
	"testing"

	"axpress/ir"
)

func TestLoweringIsComplete(t *testing.T) {
	for op := ir.OpInvalid + 1; int(op) < len(ir.Table); op++ {
		if op != ir.OpParam && lowering[op] == nil {
			t.Errorf("no lowering for %s", op)
		}
	}
}

// A loop over memory with calls, in the promoted form.
const loop = `func "loop" @0x1000 promoted {
entry 0x1000 b0
entry 0x1020 b3
b0 @0x1000:
  v0:i64 = getreg r0
  v1:i64 = getreg r16
  v2:i64 = getreg r30
  jump b1(v0, v1)
b1(v3:i64, v4:i64) @0x1004:
  v5:i64 = load v4 [r0=v3 r16=v4] @0x1004
  v6:i64 = add v3, v5
  retire 2
  v7:i64 = const -8 @0x1008
  v8:i64 = add v4, v7
  poll [r0=v6 r16=v8] @0x100c
  v9:i64 = const 0
  v10:i1 = icmp.ne v8, v9
  br v10, b1(v6, v8), b2
b2 @0x1010:
  retire 1
  v11:i64 = pc 0x2000
  call v11 return 0x1020 b3 [r0=v6 r16=v8]
b3 @0x1020:
  v12:i64 = getreg r26
  v13:f64 = getreg f1
  v14:f64 = fmul v13, v13 @0x1020
  retire 2
  ret v12 [f2=v14]
}`

func parse(t *testing.T, text string) *ir.Func {
	t.Helper()
	fs, err := ir.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if err := ir.Verify(fs[0]); err != nil {
		t.Fatal(err)
	}
	return fs[0]
}

// emit returns the file with the function of f.
func emit(t *testing.T, f *ir.Func) string {
	t.Helper()
	file := newFile("k0")
	u := &Unit{F: f, Name: Name(f.PC), Link: func(pc uint64) (string, bool) { return Name(pc), pc == 0x2000 }}
	if err := addFunction(file, u, &Options{LinkPath: "guest/link"}); err != nil {
		t.Fatal(err)
	}
	got, err := render(file, "units0.go")
	if err != nil {
		t.Fatal(err)
	}
	return string(got.Text)
}

// What is emitted, as a reader sees it.
func TestFunction(t *testing.T) {
	f := parse(t, loop)
	_, text, _ := strings.Cut(emit(t, f), ")\n\n")
	const want = `// U_1000 is the guest's loop, at address 0x1000.
func U_1000(c *gocode.CPU, pc uint64, n int64, depth int) (uint64, int64) {
	s := c.S
	var v3, v4, v6, v8 uint64
	if depth <= 0 {
		return pc, n
	}
	switch pc {
	case 0x1000:
		goto L0
	case 0x1020:
		goto L3
	default:
		return pc | gocode.Interpret, n
	}
L0:
	{
		v0 := s.R[0]
		v1 := s.R[16]
		v3, v4 = v0, v1
	}
L1:
	{
		var v5 uint64
		if t := &s.TLB[1][0][v4>>13&1023]; t.Tag == v4&^0x1ff8^s.ASNTag {
			v5 = *(*uint64)(gocode.At(v4 + t.Addend))
		} else {
			return 0x1004 | gocode.Interpret, n
		}
		v6 = v3 + v5
		v8 = v4 - 8
		s.R[0] = v6
		s.R[16] = v8
		if n+2 >= atomic.LoadInt64(&s.Limit) {
			return 0x100c | gocode.Poll, n + 2
		}
		n += 2
		if v8 != 0 {
			v3, v4 = v6, v8
			goto L1
		}
	}
	n += 1
	pc = 0x2000
	pc, n = link.U_2000(c, pc, n, depth-1)
	if pc != 0x1020 {
		if pc, n = c.Continue(pc, 0x1020, n, depth); pc != 0x1020 {
			return pc, n
		}
	}
L3:
	{
		v12 := s.R[26]
		v13 := math.Float64frombits(s.F[1])
		if m := math.Float64bits(v13) << 1; m-1 < 1<<53-1 {
			return 0x1020 | gocode.Interpret, n
		}
		v14 := float64(v13 * v13)
		if m := math.Float64bits(v14) << 1; m-1<<54 >= 2045<<53 && (m != 0 || v13 != 0) {
			return 0x1020 | gocode.Interpret, n
		}
		s.F[2] = math.Float64bits(v14)
		if n+2 >= atomic.LoadInt64(&s.Limit) {
			return v12 | gocode.Poll, n + 2
		}
		return v12, n + 2
	}
}
`
	if text != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
}

// The same units give the same bytes, however many are made at once.
func TestSameBytes(t *testing.T) {
	var runs [2][]Package
	for i := range runs {
		p := Program{Module: "guest", Prefix: "k", Jobs: 1 + 3*i}
		for k := range uint64(20) {
			p.Names = append(p.Names, Name(0x1000+k<<16))
			p.Chunks = append(p.Chunks, Chunk{packageInsts / 4, func() ([]Unit, error) {
				f := parse(t, loop)
				f.PC += k << 16
				return []Unit{{F: f, Name: Name(f.PC), Lo: f.PC, Hi: f.PC + 0x30}}, nil
			}})
		}
		var err error
		if runs[i], err = p.Packages(t.Context(), Options{}); err != nil {
			t.Fatal(err)
		}
	}
	files := 0
	for i, p := range runs[0] {
		for j, f := range p.Files {
			files++
			if g := runs[1][i].Files[j]; g.Name != f.Name || !bytes.Equal(g.Text, f.Text) {
				t.Errorf("%s/%s is not the same again", p.Path, f.Name)
			}
		}
	}
	if files != 20+5+2 {
		t.Errorf("%d files", files)
	}
}

// A unit that rounds up or down is left before that, and what comes behind is no longer
// there. Towards zero the runtime can do.
func TestDirectedRounding(t *testing.T) {
	f := parse(t, `func "round" @0x1000 promoted {
entry 0x1000 b0
b0 @0x1000:
  v0:f64 = getreg f1
  v1:f64 = getreg f2
  v3:i64 = getreg r26
  v4:f64 = fdiv 3, v0, v1 [] @0x1000
  retire 1
  v2:f64 = fadd 1, v0, v4 [f3=v0] @0x1004
  retire 1
  jump b1
b1 @0x1008:
  ret v3
}`)
	_, text, _ := strings.Cut(emit(t, f), "s := c.S\n")
	const want = `	v0 := math.Float64frombits(s.F[1])
		v1 := math.Float64frombits(s.F[2])
		if m := math.Float64bits(v0) << 1; m-1 < 1<<53-1 {
			return 0x1000 | gocode.Interpret, n
		}
		if m := math.Float64bits(v1) << 1; m-1 < 1<<53-1 {
			return 0x1000 | gocode.Interpret, n
		}
		t1 := float64(gocode.DivChopped(v0, v1))
		if m := math.Float64bits(t1) << 1; m-1<<54 >= 2045<<53 && (m != 0 || v0 != 0) {
			return 0x1000 | gocode.Interpret, n
		}
		s.F[3] = math.Float64bits(v0)
		return 0x1004 | gocode.Interpret, n + 1
	}
}
`
	if _, text, _ = strings.Cut(text, "{\n\t"); text != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
}

// The compiler computes with constants exactly, and refuses those that do not fit: a
// constant that is shifted is a variable.
func TestShiftedConstant(t *testing.T) {
	f := parse(t, `func "shift" @0x1000 promoted {
entry 0x1000 b0
b0 @0x1000:
  v0:i64 = getreg r1
  v1:i64 = const -4096
  v2:i64 = ashr v1, v0
  retire 1
  ret v2
}`)
	const want = `		t1 := uint64(0xfffffffffffff000)
		return uint64(int64(t1) >> (v0 & 63)), n + 1
`
	if text := emit(t, f); !strings.Contains(text, want) {
		t.Errorf("no\n%s\nin\n%s", want, text)
	}
}

func TestUnpromotedIsRefused(t *testing.T) {
	if err := addFunction(newFile("k0"), &Unit{F: &ir.Func{Name: "x"}, Name: "U_0"}, &Options{}); err == nil || !strings.Contains(err.Error(), "promoted") {
		t.Errorf("%v", err)
	}
}
