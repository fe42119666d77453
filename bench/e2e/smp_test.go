package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"axpress/bench/guest"
)

// Guests with several CPUs, each on a thread of the host, come up and power off.
func TestSeveralCPUs(t *testing.T) {
	g := build(t, guest.Plain)
	for _, c := range []struct {
		engine string
		cpus   int
	}{{"native", 2}, {"native", 4}, {"interp", 2}} {
		out := boot(t, g, c.engine, "console=ttyS0", "--smp", fmt.Sprint(c.cpus))
		has(t, c.engine, out, fmt.Sprintf("Brought up 1 node, %d CPUs", c.cpus), "io_submit: Bad address", "reboot: Power down")
	}
}

// CPUs that take turns by the count of instructions do the same each time.
func TestSeveralCPUsInTurns(t *testing.T) {
	g := build(t, guest.Plain)
	var first string
	for range 2 {
		file := filepath.Join(t.TempDir(), "stats.json")
		out := boot(t, g, "native", "console=ttyS0 axpress.run=shutdown", "--smp", "2", "--deterministic", "--stats", file)
		out += fmt.Sprint(readCounters(t, file).Instructions)
		if first == "" {
			first = out
		}
		if out != first {
			t.Errorf("two runs differ:\n%s\n%s", first, out)
		}
	}
}

// The suite's checks, code that changes among them, in a guest with four CPUs.
func TestSuiteOnSeveralCPUs(t *testing.T) {
	r := command(t, axpress(t), "suite", "--variant", "ev67-O2", "--engines", "native", "--smp", "4")
	if r.status != 0 {
		t.Errorf("status %d\n%s\n%s", r.status, r.err, r.out)
	}
}

// Litmus tests have allowed outcomes only, and a load of every kind gets back what it should.
func TestStress(t *testing.T) {
	for _, args := range [][]string{
		{"--engine", "native", "--smp", "4", "--rounds", "5000", "--seconds", "5"},
		{"--engine", "interp", "--smp", "2", "--rounds", "1000", "--seconds", "3"},
	} {
		r := command(t, axpress(t), append([]string{"stress", "--timeout", limit}, args...)...)
		if r.status != 0 {
			t.Errorf("%v: status %d\n%s\n%s", args, r.status, r.err, r.out)
		}
	}
}

// Where interprocessor interrupts get lost at IPL 6 and above, the kernel waits for ever for the answer to one (in
// csd_lock_wait, inlined in smp_call_function_many_cond) or for a task that one should have woken; the report of what each
// CPU was doing shows the message that nobody looks at.
func TestLostIPIs(t *testing.T) {
	file := filepath.Join(t.TempDir(), "stats.json")
	r := command(t, axpress(t), "stress", "--smp", "4", "--ipi", "edge", "--litmus", "", "--load", "fault,pthread,exec", "--seconds", "600",
		"--timeout", "30s", "--stats", file)
	if r.status == 0 || !strings.Contains(r.err, "IPI messages: call function") || !strings.Contains(r.err, "axpress: CPU 3 ") {
		t.Errorf("status %d\n%s\n%s", r.status, r.err, r.out)
	}
	var s struct {
		IPIs []struct {
			Lost uint64            `json:"lost"`
			For  map[string]uint64 `json:"lost_for"`
		} `json:"ipis"`
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &s); err != nil {
		t.Fatal(err)
	}
	lost := uint64(0)
	for _, c := range s.IPIs {
		lost += c.For["call function"]
	}
	if lost == 0 {
		t.Errorf("no call function got lost: %+v", s.IPIs)
	}
}
