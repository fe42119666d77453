package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"axpress/cmd/axpress/prepare"
	"axpress/cmd/axpress/symbols"
	"axpress/cmd/axpress/usage"
	"axpress/lifter/image"
	"axpress/translator/hostcode"
)

// disasmHost writes the host code of a function: args are file and function.
func (a *app) disasmHost(args []string, program string, o prepare.Options) error {
	if len(args) != 2 {
		return fail(statusUsage, "disasm --host: of which function? Give its name or 0xADDRESS")
	}
	img, err := openProgram(args[0], program)
	if err != nil {
		return err
	}
	r, err := findFunction(img, args[1])
	if err != nil {
		return err
	}
	translated, err := prepare.Cached(img, o)
	if errors.Is(err, prepare.ErrNotCached) {
		return fail(statusInput, "%w; 'axpress translate %s' makes the translation", err, args[0])
	}
	if err != nil {
		return err
	}
	names := symbols.NewNames(img)
	// What is hot comes last, and is what runs.
	for i := len(translated) - 1; i >= 0; i-- {
		found, err := a.listUnits(translated[i], r, names)
		if found || err != nil {
			return err
		}
	}
	return fail(statusInput, "%s: nothing at %#x was translated; it is interpreted", img.Name, r.start)
}

// listUnits writes the host code of the units of t that begin in r, and says whether
// there are any.
func (a *app) listUnits(t *prepare.Result, r codeRange, names symbols.Names) (found bool, err error) {
	code, err := hostcode.Open(t.Artifact)
	if err != nil {
		return false, err
	}
	for _, u := range code.Units {
		if u.PC < r.start || u.PC >= r.end {
			continue
		}
		unit, err := code.Unit(u)
		if err != nil {
			return false, fail(statusInternal, "BUG: %w", err)
		}
		if found {
			fmt.Fprintln(a.out)
		}
		found = true
		if err := unit.List(a.out, names.At); err != nil {
			return false, err
		}
	}
	return found, nil
}

// programHelp documents the option that chooses what openProgram opens.
const programHelp = "the program, where the file is an initramfs or a folder: the end of its path, such as bin/busybox"

// openProgram opens the image in the file at path: the only one, or the one whose name
// ends in program.
func openProgram(path, program string) (*image.Image, error) {
	images, _, err := prepare.Read(path)
	if err != nil {
		return nil, err
	}
	var fit []*image.Image
	var names []string
	for _, img := range images {
		names = append(names, img.Name, filepath.Base(img.Name))
		if img.Name == program || program == "" || strings.HasSuffix(img.Name, "/"+program) {
			fit = append(fit, img)
		}
	}
	switch {
	case len(fit) == 1:
		return fit[0], nil
	case len(fit) == 0:
		return nil, fail(statusInput, "%s: no program %q%s in it", path, program, usage.Hint(program, names))
	}
	return nil, fail(statusUsage, "%s has %d programs: name one with --program %s", path, len(fit), fit[0].Name)
}
