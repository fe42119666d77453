package guest

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"axpress/bench/workloads"
)

func TestNeeds(t *testing.T) {
	programs, files := needs([]workloads.Workload{
		{Name: "a", Program: "p", Input: "x"}, {Name: "b", Program: "p", Args: []string{"@y"}}, {Name: "boot"},
	})
	if got := slices.Sorted(maps.Keys(programs)); !slices.Equal(got, []string{workloads.Driver, "p"}) {
		t.Errorf("programs %q", got)
	}
	if got := slices.Sorted(maps.Keys(files)); !slices.Equal(got, []string{"x", "y"}) {
		t.Errorf("files %q", got)
	}
}

// A program's recipe changes with its sources, its options and the compilers, and with nothing else.
func TestProgramRecipe(t *testing.T) {
	versions := someVersions()
	p := workloads.Program{Name: "p", Units: []workloads.Unit{{Ours: true, Files: []string{"p.c"}}}}
	ours := map[string][]byte{"p.c": []byte("one"), "axbench.h": nil, "q.c": nil}
	hash := func(p workloads.Program, ours map[string][]byte, versions map[string]string) string {
		r, err := programRecipe(p, ours)
		if err != nil {
			t.Fatal(err)
		}
		return on(t, r, &host{versions: versions, release: "bookworm"}).hash()
	}
	first := hash(p, ours, versions)
	if hash(p, map[string][]byte{"p.c": []byte("one"), "axbench.h": nil, "q.c": []byte("new")}, versions) != first {
		t.Error("a source of another program changes the hash")
	}
	other := p
	other.Flags = []string{"-g"}
	newer := maps.Clone(versions)
	newer["gcc"] = "2.0-1"
	for name, got := range map[string]string{
		"source":   hash(p, map[string][]byte{"p.c": []byte("two")}, versions),
		"header":   hash(p, map[string][]byte{"p.c": []byte("one"), "axbench.h": []byte("new")}, versions),
		"flags":    hash(other, ours, versions),
		"compiler": hash(p, ours, newer),
	} {
		if got == first {
			t.Errorf("another %s leaves the hash as it was", name)
		}
	}
	if _, err := programRecipe(p, nil); err == nil || !strings.Contains(err.Error(), "p.c") {
		t.Errorf("a source that is not there: %v", err)
	}
}

func TestUnitFiles(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"b.c", "a.c", "a.h"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	files, err := unitFiles(workloads.Unit{Files: []string{"*.c"}}, dir, t.TempDir())
	if want := []string{filepath.Join(dir, "a.c"), filepath.Join(dir, "b.c")}; err != nil || !slices.Equal(files, want) {
		t.Errorf("%q, %v; want %q", files, err, want)
	}
	if _, err := unitFiles(workloads.Unit{Ours: true, Files: []string{"a.c"}}, dir, t.TempDir()); err == nil {
		t.Error("a file of the package was taken for ours")
	}
}
