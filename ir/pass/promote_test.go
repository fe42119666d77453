package pass

import (
	"slices"
	"testing"

	"axpress/ir"
)

func TestRegSet(t *testing.T) {
	s := regSet(1<<3 | 1<<30 | 1<<62)
	var got []ir.Reg
	s.each(func(r ir.Reg) {
		if !s.has(r) {
			t.Errorf("%s is listed, but not in the set", r)
		}
		got = append(got, r)
	})
	if !slices.Equal(got, []ir.Reg{3, 30, 62}) || s.has(4) {
		t.Errorf("members %v", got)
	}
}
