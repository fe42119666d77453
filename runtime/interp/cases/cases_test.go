package cases

import (
	"strings"
	"testing"

	"axpress/lifter/isa"
)

// What New makes of the states of a line is the same case again.
func TestRoundTrip(t *testing.T) {
	lines, err := ReadFile("../testdata/cases.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lines {
		text := New(l.Model, l.Code, &l.Before, &l.After).String()
		again, err := Parse(text)
		if err != nil {
			t.Errorf("%d: %q: %v", l.Number, text, err)
			continue
		}
		if again.Before != l.Before || Difference(&again.After, &l.After) != "" || again.Model != l.Model || len(again.Code) != len(l.Code) || again.Code[0] != l.Code[0] {
			t.Errorf("%d: %q became %q", l.Number, l.Text, text)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for line, want := range map[string]string{
		"addq $1,$2,$3":                       "no case",
		"addq $1 ; -> ":                       "assemble",
		"addq $1,$2,$3 ; r1 ->":               "name=value",
		"addq $1,$2,$3 ; q1=1 ->":             "what is",
		"addq $1,$2,$3 ; r31=1 ->":            "what is",
		"addq $1,$2,$3 ; m3=1 ->":             "what is",
		"addq $1,$2,$3 ; r1=x ->":             "invalid",
		"addq $1,$2,$3 ; cpu=EV3 ->":          "no model",
		"addq $1,$2,$3 ; -> exit=gone":        "no exit",
		"addq $1,$2,$3 ; -> r3=1 exit=arith=": "no exit",
	} {
		if _, err := Parse(line); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", line, err, want)
		}
	}
}

// A state that is not what the line says is noticed, wherever it differs.
func TestCheckNotices(t *testing.T) {
	c, err := Parse("addl/v $1,$2,$3 ; r1=0x7fffffff r2=1 -> r3=-0x80000000 exit=arith arg=0x40 mask=8")
	if err != nil {
		t.Fatal(err)
	}
	good := c.After
	if err := c.Check(&good); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"r3", "r4", "r30", "f0", "m8", "fpcr", "fen", "flag", "pcc", "lock", "arg", "mask", "pc"} {
		bad := good
		*bad.place(name) ^= 1
		if c.Check(&bad) == nil {
			t.Errorf("a wrong %s is not noticed", name)
		}
	}
	bad := good
	bad.Count++
	if c.Check(&bad) == nil {
		t.Error("a wrong count is not noticed")
	}
	bad = good
	bad.R[31] = 1
	if c.Check(&bad) == nil {
		t.Error("a write to r31 is not noticed")
	}
	if c.Model != isa.DefaultModel() {
		t.Error("not the default model")
	}
}
