package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"axpress/runtime/standalone/usage"
)

// A kernel and an initramfs may be named with options or without, but not both ways.
func TestRunPositional(t *testing.T) {
	kernel, initrd := halting(t, 4), writeFile(t, []byte("no archive"))
	for _, c := range []struct {
		args []string
		want status
		says string
	}{
		{[]string{kernel}, statusOK, ""},
		{[]string{kernel, initrd}, statusOK, ""},
		{[]string{"--initrd", initrd, kernel}, statusOK, ""},
		{[]string{kernel, "--kernel", kernel}, statusUsage, "the kernel is named twice"},
		{[]string{kernel, initrd, "--initrd", initrd}, statusUsage, "the initrd is named twice"},
		{[]string{kernel, initrd, "quiet"}, statusUsage, `"quiet" is one argument too many`},
		{[]string{kernel, "/nonexistent/initrd"}, statusInput, "no such file"},
	} {
		r := cli(t, t.Context(), t.TempDir(), append([]string{"run", "--memory", bootMem, "--engine", "interp"}, c.args...)...)
		if r.status != c.want || !strings.Contains(r.err, c.says) || c.want != statusOK && strings.Count(r.err, "\n") != 1 {
			t.Errorf("%q: status %d, %q; want %d and %q", c.args, r.status, r.err, c.want, c.says)
		}
	}
}

// What is given twice is refused, by every command, but for lists; --append adds up.
func TestOptionsTwice(t *testing.T) {
	root := (&app{}).root()
	var commands func(c *cobra.Command) [][]string
	commands = func(c *cobra.Command) (all [][]string) {
		if c.Flags().Lookup("jobs") != nil {
			all = append(all, strings.Fields(c.CommandPath())[1:])
		}
		for _, sub := range c.Commands() {
			all = append(all, commands(sub)...)
		}
		return all
	}
	list := commands(root)
	if len(list) < 8 {
		t.Fatalf("only %q have --jobs", list)
	}
	for _, name := range list {
		r := cli(t, t.Context(), t.TempDir(), append(name, "--jobs", "1", "-j2")...)
		if r.status != statusUsage || !strings.Contains(r.err, `--jobs is given twice, as "1" and as "2"`) || strings.Count(r.err, "\n") != 1 {
			t.Errorf("%q: status %d, %q", name, r.status, r.err)
		}
	}
	kernel := halting(t, 4)
	long := strings.Repeat("x", 200)
	for _, c := range []struct {
		args []string
		want status
		says string
	}{
		{[]string{"--kernel", kernel, "--append", "a", "--append", "b", "-d", "cse=off", "-d", "dce=off"}, statusOK, ""},
		{[]string{"--kernel", kernel, "--append", long, "--append", long}, statusUsage, "401 bytes"},
		{[]string{"--kernel", kernel, "--kernel", kernel}, statusUsage, "--kernel is given twice"},
		{[]string{"--kernel", kernel, "--cache", "x"}, statusUsage, "--cache is given twice"},
	} {
		r := cli(t, t.Context(), t.TempDir(), append([]string{"run", "--memory", bootMem, "--engine", "interp"}, c.args...)...)
		if r.status != c.want || !strings.Contains(r.err, c.says) {
			t.Errorf("%.60q: status %d, %q; want %d and %q", c.args, r.status, r.err, c.want, c.says)
		}
	}
}

// What people mistype, and what they know from QEMU, gets a hint, in one line.
func TestHints(t *testing.T) {
	kernel := halting(t, 4)
	for line, says := range map[string]string{
		"rnu":                         `unknown command "rnu" for "axpress" (did you mean run?); see axpress --help`,
		"rnu --kernel x":              "did you mean run?",
		"dissasm":                     "did you mean disasm?",
		"cache lsit":                  "did you mean list?",
		"guest biuld --flavour small": "did you mean build?",
		"help rnu":                    "did you mean run?",
		kernel:                        "axpress run " + kernel,
		"--kernel " + kernel:          "it is an option of axpress bench, axpress bisect, axpress demo, axpress run",
		"run --initrdd x":             "did you mean --initrd?",
		"-kernel vmlinux":             "--kernel FILE",
		"run -kernel vmlinux":         "-kernel is an option of QEMU's: here it is --kernel FILE",
		"run -initrd x":               "--initrd FILE",
		"run vmlinux -append x":       "--append TEXT",
		"run vmlinux -m 512M":         "--memory SIZE",
		"run vmlinux -smp 2":          "--smp N",
		"run vmlinux -M clipper":      "--platform list",
		"run vmlinux -cpu ev67":       "--cpu MODEL",
		"run vmlinux -nographic":      "leave it out",
		"run vmlinux -serial stdio":   "serial console",
		"run vmlinux --nographic":     "leave it out",
		"run vmlinux -hda disk":       "no disks",
		"run vmlinux -drive file=x":   "no disks",
		"run vmlinux -net none":       "no network",
	} {
		r := cli(t, t.Context(), t.TempDir(), strings.Fields(line)...)
		if r.status != statusUsage || !strings.Contains(r.err, says) || strings.Count(r.err, "\n") != 1 || r.out != "" {
			t.Errorf("%s: status %d, %q %q, want %q", line, r.status, r.err, r.out, says)
		}
	}
	if r := cli(t, t.Context(), t.TempDir(), "run", kernel, "-d", "cs=off"); r.status != statusUsage || !strings.Contains(r.err, `no pass "cs" (did you mean cse?)`) {
		t.Errorf("a pass: %d %q", r.status, r.err)
	}
	for _, args := range [][]string{{"disasm", kernel, "_strat"}, {"ir", "_strat", "--file", kernel}} {
		r := cli(t, t.Context(), t.TempDir(), args...)
		if r.status != statusInput || !strings.Contains(r.err, `no function "_strat" (did you mean _start?)`) {
			t.Errorf("%q: status %d, %q", args, r.status, r.err)
		}
	}
}

