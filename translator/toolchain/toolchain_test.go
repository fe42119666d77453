package toolchain

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// script puts a program of that name into dir, a shell script.
func script(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// llc puts an llc into dir that only says its version.
func llc(t *testing.T, dir, name, version string) string {
	return script(t, dir, name, fmt.Sprintf("echo 'Debian LLVM version %s'", version))
}

// Find with what is on PATH, name and version, and what AXPRESS_LLC says: the version it
// finds, or what its error says.
func TestFind(t *testing.T) {
	for _, c := range []struct {
		name    string
		path    map[string]string
		chosen  string
		want    string
		errs    []string
		missing bool
	}{
		{name: "14", path: map[string]string{"llc": "14.0.6"}, want: "14.0.6"},
		{name: "15", path: map[string]string{"llc-15": "15.0.6"}, want: "15.0.6"},
		{name: "16 by plain name", path: map[string]string{"llc": "16.0.6"}, want: "16.0.6"},
		{name: "oldest first", path: map[string]string{"llc": "16.0.6", "llc-16": "16.0.6", "llc-15": "15.0.7", "llc-14": "14.0.0"}, want: "14.0.0"},
		{name: "plain name too new", path: map[string]string{"llc": "19.1.7", "llc-16": "16.0.6"}, want: "16.0.6"},
		{name: "a development version", path: map[string]string{"llc": "16.0.0git"}, want: "16.0.0git"},
		{name: "none", missing: true, errs: []string{"no llc on PATH", "apt-get install llvm-14"}},
		{name: "too new", path: map[string]string{"llc": "19.1.7"}, missing: true, errs: []string{"LLVM 19.1.7 found (", "/llc)", "hhvmcc", "apt-get install llvm-14", "--engine interp"}},
		{name: "too new, by number", path: map[string]string{"llc-17": "17.0.6"}, missing: true, errs: []string{"LLVM 17.0.6 found (", "/llc-17)"}},
		{name: "too old", path: map[string]string{"llc": "13.0.1"}, missing: true, errs: []string{"LLVM 13.0.1 found (", "older than 14"}},
		{name: "no version", path: map[string]string{"llc": ""}, missing: true, errs: []string{"/llc --version: no version"}},
		{name: "chosen by name", path: map[string]string{"llc-14": "14.0.6", "llc-16": "16.0.6"}, chosen: "llc-16", want: "16.0.6"},
		{name: "chosen is too new", path: map[string]string{"llc-14": "14.0.6", "mine": "18.1.0"}, chosen: "mine", errs: []string{"AXPRESS_LLC=mine: LLVM 18.1.0 found"}},
		{name: "chosen is not there", path: map[string]string{"llc-14": "14.0.6"}, chosen: "/no/such/llc", errs: []string{"AXPRESS_LLC=/no/such/llc: llc: ", "no such file"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, version := range c.path {
				if version == "" {
					script(t, dir, name, "echo something else")
				} else {
					llc(t, dir, name, version)
				}
			}
			t.Setenv("PATH", dir)
			t.Setenv(Variable, c.chosen)
			l, err := Find()
			if c.want != "" {
				if err != nil || l.Version() != c.want || fmt.Sprint(l.Major()) != c.want[:2] {
					t.Errorf("%+v, %v; want %s", l, err, c.want)
				}
				return
			}
			if err == nil || errors.Is(err, ErrMissing) != c.missing {
				t.Fatalf("%+v, %v; missing: %v", l, err, c.missing)
			}
			for _, part := range c.errs {
				if !strings.Contains(err.Error(), part) || strings.Contains(err.Error(), "\n") {
					t.Errorf("%q lacks %q", err, part)
				}
			}
		})
	}
}

// A path in AXPRESS_LLC wins over all of PATH.
func TestFindByPath(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	path := llc(t, t.TempDir(), "my-llc", "15.0.6")
	t.Setenv(Variable, path)
	l, err := Find()
	if err != nil || l.Path() != path || l.Major() != 15 {
		t.Errorf("%+v, %v", l, err)
	}
}

// Versions and options that give other code give another key.
func TestKeys(t *testing.T) {
	seen := map[string]string{}
	for _, version := range []string{"14.0.0", "14.0.6", "15.0.6", "16.0.6"} {
		l, err := At(llc(t, t.TempDir(), "llc", version))
		if err != nil {
			t.Fatal(err)
		}
		if old, ok := seen[l.Key()]; ok {
			t.Errorf("%s and %s have the same key", version, old)
		}
		seen[l.Key()] = version
		if typed := strings.Contains(l.Key(), "-opaque-pointers=0"); typed != (l.Major() > 14) {
			t.Errorf("%s: options %s", version, l.Key())
		}
	}
}

// What llc says of a module is about the module; what ends it otherwise is not, and must
// not become a unit that is left out.
func TestCompileErrors(t *testing.T) {
	for text, refused := range map[string]bool{
		"echo 'llc: error: expected type' >&2; exit 1": true,
		"kill -ABRT $$": true,
		"kill -SEGV $$": true,
		"kill -KILL $$": false,
		"kill -TERM $$": false,
		"echo 'LLVM ERROR: out of memory' >&2; kill -ABRT $$": false,
	} {
		l, err := At(script(t, t.TempDir(), "llc", versionOr(text)))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Compile(t.Context(), ""); err == nil || errors.Is(err, ErrRefused) != refused {
			t.Errorf("%s: %v; about the module: %v", text, err, refused)
		}
	}
}

// An llc that is gone by then is not the module's fault.
func TestCompileWithoutLLC(t *testing.T) {
	path := llc(t, t.TempDir(), "llc", "14.0.6")
	l, err := At(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Compile(t.Context(), ""); err == nil || errors.Is(err, ErrRefused) {
		t.Error(err)
	}
}

// versionOr is a script that says its version when asked, and else does what text says.
func versionOr(text string) string {
	return `if test "$1" = --version; then echo LLVM version 14.0.6; exit; fi; ` + text
}

// An ended context is no word about the module.
func TestCompileEnds(t *testing.T) {
	l, err := At(script(t, t.TempDir(), "llc", versionOr("exec sleep 1000")))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Compile(ctx, ""); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// A check that fails is asked again, one that succeeds is not.
func TestVerify(t *testing.T) {
	l, err := At(script(t, t.TempDir(), "llc", "echo LLVM version 15.0.6"))
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	check := func(object []byte) error {
		if asked++; asked == 1 {
			return errors.New("not that")
		}
		return nil
	}
	if err := l.Verify(t.Context(), "", check); err == nil || !strings.Contains(err.Error(), "LLVM 15.0.6 (") || !strings.Contains(err.Error(), "not that; install one") {
		t.Error(err)
	}
	for range 3 {
		if err := l.Verify(t.Context(), "", check); err != nil {
			t.Error(err)
		}
	}
	if asked != 2 {
		t.Errorf("asked %d times", asked)
	}
}
