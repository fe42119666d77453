package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"

	"axpress/cmd/axpress/symbols"
	"axpress/translator/hostcode"
	"axpress/translator/prepare"
)

// perfMap makes Linux's perf see translated functions by name: it moves the host code
// to anonymous memory, for code in a mapped file perf asks that file, and writes what is
// where to the file that perf looks into.
func (t *translated) perfMap() (err error) {
	path := fmt.Sprintf("/tmp/perf-%d.map", os.Getpid()) // perf knows no other place
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return fmt.Errorf("--perf-map: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := bufio.NewWriter(f)
	for _, r := range t.translations {
		if err := r.Artifact.Execute(); err != nil {
			return fmt.Errorf("--perf-map: %w", err)
		}
		if err := writePerfMap(w, r); err != nil {
			return err
		}
	}
	return w.Flush()
}

// writePerfMap writes a line for each unit of r: address, size, name.
func writePerfMap(w io.Writer, r *prepare.Result) error {
	code, err := hostcode.Open(r.Artifact)
	if err != nil {
		return err
	}
	base := uint64(reflect.ValueOf(code.Text).Pointer())
	file, names := filepath.Base(r.Image.Name), symbols.NewNames(r.Image)
	for i, u := range code.Units {
		end := uint32(len(code.Text))
		if i+1 < len(code.Units) {
			end = code.Units[i+1].Code
		}
		if _, err := fmt.Fprintf(w, "%x %x %s [%s]\n", base+uint64(u.Code), end-u.Code, names.Unit(u), file); err != nil {
			return err
		}
	}
	return nil
}