// The hints about QEMU's options name options that there are.
func TestQEMUHintsExist(t *testing.T) {
	root := (&app{}).root()
	c, _, err := root.Find([]string{"run"})
	if err != nil {
		t.Fatal(err)
	}
	c.InitDefaultHelpFlag()
	for _, name := range []string{"kernel", "initrd", "append", "m", "smp", "cpu", "M", "machine", "no-reboot", "icount", "accel", "hda", "device"} {
		found := false
		for word := range strings.FieldsFuncSeq(usage.QEMU(name), func(r rune) bool { return strings.ContainsRune(" ,:;'", r) }) {
			option, ok := strings.CutPrefix(word, "--")
			if found = found || ok; ok && c.Flags().Lookup(option) == nil {
				t.Errorf("%s: there is no option --%s", name, option)
			}
		}
		if !found {
			t.Errorf("%s: %q names no option", name, usage.QEMU(name))
		}
	}
}

// The table of exit statuses is a topic of its own, and no other help repeats it.
func TestHelp(t *testing.T) {
	table := statusTable()
	if r := cli(t, t.Context(), t.TempDir(), "help", "status"); r.status != statusOK || !strings.Contains(r.out, table) {
		t.Errorf("%d %q", r.status, r.out)
	}
	for _, name := range []string{"run", "demo", "bench", "suite", "hostile", "stress", "fuzz", ""} {
		args := append(strings.Fields(name), "--help")
		r := cli(t, t.Context(), t.TempDir(), args...)
		if r.status != statusOK || strings.Contains(r.out, "internal error") || !strings.Contains(r.out, "axpress help status") {
			t.Errorf("%q: status %d, %q", args, r.status, r.out)
		}
	}
	if r := cli(t, t.Context(), t.TempDir(), "run", "--help"); !strings.Contains(r.out, "Examples:\n") || !strings.Contains(r.out, "axpress run vmlinux initramfs.cpio.gz --append console=ttyS0") {
		t.Errorf("%q", r.out)
	}
	if r := cli(t, t.Context(), t.TempDir(), "help", "cache", "list"); r.status != statusOK || !strings.Contains(r.out, "axpress cache list") {
		t.Errorf("%d %q", r.status, r.out)
	}
	if r := cli(t, t.Context(), t.TempDir(), "--version"); r.status != statusOK || !strings.HasPrefix(r.out, "axpress ") || !strings.Contains(r.out, "state layout") {
		t.Errorf("%d %q %q", r.status, r.out, r.err)
	}
}

// Shells complete commands and values.
func TestCompletion(t *testing.T) {
	for line, want := range map[string]string{
		"__complete dis":                 "disasm\t",
		"__complete run --engine ":       "interp\n",
		"__complete run --cpu ":          "EV67\n",
		"__complete guest build --f":     "--flavour\t",
		"__complete help stat":           "status\t",
		"__complete bench --flavour ":    "generic\n",
		"__complete suite --fl":          "--flavour\t",
		"__complete completion ":         "zsh\t",
		"completion bash":                "__start_axpress",
		"completion zsh":                 "#compdef axpress",
		"completion fish":                "complete -c axpress",
		"__completeNoDesc cache l":       "list\n",
		"__complete bisect --kern":       "--kernel\t",
		"__complete run --platform ":     "clipper\nlist\n",
		"__complete run --cache x --ipi": "--ipi\t",
	} {
		// Without cli's option --cache, as the shells do it.
		var out strings.Builder
		args := strings.Fields(line)
		if strings.HasSuffix(line, " ") {
			args = append(args, "")
		}
		if st := run(t.Context(), args, streams{strings.NewReader(""), &out, &strings.Builder{}}); st != statusOK || !strings.Contains(out.String(), want) {
			t.Errorf("%s: status %d, no %q in %.200q", line, st, want, out.String())
		}
	}
	if r := cli(t, t.Context(), t.TempDir(), "--help"); !strings.Contains(r.out, "\n  completion ") {
		t.Errorf("the help does not name it: %q", r.out)
	}
}

// There is a page of the manual for each command, and the main one has the exit statuses.
func TestMan(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "man")
	if r := cli(t, t.Context(), t.TempDir(), "man", dir); r.status != statusOK {
		t.Fatalf("%d %q", r.status, r.err)
	}
	for name, wants := range map[string][]string{
		"axpress.1":            {".TH \"AXPRESS\" \"1\"", "130  interrupted", `axpress\-run(1)`},
		"axpress-run.1":        {"Ctrl-A x  quit (exit status 130)\n", "--append console=ttyS0", ".SH EXAMPLE"},
		"axpress-cache-list.1": {".SH NAME"},
	} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Error(err)
		}
		for _, want := range wants {
			if !strings.Contains(string(data), want) && !strings.Contains(strings.ReplaceAll(string(data), `\-`, "-"), strings.ReplaceAll(want, `\-`, "-")) {
				t.Errorf("%s: no %q in\n%s", name, want, data)
			}
		}
	}
	if r := cli(t, t.Context(), t.TempDir(), "man", writeFile(t, nil)); r.status != statusInput || strings.Count(r.err, "\n") != 1 {
		t.Errorf("a file as folder: %d %q", r.status, r.err)
	}
}
