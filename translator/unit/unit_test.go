package unit_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"axpress/ir"
	"axpress/lifter/asmtest"
	"axpress/lifter/image"
	"axpress/translator/unit"
)

// Where code lies: in the kernel, and in a program.
const (
	kernelVA  = 0xfffffc0000310000
	programVA = 0x120000000
)

// three has three functions: f calls g, which is small, and h, in the next page.
func three(t *testing.T, at uint64) *image.Image {
	t.Helper()
	img, _, err := asmtest.Assemble("three", fmt.Sprintf(`.entry f
.text %#x
.func f
	bsr ra,g
	bsr ra,h
	ret zero,(ra),1
.end
.func g
	ldq v0,0(a0)
	addq v0,1,v0
	ret zero,(ra),1
.end
.fill 2048
.func h
	ldq v0,8(a0)
	ret zero,(ra),1
.end
`, at))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func find(t *testing.T, img *image.Image, o unit.Options) *unit.Set {
	t.Helper()
	s, err := unit.Find(img, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// names are the functions of s, without what was found between them.
func names(s *unit.Set) (list []string) {
	for _, f := range s.Functions {
		if strings.Contains("fgh", f.Name) {
			list = append(list, f.Name)
		}
	}
	return list
}

func named(t *testing.T, s *unit.Set, name string) *unit.Function {
	t.Helper()
	i := slices.IndexFunc(s.Functions, func(f *unit.Function) bool { return f.Name == name })
	if i < 0 {
		t.Fatalf("no %s among %v", name, names(s))
	}
	return s.Functions[i]
}

// What Options choose is what there is; the others cannot be called.
func TestChoice(t *testing.T) {
	img := three(t, kernelVA)
	all := find(t, img, unit.Options{})
	g := named(t, all, "g")
	for name, c := range map[string]struct {
		o    unit.Options
		want []string
	}{
		"all":           {unit.Options{}, []string{"f", "g", "h"}},
		"by name":       {unit.Options{Only: regexp.MustCompile("^[fg]$")}, []string{"f", "g"}},
		"by address":    {unit.Options{At: []uint64{g.Start + 4, img.Entry}}, []string{"f", "g"}},
		"no address":    {unit.Options{At: []uint64{}}, nil},
		"by the caller": {unit.Options{Keep: func(f *unit.Function) bool { return f.Name == "h" }}, []string{"h"}},
	} {
		s := find(t, img, c.o)
		if got := names(s); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
		l, ok := s.Link(img.Entry, g.Start)
		if ok != slices.Contains(c.want, "g") || ok && (l.Function.Start != g.Start || l.Index != 0) {
			t.Errorf("%s: g can be called: %v, %+v", name, ok, l)
		}
	}
	if called, err := all.Called(named(t, all, "f")); err != nil || !slices.Equal(called, []uint64{g.Start, named(t, all, "h").Start}) {
		t.Errorf("f calls %#x, %v", called, err)
	}
}

// A program's hot code may call what lies in its own pages; that which may lie anywhere is
// for the back end to check. The kernel's is always there.
func TestLinksOfPrograms(t *testing.T) {
	for _, c := range []struct {
		at         uint64
		full, g, h bool
	}{{kernelVA, false, true, true}, {kernelVA, true, true, true}, {programVA, true, true, false}, {programVA, false, true, true}} {
		s := find(t, three(t, c.at), unit.Options{Full: c.full})
		f := named(t, s, "f")
		_, g := s.Link(f.Start, named(t, s, "g").Start)
		_, h := s.Link(f.Start, named(t, s, "h").Start)
		if g != c.g || h != c.h || s.Relocatable != (c.at == programVA && !c.full) {
			t.Errorf("%#x, full %v: g %v, h %v, relocatable %v", c.at, c.full, g, h, s.Relocatable)
		}
	}
}

// At the full setting small functions of the set are copied, and only there.
func TestCopies(t *testing.T) {
	img := three(t, kernelVA)
	for _, full := range []bool{false, true} {
		s := find(t, img, unit.Options{Full: full, Check: true})
		u, err := s.Make(named(t, s, "f"))
		if err != nil {
			t.Fatal(err)
		}
		if copied := len(u.Copied); copied != 0 != full {
			t.Errorf("full %v: %d functions are copied", full, copied)
		}
	}
}

const switches = `func "f" @0x1000 {
entry 0x1000 b0
b0 @0x1000:
  v0:i64 = getreg r1
  retire 1
  switch v0 {0x1004: b1, 0x1008: b2}
b1 @0x1004:
  interpret
b2 @0x1008:
  interpret
}
`

// Switches with more edges than a back end takes become jumps.
func TestSwitchEdges(t *testing.T) {
	for most, want := range map[int]ir.TermKind{0: ir.TermSwitch, 2: ir.TermSwitch, 1: ir.TermGoto} {
		s, err := unit.Parse(switches, unit.Options{MaxSwitchEdges: most})
		if err != nil {
			t.Fatal(err)
		}
		u, err := s.Lift(s.Functions[0])
		if err != nil || u.Blocks[0].Term.Kind != want {
			t.Errorf("at most %d edges: %v, %v", most, u, err)
		}
	}
}

var valueName = regexp.MustCompile(`\bv[0-9]+\b`)

// renamed is the text of f with values named in their order: reading text gives those
// without a result other numbers.
func renamed(f *ir.Func) string {
	names := map[string]string{}
	return valueName.ReplaceAllStringFunc(f.String(), func(v string) string {
		if names[v] == "" {
			names[v] = fmt.Sprintf("v%d", len(names))
		}
		return names[v]
	})
}

// What the lifter makes, printed and read again, is the same set: the passes make the same
// of it, copies included.
func TestParseIsLikeFind(t *testing.T) {
	for _, full := range []bool{false, true} {
		o := unit.Options{Full: full, Check: true}
		s := find(t, three(t, kernelVA), o)
		var text strings.Builder
		for _, f := range s.Functions {
			u, err := s.Lift(f)
			if err != nil {
				t.Fatal(err)
			}
			text.WriteString(u.String())
		}
		read, err := unit.Parse(text.String(), o)
		if err != nil {
			t.Fatal(err)
		}
		for i, f := range s.Functions {
			want, err := s.Make(f)
			if err != nil {
				t.Fatal(err)
			}
			got, err := read.Make(read.Functions[i])
			if err != nil || renamed(got) != renamed(want) {
				t.Errorf("full %v: %v\n%v\nwant\n%v", full, err, got, want)
			}
		}
	}
}
