package symbols

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"axpress/lifter/image"
	"axpress/translator/artifact"
)

// Names finds the symbols of addresses in one image.
type Names struct {
	symbols []image.Symbol // of code, by address
	lent    bool           // the image itself has none
	beyond  func(addr uint64) string
}

// NewNames returns the names of img: image.Image.Names.
func NewNames(img *image.Image) Names {
	n := Names{lent: len(img.Symbols) == 0}
	for _, s := range img.Names {
		if (s.Func || s.Label) && !s.Abs {
			n.symbols = append(n.symbols, s)
		}
	}
	return n
}

// Beyond returns names that ask at for those of addresses without a symbol before them.
func (n Names) Beyond(at func(addr uint64) string) Names {
	n.beyond = at
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
	case (i < 0 || addr-n.symbols[i].Addr > far) && n.beyond != nil:
		return n.beyond(addr)
	case i < 0 || addr-n.symbols[i].Addr > far:
		return ""
	}
	return behind(n.symbols[i].Name, addr-n.symbols[i].Addr)
}

// behind names what is offset bytes behind the start of name.
func behind(name string, offset uint64) string {
	if offset == 0 {
		return name
	}
	return fmt.Sprintf("%s+%#x", name, offset)
}

// Place writes addr for people, with its name if it has one: 0x1200 <main+0x8>.
func (n Names) Place(addr uint64) string {
	if name := n.At(addr); name != "" {
		return fmt.Sprintf("%#x <%s>", addr, name)
	}
	return fmt.Sprintf("%#x", addr)
}

// pcs are the PCs in the lines that the machine and the runtime write.
var pcs = regexp.MustCompile(`\bpc (0x[0-9a-f]+)\b( <)?`)

// Text returns text with the names of the PCs in it, which are written "pc 0x1200".
func (n Names) Text(text string) string {
	return pcs.ReplaceAllStringFunc(text, func(s string) string {
		m := pcs.FindStringSubmatch(s)
		pc, err := strconv.ParseUint(m[1], 0, 64)
		if err != nil || m[2] != "" { // has its name
			return s
		}
		return "pc " + n.Place(pc)
	})
}

// Unit names a unit of the image's translation. That of a stripped image knows addresses
// alone; then it is named by the symbols that were lent.
func (n Names) Unit(u artifact.Unit) string {
	if name := n.At(u.PC); n.lent && name != "" {
		return name
	}
	return u.Name
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
