package unit

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"axpress/ir"
	"axpress/lifter/lift"
)

// ErrKinds says that functions cannot be of one set.
var ErrKinds = errors.New("functions of the kernel and of programs, or with and without a place of their own, cannot be translated together")

// Parse makes the set of the functions in text, whose form is that of ir.Func.String; they
// take the place of what the lifter makes. Functions in the promoted form have been through
// the passes, so Make leaves them as they are. Errors say the line of what is malformed, or
// the place in a function of what means nothing.
func Parse(text string, o Options) (*Set, error) {
	fs, err := ir.Parse(text)
	if err != nil {
		return nil, err
	}
	if len(fs) == 0 {
		return nil, errors.New("there is no function")
	}
	s := newSet(fs[0].Kernel, fs[0].Relocatable, o)
	if s.Relocatable && o.Full {
		return nil, ErrPlace
	}
	slices.SortStableFunc(fs, func(a, b *ir.Func) int { return cmp.Compare(a.PC, b.PC) })
	for i, f := range fs {
		switch {
		case f.Kernel != s.Kernel || f.Relocatable != s.Relocatable:
			return nil, ErrKinds
		case i > 0 && fs[i-1].PC == f.PC:
			return nil, fmt.Errorf("two functions at %#x", f.PC)
		}
		if err := ir.Verify(f); err != nil {
			return nil, err
		}
		s.add(parsed(f))
	}
	s.finish()
	return s, nil
}

// parsed makes a Function of f, whose instructions are what its blocks and values say.
func parsed(f *ir.Func) *Function {
	u := &Function{Name: f.Name, Start: f.PC, Lo: f.PC, Hi: f.PC + 4, promoted: f.Promoted}
	see := func(pc uint64) { u.Lo, u.Hi = min(u.Lo, pc), max(u.Hi, pc+4) }
	for _, b := range f.Blocks {
		see(b.PC)
		for _, v := range b.Vals {
			see(v.PC)
			if v.Op == ir.OpRetire {
				u.Insts += int(v.Imm)
			}
		}
	}
	for i, e := range f.Entries {
		if e.PC == f.PC || e.PC == f.PC+lift.CallEntryBytes {
			u.calls = append(u.calls, call{e.PC, i})
		}
	}
	text := f.String() // a function is lifted anew whenever it is wanted
	u.lift = func() (*ir.Func, error) {
		fs, err := ir.Parse(text)
		if err != nil {
			return nil, err
		}
		return fs[0], nil
	}
	return u
}
