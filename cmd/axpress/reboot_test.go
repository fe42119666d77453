package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// obedient returns a kernel that writes "?" to the console, awaits a character, and halts: for "r" with the request for a
// reboot in its per-CPU slot, else to power off.
func obedient(t *testing.T) string {
	return kernelFile(t, program(t,
		"lda s0,-1(zero)", "sll s0,42,s0", "lda s1,1(zero)", "sll s1,40,s1", "addq s0,s1,s1",
		"lda t0,0x7f(zero)", "sll t0,26,t0", "addq s1,t0,s1", "lda s1,0x3f8(s1)", // the serial port
		"lda t0,2(zero)", "stb t0,4(s1)", // RTS: may send
		fmt.Sprintf("lda t0,%d(zero)", '?'), "stb t0,0(s1)",
		"ldbu t1,5(s1)", "and t1,1,t1", "beq t1,.-8", // received?
		"ldbu t1,0(s1)", fmt.Sprintf("lda t2,%d(zero)", 'r'), "subq t1,t2,t1",
		"ldah t0,4(zero)", "ldah t3,2(zero)", "cmoveq t1,t3,t0",
		"ldq t1,0x2200(s0)", "bis t1,t0,t1", "stq t1,0x2200(s0)", "call_pal 0"))
}

// asked is a console that answers each "?" of the guest.
type asked struct {
	text    bytes.Buffer
	answers string
	to      *io.PipeWriter
}

func (a *asked) Write(p []byte) (int, error) {
	for range bytes.Count(p, []byte("?")) {
		answer := a.answers[:min(1, len(a.answers))]
		a.answers = a.answers[len(answer):]
		go io.WriteString(a.to, answer)
	}
	return a.text.Write(p)
}

// A guest that asks for a reboot is booted again, with its console, until it asks for something else.
func TestReboot(t *testing.T) {
	dir, kernel := t.TempDir(), obedient(t)
	for _, engine := range []string{engineInterp, engineNative, engineGo} {
		for _, cpus := range []string{"1", "2"} {
			if engine == engineGo && (testing.Short() || cpus != "1") {
				continue
			}
			in, to := io.Pipe()
			console := &asked{answers: "rrp", to: to}
			var errs bytes.Buffer
			file := filepath.Join(dir, "stats")
			st := run(t.Context(), []string{"--cache", dir, "run", "--kernel", kernel, "--memory", bootMem, "--engine", engine, "--smp", cpus, "--timeout", "1m", "--stats", file},
				streams{in, console, &errs})
			if st != statusOK || console.text.String() != "???" {
				t.Errorf("%s, %s CPUs: status %d, console %q, %s", engine, cpus, st, &console.text, &errs)
			}
			var s stats
			if data, err := os.ReadFile(file); err != nil || json.Unmarshal(data, &s) != nil {
				t.Fatalf("%v: %s", err, data)
			}
			if s.Stop != "power off" || engine != engineGo && s.Boots != 3 {
				t.Errorf("%s, %s CPUs: %+v", engine, cpus, s)
			}
			_ = to.Close()
		}
	}
}

// A guest that only reboots can be ended, by --timeout, and with --no-reboot it ends by itself.
func TestRebootForEver(t *testing.T) {
	kernel := halting(t, 2)
	for _, c := range []struct {
		args []string
		want status
		says string
	}{
		{[]string{"--timeout", "300ms"}, statusTimeout, "time ran out"},
		{[]string{"--timeout", "300ms", "--smp", "2"}, statusTimeout, "time ran out"},
		{[]string{"--no-reboot"}, statusHalt, "the guest asked for a reboot"},
		{[]string{"--no-reboot", "--smp", "2"}, statusHalt, "the guest asked for a reboot"},
	} {
		r := cli(t, t.Context(), t.TempDir(), append([]string{"run", "--kernel", kernel, "--memory", bootMem, "--engine", engineInterp}, c.args...)...)
		if r.status != c.want || !strings.Contains(r.err, c.says) {
			t.Errorf("%v: status %d, stderr %q", c.args, r.status, r.err)
		}
	}
}
