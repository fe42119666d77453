package main

import (
	"bytes"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"axpress/lifter/image"
	"axpress/translator/prepare"
)

// A run with --perf-map is as without, and names every unit.
func TestPerfMap(t *testing.T) {
	kernel, cache := twoLoops(t), t.TempDir()
	path := fmt.Sprintf("/tmp/perf-%d.map", os.Getpid())
	t.Cleanup(func() { os.Remove(path) })
	if r := cli(t, t.Context(), cache, "run", "--kernel", kernel, "--memory", bootMem, "--perf-map"); r.status != statusOK {
		t.Fatalf("%d %s", r.status, r.err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{" _start [input]\n", " one [input]\n", " two [input]\n"} {
		if strings.Count(string(data), name) != 1 {
			t.Errorf("no%q in\n%s", name, data)
		}
	}
}

// The lines cover the code from the first unit to the end.
func TestPerfMapAddresses(t *testing.T) {
	img, err := image.Open(twoLoops(t))
	if err != nil {
		t.Fatal(err)
	}
	results, err := prepare.Translate(t.Context(), []*image.Image{img}, prepare.Options{CacheDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	a := results[0].Artifact
	mapped := bytes.Clone(a.Text)
	if err := a.Execute(); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a.Text, mapped) {
		t.Error("the copied code differs")
	}
	var b strings.Builder
	if err := writePerfMap(&b, results[0]); err != nil {
		t.Fatal(err)
	}
	base := uint64(reflect.ValueOf(a.Text).Pointer())
	next := uint64(0)
	for line := range strings.Lines(b.String()) {
		var at, size uint64
		if _, err := fmt.Sscanf(line, "%x %x", &at, &size); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if next != 0 && at != next {
			t.Errorf("%q: the one before it ends at %x", line, next)
		}
		if at < base {
			t.Errorf("%q: the code is at %x", line, base)
		}
		next = at + size
	}
	if want := base + uint64(len(a.Text)); next != want {
		t.Errorf("the lines end at %x, the code at %x", next, want)
	}
}
