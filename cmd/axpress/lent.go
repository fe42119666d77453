package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"axpress/cmd/axpress/symbols"
	"axpress/lifter/image"
	"axpress/runtime/machine"
	"axpress/runtime/sampler"
	"axpress/runtime/standalone/usage"
	"axpress/translator/prepare"
)

// lentSymbols is the option --symbols: files with the symbols of what is stripped.
type lentSymbols []string

func (l *lentSymbols) flags(f *pflag.FlagSet) {
	f.StringArrayVar((*[]string)(l), "symbols", nil, "a file with the symbols of a stripped one, for names and lines: an unstripped copy, its debug file, or the kernel's System.map; may be given for several")
}

// lend gives the images the names in the files. A file that fits none is refused.
func (l lentSymbols) lend(images []*image.Image) error {
	for _, path := range l {
		c, err := image.OpenCopy(path)
		if err != nil {
			return fail(statusInput, "--symbols: %w", err)
		}
		var why error
		fits := false
		for i, img := range images {
			if err := c.Fits(img); err != nil {
				why = err
				if i > 0 {
					why = fmt.Errorf("%s: %w: it fits none of the %d files", path, image.ErrOther, len(images))
				}
				continue
			}
			images[i], fits = img.Named(c), true
		}
		if !fits {
			return fail(statusInput, "--symbols: %w", why)
		}
	}
	return nil
}

// places are guest PCs in programs.
type places map[uint64]sampler.Place

// userPlaces are where those of m's CPUs are that run programs. The machine must not run.
func userPlaces(m *machine.Machine, cpus int) places {
	found := places{}
	for i := range cpus {
		if p := sampler.Here(m.CPU(i)); p.User {
			found[uint64(p.PC)] = p
		}
	}
	return found
}

// namesWith are the names of the kernel, and of these places in programs. The programs are looked at when such a place is
// asked for.
func (t *translated) namesWith(inPrograms places) symbols.Names {
	return t.names().Beyond(func(pc uint64) string {
		p, ok := inPrograms[pc]
		if !ok {
			return ""
		}
		table, err := t.symbols()
		if err != nil {
			return ""
		}
		at, ok := table.User(p.Page, pc)
		if !ok {
			return ""
		}
		return at.At()
	})
}

// names are the names of the kernel, and of the places in programs where CPUs were at the end.
func (o *outcome) names() symbols.Names { return o.namesWith(o.inPrograms) }

// named returns err with names for the PCs in its text.
func named(names symbols.Names, err error) error {
	if err == nil {
		return nil
	}
	text := names.Text(err.Error())
	if text == err.Error() {
		return err
	}
	return &failure{statusOf(err), &namedError{text, err}}
}

// namedError is an error whose text has names in it.
type namedError struct {
	text string
	err  error
}

func (e *namedError) Error() string { return e.text }
func (e *namedError) Unwrap() error { return e.err }

// programFile is how commands are told which program to look at.
type programFile struct {
	program string
	lent    lentSymbols
}

func (p *programFile) flags(f *pflag.FlagSet) {
	f.StringVar(&p.program, "program", "", "the program, where the file is an initramfs or a folder: the end of its path, such as bin/busybox")
	p.lent.flags(f)
}

// open opens the image in the file at path: the only one, or the one whose name ends in
// p.program.
func (p *programFile) open(path string) (*image.Image, error) {
	images, _, err := prepare.Read(path)
	if err != nil {
		return nil, err
	}
	var fit []*image.Image
	var names []string
	for _, img := range images {
		names = append(names, img.Name, filepath.Base(img.Name))
		if img.Name == p.program || p.program == "" || strings.HasSuffix(img.Name, "/"+p.program) {
			fit = append(fit, img)
		}
	}
	if p.program == "" && len(images) > 1 && images[0].Name == path {
		fit = images[:1] // a boot image: the others are in its initrd
	}
	switch {
	case len(fit) == 1:
		return fit[0], p.lent.lend(fit)
	case len(fit) == 0:
		return nil, fail(statusInput, "%s: no program %q%s in it", path, p.program, usage.Hint(p.program, names))
	}
	return nil, fail(statusUsage, "%s has %d programs: name one with --program %s", path, len(fit), fit[0].Name)
}
