package gocode

import (
	"cmp"
	"slices"

	"axpress/runtime/abi"
	"axpress/runtime/ktext"
	"axpress/runtime/mem"
)

// kernel is the translated functions of the kernel.
type kernel struct {
	functions []kernelFunction
	entries   []entry     // by PC
	lo        uint64      // of the text
	bits      []uint64    // which words of the text are entries that may be used
	text      *ktext.Text // nil if there are no functions
}

type kernelFunction struct {
	Function
	stale bool // its text is another now
}

// entry is where a function can be entered.
type entry struct {
	pc       uint64
	function int
}

// newKernel takes charge of the functions, and of the variables that they are called by.
func newKernel(functions []Function, ram *mem.RAM) (k *kernel, err error) {
	k = &kernel{}
	if len(functions) == 0 {
		return k, nil
	}
	lo, hi := functions[0].Lo, functions[0].Hi
	for i, f := range functions {
		k.functions = append(k.functions, kernelFunction{Function: f})
		for _, pc := range f.Entries {
			k.entries = append(k.entries, entry{pc, i})
		}
		lo, hi = min(lo, f.Lo), max(hi, f.Hi)
		*f.Link = f.Code
	}
	k.lo, k.bits = lo, make([]uint64, (hi-lo)/4/64+1)
	for _, e := range k.entries {
		k.set(e.pc, true)
	}
	slices.SortFunc(k.entries, func(a, b entry) int { return cmp.Compare(a.pc, b.pc) })
	k.text, err = ktext.New(ram, abi.PAddr(lo&^abi.KSEGBase), abi.PAddr(hi&^abi.KSEGBase))
	return k, err
}

func (k *kernel) close() error {
	if k.text == nil {
		return nil
	}
	return k.text.Close()
}

func (k *kernel) set(pc uint64, on bool) {
	i := (pc - k.lo) / 4
	if on {
		k.bits[i/64] |= 1 << (i % 64)
	} else {
		k.bits[i/64] &^= 1 << (i % 64)
	}
}

// has says whether find finds something.
func (k *kernel) has(pc uint64) bool {
	i := (pc - k.lo) / 4
	return i/64 < uint64(len(k.bits)) && k.bits[i/64]>>(i%64)&1 != 0
}

// find returns the unit with an entry at pc whose text is what it was made from, nil if
// there is none.
func (k *kernel) find(pc uint64) Unit {
	if !k.has(pc) {
		return nil
	}
	i, _ := slices.BinarySearchFunc(k.entries, pc, func(e entry, pc uint64) int { return cmp.Compare(e.pc, pc) })
	return k.functions[k.entries[i].function].Code
}

// update disables the functions whose text has changed since the last time: they are no
// longer found, and calls of them return at once, to be interpreted. Functions whose text
// is again what they were made from are used again. It says whether there were any.
func (k *kernel) update() (any bool) {
	if k.text == nil {
		return false
	}
	news := k.text.Compare()
	if len(news) == 0 {
		return false
	}
	for i := range k.functions {
		f := &k.functions[i]
		if !ktext.Overlap(news, abi.VAddr(f.Lo), abi.VAddr(f.Hi)) {
			continue
		}
		if stale := k.text.Differs(abi.VAddr(f.Lo), abi.VAddr(f.Hi)); stale != f.stale {
			f.stale, any = stale, true
			*f.Link = f.Code
			if stale {
				*f.Link = ReturnAtOnce
			}
			for _, pc := range f.Entries {
				k.set(pc, !stale)
			}
		}
	}
	return any
}

// ReturnAtOnce stands for a unit that must not be used: the caller goes on at its address.
func ReturnAtOnce(_ *CPU, pc uint64, n int64, _ int) (uint64, int64) { return pc, n }
