package suite

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestVariants(t *testing.T) {
	all := Variants()
	if len(all) != 12 || all[0].Name != "ev4-O0" || !slices.Contains(all[11].Flags, "-mieee") || !slices.Contains(all[11].Flags, "-mcpu=ev67") {
		t.Errorf("%+v", all)
	}
	if v, err := Choose([]string{"ev67-O2", "ev4-ieee"}); err != nil || len(v) != 2 || v[1].Name != "ev4-ieee" {
		t.Errorf("%+v, %v", v, err)
	}
	if _, err := Choose([]string{"ev9-O2"}); err == nil {
		t.Error("ev9 exists")
	}
}

// A guest has the CPUs that were asked for, on every engine.
func TestCommand(t *testing.T) {
	c := Config{Axpress: "axpress", Kernel: "K", Initrd: "I", CPUs: 4}
	for _, e := range Engines() {
		cpus := "--smp"
		if e == QEMU {
			cpus = "-smp"
		}
		args := c.command(e)
		if i := slices.Index(args, cpus); i < 0 || args[i+1] != "4" {
			t.Errorf("%s: %q", e, args)
		}
	}
}

// Every check has a name of its own, and what is known is known of one that exists.
func TestCheckNames(t *testing.T) {
	sources, err := Sources()
	if err != nil {
		t.Fatal(err)
	}
	names := CheckNames(sources)
	if len(names) < 100 {
		t.Errorf("only %d checks", len(names))
	}
	sorted := slices.Sorted(slices.Values(names))
	if len(slices.Compact(sorted)) != len(names) {
		t.Error("two checks have one name")
	}
	for _, k := range known {
		if !slices.Contains(names, k.Check) || k.Reason == "" {
			t.Errorf("%+v", k)
		}
	}
	for name, text := range sources {
		if n := bytes.Count(text, []byte("\n")); n >= 500 {
			t.Errorf("%s has %d lines", name, n)
		}
	}
}

func TestCheckOnly(t *testing.T) {
	for only, good := range map[string]bool{"": true, "^ev67-O2/(code|float)_": true, "(": false, "a b": false, `a"b`: false, strings.Repeat("x", 200): false} {
		if err := CheckOnly(only); (err == nil) != good {
			t.Errorf("%q: %v", only, err)
		}
	}
}

func TestParse(t *testing.T) {
	const console = "Linux version 6.1\nok ev4-O0/a_b\nfoo: ok x/y\nFAIL ev4-O0/c: line 3: x is 1\nok ev67-ieee/d: 0x1p+3 : y\nsuite: 3 checks, 1 failed\nreboot\n"
	lines, order, err := parse(console)
	if err != nil || fmt.Sprint(order) != "[ev4-O0/a_b ev4-O0/c ev67-ieee/d]" {
		t.Errorf("%q, %v", order, err)
	}
	if lines["ev4-O0/a_b"] != "ok" || lines["ev4-O0/c"] != "FAIL: line 3: x is 1" || lines["ev67-ieee/d"] != "ok: 0x1p+3 : y" {
		t.Errorf("%q", lines)
	}
	for _, bad := range []string{"", "ok ev4-O0/a\n", "ok ev4-O0/a\nsuite: 2 checks, 0 failed\n", "suite: 0 checks, 0 failed\n", "Kernel panic\nok ev4-O0/a"} {
		if _, _, err := parse(bad); err == nil {
			t.Errorf("%q is complete", bad)
		}
	}
}

// FuzzParse: a guest can write anything to its console.
func FuzzParse(f *testing.F) {
	f.Add("ok ev4-O0/a\nsuite: 1 checks, 0 failed\n")
	f.Add("suite: 99999999999999999999 checks, 1 failed")
	f.Fuzz(func(t *testing.T, console string) {
		lines, order, err := parse(console)
		if err == nil && (len(lines) == 0 || len(order) < len(lines)) {
			t.Fatalf("%q, %q", lines, order)
		}
	})
}

func TestJudge(t *testing.T) {
	all := []Engine{Native, Interp, QEMU}
	type lines = map[Engine]string
	for _, c := range []struct {
		check string
		lines lines
		want  State
	}{
		{"int_add", lines{Native: "ok", Interp: "ok", QEMU: "ok"}, Same},
		{"int_add", lines{Native: "ok: 1", Interp: "ok: 1", QEMU: "ok: 2"}, Differs},
		{"int_add", lines{Native: "ok: 1", QEMU: "ok: 1"}, Differs},
		{"int_add", lines{Interp: "ok", QEMU: "ok"}, Differs},
		{"int_add", lines{Native: "ok", Interp: "FAIL: x", QEMU: "ok"}, Failed},
		{"int_add", lines{Native: "FAIL: x", Interp: "FAIL: x", QEMU: "FAIL: x"}, Failed},
		{"int_add", lines{Interp: "ok", QEMU: "FAIL: x"}, Failed},
		{"float_two_nans", lines{Native: "ok", Interp: "ok", QEMU: "FAIL: x"}, Excused},
		{"float_two_nans", lines{Native: "ok", Interp: "ok", QEMU: "ok"}, Same},
		{"float_two_nans", lines{Native: "FAIL: x", Interp: "ok", QEMU: "FAIL: x"}, Failed},
		{"float_two_nans", lines{Native: "ok", Interp: "ok"}, Differs},
	} {
		if got, reason := judge(c.check, all, c.lines); got != c.want || (got == Excused) != (reason != "") {
			t.Errorf("%s %q: %s (%s), want %s", c.check, c.lines, got, reason, c.want)
		}
	}
}

func TestResult(t *testing.T) {
	r := &Result{Schema: Schema, Engines: []Engine{Native, Interp, QEMU}, Errors: map[Engine]string{}, order: []string{"ev4-O0/int_add", "ev4-O0/float_two_nans", "ev67-O2/int_add"},
		lines: map[Engine]map[string]string{
			Native: {"ev4-O0/int_add": "ok", "ev4-O0/float_two_nans": "ok", "ev67-O2/int_add": "FAIL: line 1"},
			Interp: {"ev4-O0/int_add": "ok", "ev4-O0/float_two_nans": "ok", "ev67-O2/int_add": "ok"},
			QEMU:   {"ev4-O0/int_add": "ok", "ev4-O0/float_two_nans": "FAIL: x"},
		}}
	r.compare()
	if r.Bad() != 1 || r.Rows[1].State != Excused || r.Rows[2].State != Failed {
		t.Errorf("%+v", r.Rows)
	}
	r.Errors[QEMU] = "hung"
	if r.Bad() != 2 {
		t.Errorf("%d bad", r.Bad())
	}
	var b bytes.Buffer
	if err := r.Text(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"known  float_two_nans: QEMU", "ERROR  qemu: hung", "FAILED  ev67-O2/int_add", "native  FAIL: line 1", "qemu    says nothing"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in:\n%s", want, b.String())
		}
	}
	data, err := r.JSON()
	var again Result
	if err != nil || json.Unmarshal(data, &again) != nil || len(again.Rows) != 3 || again.Rows[2].Lines[Native] != "FAIL: line 1" {
		t.Errorf("%s, %v", data, err)
	}
}
