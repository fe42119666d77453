package cases

import "testing"

// FuzzParse: any text is refused, or is a case that comes back when New writes what it says.
func FuzzParse(f *testing.F) {
	lines, err := ReadFile("../testdata/cases.txt")
	if err != nil {
		f.Fatal(err)
	}
	for i := 0; i < len(lines); i += 97 {
		f.Add(lines[i].Text)
	}
	f.Add("addq $1,$2,$3 ; =5 -> =")
	f.Fuzz(func(t *testing.T, line string) {
		c, err := Parse(line)
		if err != nil {
			return
		}
		if len(c.Code) == 0 {
			t.Fatalf("%q: no instruction", line)
		}
		text := New(c.Model, c.Code, &c.Before, &c.After).String()
		again, err := Parse(text)
		if err != nil {
			t.Fatalf("%q became %q: %v", line, text, err)
		}
		if d := Difference(&again.After, &c.After); d != "" || again.Before != c.Before {
			t.Fatalf("%q became %q: %s", line, text, d)
		}
	})
}
