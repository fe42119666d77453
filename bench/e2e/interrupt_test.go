package e2e

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"axpress/bench/guest"
)

// Ctrl-C during a translation ends it with its own status, and leaves the cache as
// it was.
func TestInterruptedTranslation(t *testing.T) {
	g := build(t, guest.Plain)
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), axpress(t), "translate", "--cache", dir, g.Kernel)
	errs, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(errs)
	first, err := lines.ReadString('\n')
	if err != nil || !strings.Contains(first, "translating") {
		t.Fatalf("%q, %v", first, err)
	}
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(lines)
	if err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // its status is looked at below
	if st := cmd.ProcessState.ExitCode(); st != 130 || !strings.HasSuffix(string(rest), "axpress: interrupted\n") {
		t.Errorf("status %d, %q", st, rest)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 0 {
		t.Errorf("the cache has %v, %v", left, err)
	}
}
