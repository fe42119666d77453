package gosrc

import (
	"context"
	"fmt"
	"path"

	"github.com/dave/jennifer/jen"
	"golang.org/x/sync/errgroup"
)

// Package is a package of a program.
type Package struct {
	Path  string // its folder, relative to the module's; "" is the main package
	Files []File
}

// Chunk is the units of a file. Units makes them; it is called once, by any goroutine.
type Chunk struct {
	Size  int // in guest instructions
	Units func() ([]Unit, error)
}

// FileInsts is a good number of guest instructions for a Chunk. packageInsts is how many
// are put into a package, which is what one run of the Go compiler takes: there are
// enough packages for all processors, and none needs gigabytes.
const (
	FileInsts    = 2000
	packageInsts = 20_000
)

// linkPackage is the name of the package of links.
const linkPackage = "link"

// Program is what to make the packages of a module of.
type Program struct {
	Module string // its path
	Prefix string // of the names of the packages with functions
	// Names are those of all units; what a chunk leaves out of them is interpreted.
	Names  []string
	Chunks []Chunk
	Jobs   int // chunks that are made at once
	// Failed, if not nil, is told of units that could not be emitted, by any goroutine.
	Failed func(u *Unit, err error)
}

// chunkFile is a chunk's place, and what came of it.
type chunkFile struct {
	pkg, name string
	file      File
	units     []entryRow
}

// Packages returns the packages: those with the functions, that of the links, and of the
// main package the file units.go with the variable functions, which is all there are, in
// order. o.LinkPath is set. The bytes do not depend on Jobs.
func (p *Program) Packages(ctx context.Context, o Options) ([]Package, error) {
	o.LinkPath = path.Join(p.Module, linkPackage)
	files := p.places()
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(max(p.Jobs, 1))
	for i := range files {
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			units, err := p.Chunks[i].Units()
			if err != nil {
				return err
			}
			f := &files[i]
			f.file, f.units, err = p.functions(f, units, &o)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return p.assemble(files, &o)
}

// places deals the chunks out to packages.
func (p *Program) places() []chunkFile {
	files := make([]chunkFile, len(p.Chunks))
	pkg, inPackage, insts := -1, 0, 0
	for i, c := range p.Chunks {
		if pkg < 0 || insts+c.Size > packageInsts {
			pkg, inPackage, insts = pkg+1, 0, 0
		}
		files[i] = chunkFile{pkg: fmt.Sprintf("%s%d", p.Prefix, pkg), name: fmt.Sprintf("units%d.go", inPackage)}
		inPackage, insts = inPackage+1, insts+c.Size
	}
	return files
}

// functions emits the file of f.
func (p *Program) functions(f *chunkFile, units []Unit, o *Options) (File, []entryRow, error) {
	file := newFile(f.pkg)
	var rows []entryRow
	for i := range units {
		u := &units[i]
		if err := addFunction(file, u, o); err != nil {
			if p.Failed == nil {
				return File{}, nil, err
			}
			p.Failed(u, err)
			continue
		}
		rows = append(rows, rowOf(u))
	}
	out, err := render(file, f.name)
	return out, rows, err
}

// assemble adds the tables to the files.
func (p *Program) assemble(files []chunkFile, o *Options) (packages []Package, err error) {
	var tables []jen.Code
	for len(files) > 0 {
		pkg := Package{Path: files[0].pkg}
		var rows []entryRow
		for len(files) > 0 && files[0].pkg == pkg.Path {
			pkg.Files, rows = append(pkg.Files, files[0].file), append(rows, files[0].units...)
			files = files[1:]
		}
		table, err := tableFile(pkg.Path, "table.go", rows, o)
		if err != nil {
			return nil, err
		}
		pkg.Files = append(pkg.Files, table)
		packages = append(packages, pkg)
		tables = append(tables, jen.Line().Qual(path.Join(p.Module, pkg.Path), "Functions"))
	}
	links, err := linkFile(linkPackage, linkPackage+".go", p.Names)
	if err != nil {
		return nil, err
	}
	all := newFile("main")
	all.Comment("functions are all translated functions of the guest.")
	if len(tables) == 0 {
		all.Var().Id("functions").Index().Add(lib("Function"))
	} else {
		all.Var().Id("functions").Op("=").Qual("slices", "Concat").Call(append(tables, jen.Line())...)
	}
	allFile, err := render(all, "units.go")
	return append(packages, Package{linkPackage, []File{links}}, Package{"", []File{allFile}}), err
}
