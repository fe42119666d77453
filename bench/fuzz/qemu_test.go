package fuzz

import (
	"os/exec"
	"testing"

	"axpress/bench/conform"
)

// TestQEMU compares a bounded slice of cases with qemu-alpha, if it is installed.
func TestQEMU(t *testing.T) {
	if _, err := exec.LookPath("qemu-alpha"); err != nil {
		t.Skip("qemu-alpha is not installed")
	}
	qemu, err := conform.New("qemu")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := qemu.Close(); err != nil {
			t.Error(err)
		}
	}()
	res, err := Run(t.Context(), Config{Seed: 2, Cases: 10_000, Engines: append(engines(t)[:1], qemu)})
	if err != nil {
		t.Fatal(err)
	}
	if res.Failure != nil {
		t.Fatal(res.Failure)
	}
	if res.Compared[1] < res.Cases/4 {
		t.Errorf("compared on %d of %d cases", res.Compared[1], res.Cases)
	}
}
