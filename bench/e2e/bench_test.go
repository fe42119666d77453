package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"axpress/bench/guest"
	"axpress/bench/measure"
)

// A small bench: the engines agree, their times make sense, and the files are there.
// Whether one is faster is not judged.
func TestBench(t *testing.T) {
	build(t, guest.Plain)
	if err := guest.InstallPackages(t.Context(), os.Stderr, guest.GroupBench); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file, page := filepath.Join(dir, "bench.json"), filepath.Join(dir, "report")
	args := []string{"bench", "--only", "^(unaligned|forkexec|boot)$", "--runs", "1", "--json", file, "--report", page}
	r := command(t, axpress(t), args...)
	if r.status != 0 {
		t.Fatalf("status %d\n%s\n%s", r.status, r.out, r.err)
	}
	has(t, "bench", r.out, "unaligned", "forkexec", "boot to userland, artefact made", "must reach")
	result, err := measure.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, engines := range map[string]int{"unaligned": 6, "forkexec": 5, "boot": 4} {
		row := result.Row(name)
		if row == nil || len(row.Engines) != engines {
			t.Fatalf("%s: %+v", name, row)
		}
		for e, c := range row.Engines {
			if !c.Good() || c.Median() <= 0 {
				t.Errorf("%s, %s: %+v", name, e, c)
			}
			// The guest's clock is no other clock than ours.
			if len(c.Guest) == 1 && (c.Guest[0] > 1.5*c.Seconds[0]+0.1 || c.Guest[0] < c.Seconds[0]/2-0.1) {
				t.Errorf("%s, %s: %v s, but %v s by the guest's clock", name, e, c.Seconds, c.Guest)
			}
		}
	}
	for _, name := range []string{"index.html", "qemu.svg", "host.svg", "interp.svg"} {
		if st, err := os.Stat(filepath.Join(page, name)); err != nil || st.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	// The same again, against itself.
	r = command(t, axpress(t), append(args[:len(args)-2], "--against", file, "--engines", "native,host", "--cold")...)
	if r.status != 0 || strings.Contains(r.err, "translating") {
		t.Fatalf("status %d\n%s\n%s", r.status, r.out, r.err)
	}
	has(t, "bench --against", r.out, "against the earlier result", "beware: first run counts")
}
