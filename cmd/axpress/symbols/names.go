package symbols

import (
	"cmp"
	"fmt"
	"slices"

	"axpress/lifter/image"
)

// Names finds the symbols of addresses in one image.
type Names struct {
	symbols []image.Symbol // of code, by address
}

// NewNames returns the names of img.
func NewNames(img *image.Image) Names {
	var n Names
	for _, s := range img.Symbols {
		if (s.Func || s.Label) && !s.Abs {
			n.symbols = append(n.symbols, s)
		}
	}
	return n
}

// find returns the index of the first symbol at addr, or where one would be.
func (n Names) find(addr uint64) (int, bool) {
	return slices.BinarySearchFunc(n.symbols, addr, func(s image.Symbol, a uint64) int { return cmp.Compare(s.Addr, a) })
}

// Exact returns the name of the first symbol at addr itself.
func (n Names) Exact(addr uint64) (name string, ok bool) {
	i, found := n.find(addr)
	if !found {
		return "", false
	}
	return n.symbols[i].Name, true
}

// far is how far an address may be behind a symbol and still belong to it: one beyond
// the text belongs to none.
const far = 1 << 20

// At names addr as symbol+offset, "" if no symbol comes closely before it.
func (n Names) At(addr uint64) string {
	i, found := n.find(addr)
	if !found {
		i--
	}
	switch {
	case i < 0 || addr-n.symbols[i].Addr > far:
		return ""
	case addr == n.symbols[i].Addr:
		return n.symbols[i].Name
	}
	return fmt.Sprintf("%s+%#x", n.symbols[i].Name, addr-n.symbols[i].Addr)
}

// Function returns the function that addr is in: the nearest one whose size covers it,
// else what comes closely before it. Of several names of a function it returns a
// global one if there is one.
func (n Names) Function(addr uint64) (image.Symbol, bool) {
	i, found := n.find(addr)
	if found {
		for i+1 < len(n.symbols) && n.symbols[i+1].Addr == addr {
			i++
		}
	} else {
		i--
	}
	if i < 0 || addr-n.symbols[i].Addr > far {
		return image.Symbol{}, false
	}
	best := i
	const labels = 256 // that a function may have inside
	for k := i; k >= 0 && k > i-labels; k-- {
		if s := &n.symbols[k]; s.Func && addr-s.Addr < s.Size {
			best = k
			break
		}
	}
	for k := best; k >= 0 && n.symbols[k].Addr == n.symbols[best].Addr; k-- {
		if better(&n.symbols[k], &n.symbols[best]) {
			best = k
		}
	}
	return n.symbols[best], true
}

// better says whether a names the code at its address rather than b.
func better(a, b *image.Symbol) bool {
	if a.Func != b.Func {
		return a.Func
	}
	return a.Global && !b.Global
}
