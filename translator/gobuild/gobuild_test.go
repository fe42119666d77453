package gobuild

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"axpress/translator/gosrc"
)

func pkg(path string, texts map[string]string) gosrc.Package {
	p := gosrc.Package{Path: path}
	for name, text := range texts {
		p.Files = append(p.Files, gosrc.File{Name: name, Text: []byte("// " + gosrc.Header + "\n\n" + text)})
	}
	return p
}

// A module is written, written again with less in it, and built into a program that uses
// this module's packages. What a person has put beside it stays.
func TestModule(t *testing.T) {
	m, err := Find(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "module")
	main := pkg("", map[string]string{"main.go": "package main\n\nimport \"axpress/runtime/abi\"\n\nfunc main() { print(abi.PageSize) }\n"})
	if err := m.Write(dir, "guest", []gosrc.Package{main, pkg("old", map[string]string{"old.go": "package old\n\nbroken\n"})}); err != nil {
		t.Fatal(err)
	}
	if err := m.Vet(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "old.go") {
		t.Errorf("the error does not say what is wrong: %v", err)
	}
	mine := filepath.Join(dir, "mine")
	if err := os.WriteFile(mine, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := m.Write(dir, "guest", []gosrc.Package{main}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "old")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the old package is there: %v", err)
	}
	if _, err := os.Stat(mine); err != nil {
		t.Error(err)
	}
	program := filepath.Join(dir, "program")
	if err := errors.Join(m.Vet(t.Context(), dir), m.Build(t.Context(), dir, program)); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(program).CombinedOutput(); err != nil || string(out) != "8192" {
		t.Errorf("%q, %v", out, err)
	}
}

func TestFindSaysWhatIsWrong(t *testing.T) {
	empty, other := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(other, "go.mod"), []byte("module other\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]string{empty: "is not the source of axpress", other: "is the source of other"} {
		if _, err := Find(t.Context(), dir); !errors.Is(err, ErrMissing) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "--module DIR") {
			t.Errorf("%v, want %q", err, want)
		}
	}
	m, err := Find(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Write(other, "guest", nil); err == nil || !strings.Contains(err.Error(), "another Go module") {
		t.Errorf("%v", err)
	}
	t.Setenv("PATH", empty)
	if _, err := Find(t.Context(), ""); !errors.Is(err, ErrMissing) {
		t.Errorf("%v", err)
	}
}
