package smp

import (
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	const good = "[    0.1] x\nsmp: litmus mp: 10 rounds, 2 threads, 3 weak, 0 not allowed, 0.01 s, 1000 rounds/s\n" +
		"smp: stress: 60 of 120 seconds; times: cpu 12 vm 3\nsmp: stress vm: 3 times, 0 wrong, exit status 0, 2.00 s, 1.5 times/s\n" +
		"smp: stress: 1 kinds of workers, 3 times in all, 0 failures, 2.01 s\nsmp: passed\r\n"
	if bad := Check(good); len(bad) != 0 {
		t.Errorf("a run that passed: %q", bad)
	}
	for _, line := range []string{
		"smp: litmus mp: 10 rounds, 2 threads, 0 weak, 12 not allowed, 0.50 s, 20 rounds/s", "smp: stress vm: 3 times, 1 wrong, exit status 0, 2.00 s, 1.5 times/s",
		"smp: stress fork: 3 times, 0 wrong, exit status 139, 2.00 s, 1.5 times/s", "smp: stress: pipe: wrong (errno 0)",
		"smp: stress: 2 kinds of workers, 3 times in all, 1 failures, 2.01 s", "[    1.5] WARNING: CPU: 1 PID: 7 at kernel/x.c:1", "smp: FAILED: fork: No memory",
		"[   60.1] rcu: INFO: rcu_sched detected stalls on CPUs/tasks:",
	} {
		if bad := Check(line + "\n" + good); len(bad) != 1 || bad[0] != line {
			t.Errorf("%q: %q", line, bad)
		}
	}
	if bad := Check(strings.Replace(good, "smp: passed\r\n", "", 1)); len(bad) != 1 {
		t.Errorf("without an end: %q", bad)
	}
}

func TestAppend(t *testing.T) {
	for want, p := range map[string]Plan{
		"smp=litmus:all:7,stress:vm+fork:3": {Litmus: []string{All}, Rounds: 7, Stress: []string{"vm", "fork"}, Seconds: 3},
		"smp=stress:all:3":                  {Stress: []string{All}, Seconds: 3},
		"smp=litmus:mp+ticket:9":            {Litmus: []string{"mp", "ticket"}, Rounds: 9},
	} {
		if got, err := p.Append(); got != want || err != nil {
			t.Errorf("%q, %v, want %q", got, err, want)
		}
	}
	for why, p := range map[string]Plan{
		`no litmus test "fork"; there are mp, `:    {Litmus: []string{"mp", "fork"}},
		`no kind of worker "cup"; there are cpu, `: {Stress: []string{"cup"}},
		`no kind of worker "all"`:                  {Stress: []string{"cpu", All}},
		"nothing to run":                           {},
	} {
		if got, err := p.Append(); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: %q, %v", why, got, err)
		}
	}
}

// The names are read from the tables of the program, which a change of their looks must not hide.
func TestNames(t *testing.T) {
	if n := len(Tests()); n != 14 {
		t.Errorf("%d litmus tests: %q", n, Tests())
	}
	if n := len(Kinds()); n != 14 {
		t.Errorf("%d kinds of workers: %q", n, Kinds())
	}
}
