package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"axpress/bench/guest"
	"axpress/bench/suite"
)

// slice is the variant of the suite that the tests run; `axpress suite` runs them all, on QEMU too.
const slice = "ev67-O2"

// Every check of the slice says the same in translated code and in the interpreter, and that it is well.
func TestSuite(t *testing.T) {
	axpress(t)
	file := filepath.Join(t.TempDir(), "suite.json")
	r := command(t, axpress(t), "suite", "--variant", slice, "--engines", "native,interp", "--json", file)
	if r.status != 0 {
		t.Fatalf("status %d\n%s\n%s", r.status, r.out, r.err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var result suite.Result
	if err := json.Unmarshal(data, &result); err != nil {
		t.Fatal(err)
	}
	var ran []string
	for _, row := range result.Rows {
		ran = append(ran, row.Check)
		if row.State == suite.Excused {
			t.Logf("%s: %s", row.Check, row.Reason)
		}
	}
	// Nothing is left out but what needs -mieee.
	sources, err := suite.Sources()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range suite.CheckNames(sources) {
		if !slices.Contains(ran, name) && !strings.HasPrefix(name, "ieee_") {
			t.Errorf("%s did not run", name)
		}
	}
}

// suiteGuest builds the guest of the suite's slice.
func suiteGuest(t *testing.T) *guest.Suite {
	t.Helper()
	axpress(t)
	variants, err := suite.Choose([]string{slice})
	if err != nil {
		t.Fatal(err)
	}
	g, err := guest.BuildSuite(t.Context(), guest.Options{Log: os.Stderr}, variants)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// Code that changes costs what changed, and not the rest of its program: after each imb only what is not translated
// is interpreted, and a page that was as before is not looked up anew.
func TestChangingCode(t *testing.T) {
	g := suiteGuest(t)
	file := filepath.Join(t.TempDir(), "stats.json")
	text := boot(t, &guest.Guest{Kernel: g.Guest.Kernel, Initrd: g.Initrd}, "native",
		"console=ttyS0 quiet only=/code_(rewrite|two_addresses|across_pages|reuse|copy_on_write|patch_program|overwritten_program)", "--stats", file)
	has(t, "suite", text, "suite: 7 checks, 0 failed")
	c := readCounters(t, file)
	const changes = 1500 // at least so many times the checks say imb
	imb := c.CallPALs["imb"]
	t.Logf("%d imb, %d instructions interpreted, pages: %d compared, %d new or changed", imb, c.Interpreted, c.Compared, c.Changed)
	if imb < changes {
		t.Fatalf("%d imb: the checks have become others", imb)
	}
	if most := 60 * imb; c.Interpreted > most {
		t.Errorf("%d instructions interpreted, more than %d", c.Interpreted, most)
	}
	// Two of the checks change two pages at once; the programs' own pages are new once.
	if most := 3*imb + 1000; c.Changed > most {
		t.Errorf("%d pages new or changed, more than %d", c.Changed, most)
	}
}

// Code of files stays native wherever it is mapped, and whatever was there before: what is interpreted, and how many
// pages are compared and found to be others, depends on what changed and not on the size of what runs. A boot alone
// interprets 5,000 instructions and compares 130 pages, of which 50 are new; the figures behind the bounds are what
// was measured, that included. Of these 20,000 to 32,000 are where a slice of time ends in straight code that is longer than code
// may go without a poll (blake2s_compress, while the kernel seeds its random numbers): there is no entry behind that poll,
// so the rest, 1,500 instructions each time, is interpreted.
func TestMappedCode(t *testing.T) {
	g := suiteGuest(t)
	for _, c := range []struct {
		check                          string
		interpreted, compared, changed uint64 // at most
	}{
		// 100 calls of code at two addresses, and 20 in other processes, each of 80,000 instructions.
		{"mapped_twice", 60_000, 800, 80}, // 33,000; 420; 54
		// 200 mappings over one another, each called once.
		{"mapped_in_turn", 60_000, 3_000, 80}, // 30,000; 1,700; 55
		// 100 changes of the code's page, and 100 back; called twice after each.
		{"mapped_and_changed", 60_000, 1_500, 400}, // 33,000; 790; 255
		// 80 executions, every other of which runs 4,700 instructions that nobody has translated.
		{"code_overwritten_second", 300_000, 3_000, 250}, // 238,000; 1,250; 135
		// 300 executions of two programs, of more than 50 pages each.
		{"process_exec_loop", 160_000, 30_000, 80}, // 112,000; 15,200; 56
	} {
		file := filepath.Join(t.TempDir(), "stats.json")
		text := boot(t, &guest.Guest{Kernel: g.Guest.Kernel, Initrd: g.Initrd}, "native", "console=ttyS0 quiet only=/"+c.check+"$", "--stats", file)
		has(t, c.check, text, "suite: 1 checks, 0 failed")
		got := readCounters(t, file)
		t.Logf("%s: %d of %d instructions interpreted, pages: %d compared, %d new or changed", c.check, got.Interpreted, got.Instructions, got.Compared, got.Changed)
		if got.Interpreted > c.interpreted || got.Compared > c.compared || got.Changed > c.changed {
			t.Errorf("%s: at most %d, %d and %d are right", c.check, c.interpreted, c.compared, c.changed)
		}
	}
}

// Random kernels, translated and interpreted: no process crashes, and both engines end at the same instruction.
func TestHostile(t *testing.T) {
	r := command(t, axpress(t), "hostile", "--count", "12", "--limit", "500ms")
	if r.status != 0 {
		t.Fatalf("status %d\n%s\n%s", r.status, r.out, r.err)
	}
	has(t, "hostile", r.out, "native", "interp", "instructions in the guests")
}
