package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"axpress/bench/guest"
	"axpress/runtime/vcpu"
)

// TestGoProgram makes a Go program of what a run's profile has seen, and boots it: it says
// the same as the interpreter, and runs nearly all in translated code.
func TestGoProgram(t *testing.T) {
	g := build(t, guest.Plain)
	dir := t.TempDir()
	prof, module, stats := filepath.Join(dir, "profile.json"), filepath.Join(dir, "module"), filepath.Join(dir, "stats.json")
	boot(t, g, "native", "console=ttyS0", "--profile-out", prof)
	want := boot(t, g, "interp", "console=ttyS0", "--deterministic")
	if r := command(t, axpress(t), "translate", "--backend", "go", "--profile", prof, "--initrd", g.Initrd, "-o", module, g.Kernel); r.status != 0 {
		t.Fatalf("status %d\n%s", r.status, r.err)
	}
	for _, args := range [][]string{{"vet", "./..."}, {"build", "."}} {
		cmd := exec.CommandContext(t.Context(), "go", args...)
		cmd.Dir = module
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("go %v: %v\n%s", args, err, out)
		}
	}
	r := command(t, filepath.Join(module, "linux-alpha"), "--append", "console=ttyS0", "--deterministic", "--stats", stats)
	if r.status != 0 {
		t.Fatalf("status %d, %s\n%s", r.status, r.err, r.out)
	}
	sameText(t, "interp", want, "go", r.out)
	data, err := os.ReadFile(stats)
	if err != nil {
		t.Fatal(err)
	}
	var s struct {
		CPUs []struct {
			Instructions uint64
			Engine       vcpu.Counters
		}
	}
	if err := json.Unmarshal(data, &s); err != nil {
		t.Fatal(err)
	}
	if c := s.CPUs[0]; float64(c.Engine.Translated) < 0.9*float64(c.Instructions) {
		t.Errorf("%d of %d instructions were translated", c.Engine.Translated, c.Instructions)
	}
}
