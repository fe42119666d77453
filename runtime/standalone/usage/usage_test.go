package usage

import (
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// options are some of each kind.
func options() (fs *pflag.FlagSet, text *string) {
	fs = pflag.NewFlagSet("test", pflag.ContinueOnError)
	text = new(string)
	fs.String("kernel", "", "")
	fs.BoolP("verbose", "v", false, "")
	fs.IntP("jobs", "j", 0, "")
	fs.StringArrayP("debug", "d", nil, "")
	fs.StringSlice("engines", nil, "")
	fs.Var(Joined(text), "append", "")
	return fs, text
}

func TestOnce(t *testing.T) {
	for line, says := range map[string]string{
		"":                                       "",
		"--kernel a -v -j 2 file":                "",
		"--kernel a --kernel b":                  `--kernel is given twice, as "a" and as "b"`,
		"--kernel a --kernel a":                  "--kernel is given twice",
		"--kernel=a file --kernel b":             "--kernel is given twice",
		"-v --verbose":                           "--verbose is given twice",
		"-j1 -j 2":                               "--jobs is given twice",
		"-d a=off --debug b=off":                 "",
		"--engines a --engines b,c":              "",
		"--append a --append b":                  "",
		"--kernel a -- --kernel b":               "",
		"--kernel --kernel":                      "", // the value
		"--kernel a --kernel b --nosuch":         "", // the parser's
		"--kernel a --append b --kernel c -d x":  "--kernel is given twice",
		"--kernel a --append --kernel --kernel=": "--kernel is given twice",
	} {
		fs, _ := options()
		err := Once(fs, strings.Fields(line))
		switch {
		case says == "" && err != nil, says != "" && (err == nil || !strings.Contains(err.Error(), says)):
			t.Errorf("%s: %v, want %q", line, err, says)
		case fs.Changed("kernel"):
			t.Errorf("%s: an option was set", line)
		}
	}
}

func TestJoined(t *testing.T) {
	fs, text := options()
	if err := fs.Parse([]string{"--append", "console=ttyS0", "--append", "", "--append", "quiet mem=64M"}); err != nil || *text != "console=ttyS0 quiet mem=64M" {
		t.Errorf("%q, %v", *text, err)
	}
}

func TestNearest(t *testing.T) {
	names := []string{"schedule", "schedule_timeout", "scheduler_tick", "run", "isa", "ir", "disasm", "do_page_fault", ""}
	for typed, want := range map[string][]string{
		"shedule":       {"schedule"},
		"Schedul":       {"schedule", "scheduler_tick", "schedule_timeout"},
		"rnu":           {"run"},
		"disam":         {"disasm"},
		"do_pagefault":  {"do_page_fault"},
		"entirely_else": nil,
		"":              nil,
	} {
		if got := Nearest(typed, names); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", typed, got, want)
		}
	}
	if got := Hint("Schedul", names); got != " (did you mean schedule, scheduler_tick or schedule_timeout?)" {
		t.Errorf("%q", got)
	}
	if got := Hint("x", names); got != "" {
		t.Errorf("%q", got)
	}
}

func TestForeign(t *testing.T) {
	for line, says := range map[string]string{
		"-kernel vmlinux":            "-kernel is an option of QEMU's: here it is --kernel FILE",
		"--kernel a -m 512M":         "--memory SIZE",
		"--kernel a -hda disk":       "no disks",
		"--kernel a --nographic":     "leave it out",
		"-drive file=x":              "no disks", // not -d rive
		"-machine=clipper":           "--platform NAME",
		"--kernel -kernel":           "", // a file's name
		"--append=-m file":           "",
		"-j 2 -d help -v":            "",
		"--kernel a -- -m":           "",
		"- -x --nosuch":              "",
		"--verbose -initrd x":        "--initrd FILE",
		"--engines native -cpu ev67": "--cpu MODEL",
	} {
		fs, _ := options()
		err := Foreign(fs, strings.Fields(line))
		if says == "" && err != nil || says != "" && (err == nil || !strings.Contains(err.Error(), says)) {
			t.Errorf("%s: %v, want %q", line, err, says)
		}
	}
}
