package guest

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"axpress/bench/workloads"
)

// A bench goes on without the workloads whose source the mirror does not have, and says so in a line each.
func TestBenchLeavesOut(t *testing.T) {
	release := debianOnly(t)
	compiler := `while [ $# -gt 1 ]; do [ "$1" != -o ] || echo x >"$2"; shift; done`
	data := fakePrograms(t, map[string]string{
		"apt-get": mirror["apt-get"], "apt-cache": mirror["apt-cache"], "gcc": compiler, crossPrefix + "gcc": compiler,
	})
	if err := os.WriteFile(filepath.Join(data, "has"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	b, err := newBuilder(Options{CacheDir: t.TempDir(), Log: &log})
	if err != nil {
		t.Fatal(err)
	}
	b.host = someHost()
	b.host.release = release
	var some []workloads.Workload
	for _, w := range workloads.All() {
		if w.Group == workloads.Real || w.Name == "sieve" || w.Group == workloads.Boot {
			some = append(some, w)
		}
	}
	m, err := newBenchMaker(b, some)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := m.make(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range m.all {
		if w.Group == workloads.Real {
			t.Errorf("%s is still there", w.Name)
		}
	}
	if !slices.ContainsFunc(m.all, func(w workloads.Workload) bool { return w.Name == "sieve" }) || len(m.all) != 2 {
		t.Errorf("what is left: %+v", m.all)
	}
	if list, err := os.ReadFile(filepath.Join(dir, fileList)); err != nil || string(list) != workloads.List(m.all) {
		t.Errorf("the list: %q, %v", list, err)
	}
	for line := range strings.Lines(log.String()) {
		if strings.Contains(line, "left out") && (len(line) > 300 || !strings.Contains(line, "404")) {
			t.Errorf("said %q", line)
		}
	}
	if n := strings.Count(log.String(), "left out"); n != 4 { // bzip2, lua, sqlite, zstd
		t.Errorf("%d lines of what is left out:\n%s", n, log.String())
	}
	// Exported, the entry stands for all that was wanted.
	wanted, err := m.recipe(some)
	if err != nil || b.entries[wanted.ours()] != dir {
		t.Errorf("%q, %v; want %s", b.entries[wanted.ours()], err, dir)
	}
}

// Of an imported bench the workloads are run that it has.
func TestBenchImported(t *testing.T) {
	b, err := newBuilder(Options{CacheDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	b.host = someHost()
	m, err := newBenchMaker(b, workloads.All())
	if err != nil {
		t.Fatal(err)
	}
	all, err := m.recipe(workloads.All())
	if err != nil {
		t.Fatal(err)
	}
	recipes := guestRecipes(t, Small)
	recipes["bench"] = all
	for _, r := range recipes {
		if _, _, err := b.ensure(t.Context(), r, fakeFiles(fileKernel, fileInitrd, fileAio, fileBusybox, fileList)); err != nil {
			t.Fatal(err)
		}
	}
	list := "sieve|-|driver sieve\nlua|-|lua x\n"
	if err := os.WriteFile(filepath.Join(b.entries[all.ours()], fileList), []byte(list), 0o644); err != nil {
		t.Fatal(err)
	}
	x, err := b.index()
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := b.write(t.Context(), &file, x); err != nil {
		t.Fatal(err)
	}
	noDebian(t)
	var log bytes.Buffer
	o := Options{CacheDir: t.TempDir(), Log: &log}
	if err := Import(t.Context(), o, writeFile(t, file.Bytes())); err != nil {
		t.Fatal(err)
	}
	var some []workloads.Workload // a choice, as with --only
	for _, w := range workloads.All() {
		if w.Name == "sieve" || w.Name == "zstd-3" || w.Group == workloads.Boot {
			some = append(some, w)
		}
	}
	bench, err := BuildBench(t.Context(), o, some)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range bench.Workloads {
		if w.Name != "sieve" && w.Group != workloads.Boot {
			t.Errorf("%s is run", w.Name)
		}
	}
	if len(bench.Workloads) != 2 || !strings.Contains(log.String(), "left out: zstd-3: ") {
		t.Errorf("%+v, said %q", bench.Workloads, log.String())
	}
}
