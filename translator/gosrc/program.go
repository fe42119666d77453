package gosrc

import (
	"fmt"
	"path"

	"github.com/dave/jennifer/jen"

	"axpress/ir"
)

// The sizes, in IR values, of the files and packages that units are put into. A package
// is what one run of the Go compiler takes: enough of them for all processors, none that
// needs gigabytes.
const (
	fileValues    = 20_000
	packageValues = 100_000
)

// Package is a package of a program.
type Package struct {
	Path  string // its folder, relative to the module's
	Files []File
}

// program is a Go module under way: the packages of its units.
type program struct {
	module   string
	prefix   string
	o        Options
	packages []Package
	units    []Unit // of the package under way
	file     []Unit // and of its file
	values   int    // in units
	inFile   int    // and in file
}

// Name of the package of links.
const linkPackage = "link"

// Program returns the packages of a module for units: those of their functions, called
// prefix0 and so on, that of the links, and the main package's file units.go with the
// variable functions, which holds what the tables of all say, in the order of the units.
// o.LinkPath is set. It changes the units' IR.
func Program(module, prefix string, units []Unit, o Options) ([]Package, error) {
	o.LinkPath = path.Join(module, linkPackage)
	p := &program{module: module, prefix: prefix, o: o}
	var names []string
	for _, u := range units {
		names = append(names, u.Name)
		if err := p.add(u, size(u.F)); err != nil {
			return nil, err
		}
	}
	if err := p.endPackage(); err != nil {
		return nil, err
	}
	links, err := Links(linkPackage, linkPackage+".go", names)
	if err != nil {
		return nil, err
	}
	all, err := p.all()
	if err != nil {
		return nil, err
	}
	return append(p.packages, Package{linkPackage, []File{links}}, Package{"", []File{all}}), nil
}

// size is how much of f there is to compile.
func size(f *ir.Func) (n int) {
	for _, b := range f.Blocks {
		n += len(b.Params) + len(b.Vals) + 1
	}
	return n
}

func (p *program) add(u Unit, n int) error {
	if len(p.file) > 0 && p.inFile+n > fileValues {
		if err := p.endFile(); err != nil {
			return err
		}
		if p.values+n > packageValues {
			if err := p.endPackage(); err != nil {
				return err
			}
		}
	}
	p.file, p.inFile = append(p.file, u), p.inFile+n
	return nil
}

func (p *program) endFile() error {
	if len(p.file) == 0 {
		return nil
	}
	if len(p.units) == 0 {
		p.packages = append(p.packages, Package{Path: fmt.Sprintf("%s%d", p.prefix, len(p.packages))})
	}
	pkg := &p.packages[len(p.packages)-1]
	f, err := Functions(pkg.Path, fmt.Sprintf("units%d.go", len(pkg.Files)), p.file, &p.o)
	if err != nil {
		return err
	}
	pkg.Files = append(pkg.Files, f)
	p.units, p.values = append(p.units, p.file...), p.values+p.inFile
	p.file, p.inFile = nil, 0
	return nil
}

func (p *program) endPackage() error {
	if err := p.endFile(); err != nil || len(p.units) == 0 {
		return err
	}
	pkg := &p.packages[len(p.packages)-1]
	f, err := Table(pkg.Path, "table.go", p.units, &p.o)
	pkg.Files = append(pkg.Files, f)
	p.units, p.values = nil, 0
	return err
}

// all is the file of the main package.
func (p *program) all() (File, error) {
	f := newFile("main")
	f.Comment("functions are all translated functions of the guest.")
	var tables []jen.Code
	for _, pkg := range p.packages {
		tables = append(tables, jen.Line().Qual(path.Join(p.module, pkg.Path), "Functions"))
	}
	if len(tables) == 0 {
		f.Var().Id("functions").Index().Add(lib("Function"))
	} else {
		f.Var().Id("functions").Op("=").Qual("slices", "Concat").Call(append(tables, jen.Line())...)
	}
	return render(f, "units.go")
}
