package symbols

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"axpress/lifter/discover"
	"axpress/lifter/image"
	"axpress/translator/artifact"
)

// File is one guest file whose code may run.
type File struct {
	Image *image.Image
	Names
	units []artifact.Unit // sorted by PC
}

// Place is a place in a file: an address as the file has it.
type Place struct {
	File *File
	Addr uint64
}

// Unit is a unit of translation, or a function where nothing is translated.
type Unit struct {
	Entry uint64
	Name  string
}

// Table finds the places of running code.
type Table struct {
	kernel *File
	pages  map[[sha256.Size]byte]page
}

// page is where the content of a page is from.
type page struct {
	file *File
	va   uint64
}

// Add adds a file. a is its translation, or nil. Where pages of two files are equal the
// later one is taken for both, as the runtime runs its code.
func (t *Table) Add(img *image.Image, a *artifact.Artifact) error {
	f := &File{Image: img, Names: NewNames(img)}
	if a != nil {
		units, _, err := a.UnitList()
		if err != nil {
			return fmt.Errorf("%s: %w", img.Name, err)
		}
		f.units = slices.SortedFunc(slices.Values(units), func(x, y artifact.Unit) int { return cmp.Compare(x.PC, y.PC) })
	}
	if a == nil && img.Kind != image.Kernel && len(img.Symbols) == 0 {
		f.units = discovered(img)
	}
	if img.Kind == image.Kernel {
		t.kernel = f
		return nil
	}
	if t.pages == nil {
		t.pages = map[[sha256.Size]byte]page{}
	}
	own := map[[sha256.Size]byte]bool{}
	for i := range img.Segments {
		s := &img.Segments[i]
		if s.Perm&image.X == 0 {
			continue
		}
		for va := s.VAddr &^ (image.PageSize - 1); va < s.End(); va += image.PageSize {
			content, ok := img.Page(va)
			if hash := sha256.Sum256(content[:]); ok && !own[hash] {
				own[hash] = true
				t.pages[hash] = page{f, va}
			}
		}
	}
	return nil
}

// discovered are the units that a translation of img, a program, would have: what a
// stripped program can be divided into. Of code that cannot be found there are none.
func discovered(img *image.Image) (units []artifact.Unit) {
	found, err := discover.Discover(img, discover.Options{PageLimited: true})
	if err != nil {
		return nil
	}
	for _, f := range found.Functions {
		units = append(units, artifact.Unit{PC: f.Start, Name: f.Name})
	}
	slices.SortFunc(units, func(x, y artifact.Unit) int { return cmp.Compare(x.PC, y.PC) })
	return units
}

// KernelFile returns the kernel, nil if there is none.
func (t *Table) KernelFile() *File { return t.kernel }

// Kernel returns the place of pc, an address of kernel mode.
func (t *Table) Kernel(pc uint64) (Place, bool) {
	if t.kernel == nil || t.kernel.Image.SegmentAt(pc) == nil {
		return Place{}, false
	}
	return Place{t.kernel, pc}, true
}

// User returns the place of pc, an address of a process whose page there has the
// content with that hash.
func (t *Table) User(hash [sha256.Size]byte, pc uint64) (Place, bool) {
	p, ok := t.pages[hash]
	if !ok {
		return Place{}, false
	}
	return Place{p.file, p.va + pc%image.PageSize}, true
}

// Unit returns the unit that p is in.
func (p Place) Unit() (Unit, bool) {
	units := p.File.units
	i, found := slices.BinarySearchFunc(units, p.Addr, func(u artifact.Unit, a uint64) int { return cmp.Compare(u.PC, a) })
	if !found {
		i--
	}
	if i >= 0 && p.Addr-units[i].PC <= far {
		return Unit{units[i].PC, p.File.Names.Unit(units[i])}, true
	}
	s, ok := p.File.Function(p.Addr)
	return Unit{s.Addr, s.Name}, ok
}

// At names p as Names.At does, and the file.
func (p Place) At() string {
	name := p.File.At(p.Addr)
	if u, ok := p.Unit(); ok && name == "" {
		name = behind(u.Name, p.Addr-u.Entry)
	} else if name == "" {
		name = p.Function()
	}
	return fmt.Sprintf("%s [%s]", name, p.File.Image.Name)
}

// Function names the function that p is in: by its symbol, else by its unit, else by
// its address. The units of one function have one name.
func (p Place) Function() string {
	if s, ok := p.File.Function(p.Addr); ok {
		return s.Name
	}
	if u, ok := p.Unit(); ok {
		name, _, _ := strings.Cut(u.Name, "+0x")
		return name
	}
	return fmt.Sprintf("f_%x", p.Addr)
}
