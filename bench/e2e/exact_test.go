package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"axpress/bench/guest"
	"axpress/bench/smp"
)

// exactly is how many interrupts the guests of TestExactInterrupts take at least.
const exactly = 10_000

// With the deterministic clock a guest is the same on every engine and at every setting: each of its interrupts, of timers,
// of other CPUs and of devices, arrives at the same instruction, the console says the same, and the memory is the same at the
// end. The guest is Linux with all kinds of workers of bench/smp, on one CPU and on two that take turns.
func TestExactInterrupts(t *testing.T) {
	axpress(t)
	g, err := guest.BuildSMP(t.Context(), guest.Options{Log: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	profile := filepath.Join(dir, "profile.json")
	for _, cpus := range []struct {
		n, seconds int
		engines    []string
	}{{2, 3, []string{"interp", "cheap", "hot"}}, {1, 10, []string{"interp", "cheap", "hot", "go"}}} {
		plan := smp.Plan{Litmus: []string{smp.All}, Rounds: 20, Stress: []string{smp.All}, Seconds: cpus.seconds}
		what, err := plan.Append()
		if err != nil {
			t.Fatal(err)
		}
		args := []string{"--deterministic", "--smp", fmt.Sprint(cpus.n)}
		var want, console string
		for _, engine := range cpus.engines {
			log := filepath.Join(dir, fmt.Sprintf("%s-%d", engine, cpus.n))
			more := append(args, "--interrupts", log)
			run := "native"
			switch engine {
			case "interp":
				run = engine
			case "cheap": // which shows what is hot: to take samples leaves no trace
				more = append(more, "--profile-out", profile)
			case "hot":
				more = append(more, "--profile", profile)
			case "go":
				run, more = engine, append(more, "--profile", profile)
			}
			out := boot(t, &guest.Guest{Kernel: g.Guest.Kernel, Initrd: g.Initrd}, run, "console=ttyS0 "+what, more...)
			data, err := os.ReadFile(log)
			if err != nil {
				t.Fatal(err)
			}
			if want == "" {
				want, console = string(data), out
				kinds := interruptKinds(want)
				t.Logf("%d CPUs: interrupts by CPU and type: %v", cpus.n, kinds)
				total := 0
				for _, n := range kinds {
					total += n
				}
				if total < exactly || kinds["0 1"] == 0 || kinds["0 3"] == 0 || cpus.n > 1 && kinds["1 0"] == 0 {
					t.Errorf("%d CPUs: %d interrupts, of timers, devices and other CPUs: %v; the guest must have all, %d together", cpus.n, total, kinds, exactly)
				}
				continue
			}
			sameText(t, "interp", console, engine, out)
			if n, a, b := firstDifference(want, string(data)); a != b {
				t.Errorf("%d CPUs: line %d of the interrupts is %q on the interpreter, %q on %s", cpus.n, n, a, b, engine)
			}
		}
	}
}

// interruptKinds counts the interrupts by CPU and type (0: of another CPU, 1: timer, 3: device).
func interruptKinds(log string) map[string]int {
	kinds := map[string]int{}
	for line := range strings.Lines(log) {
		if f := strings.Fields(line); len(f) == 4 && f[0] != "end:" {
			kinds[f[0]+" "+f[2]]++
		}
	}
	return kinds
}

// firstDifference returns the first line in which two logs differ, and its number; equal lines: none.
func firstDifference(a, b string) (n int, x, y string) {
	p, q := strings.Split(a, "\n"), strings.Split(b, "\n")
	for n := range max(len(p), len(q)) {
		x, y := "", ""
		if n < len(p) {
			x = p[n]
		}
		if n < len(q) {
			y = q[n]
		}
		if x != y {
			return n + 1, x, y
		}
	}
	return 0, "", ""
}
