package main

import (
	"errors"
	"fmt"

	"axpress/cmd/axpress/symbols"
	"axpress/translator/artifact"
	"axpress/translator/hostcode"
	"axpress/translator/prepare"
)

// disasmHost writes the host code of a function: args are file and function.
func (a *app) disasmHost(args []string, where programFile, o prepare.Options) error {
	if len(args) != 2 {
		return fail(statusUsage, "disasm --host: of which function? Give its name or 0xADDRESS")
	}
	img, err := where.open(args[0])
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
	for _, u := range translatedIn(code.Units, r) {
		u.Name = names.Unit(u)
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

// translatedIn are the units that begin in r, else the one that r begins in, as unitsIn has them.
func translatedIn(all []artifact.Unit, r codeRange) (units []artifact.Unit) {
	for _, u := range all {
		if u.PC >= r.start && u.PC < r.end {
			units = append(units, u)
		}
	}
	for i := 0; i < len(all) && len(units) == 0; i++ {
		if u := all[i]; u.PC < r.start && r.start < u.PC+4*uint64(u.Insts) {
			units = append(units, u)
		}
	}
	return units
}
