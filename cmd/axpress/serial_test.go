package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/creack/pty"
)

// keyed answers the guest's "?" with keys on a terminal.
type keyed struct {
	bytes.Buffer
	terminal *os.File
	keys     string
}

func (k *keyed) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte("?")) {
		if _, err := k.terminal.WriteString(k.keys); err != nil {
			return 0, err
		}
	}
	return k.Buffer.Write(p)
}

// The escape key on a terminal: a break reaches the guest's receiver, and the CPUs say where they are while they run.
func TestEscapeKey(t *testing.T) {
	// It waits for a break, and says the byte behind it.
	brk := asks(t, "ldbu t1,5(s1)", "and t1,0x10,t1", "beq t1,.-8", "ldbu t1,0(s1)",
		"ldbu t1,5(s1)", "and t1,1,t1", "beq t1,.-8", "ldbu t1,0(s1)", "stb t1,0(s1)")
	spin := spinning(t)
	for _, c := range []struct {
		name, kernel, keys string
		args               []string
		want               status
		says               []string
	}{
		{"break", brk, "\x01bh", nil, statusOK, []string{"?h"}},
		{"another key", brk, "\x14b\x01", []string{"--escape", "^T"}, statusOK, []string{"?\x01"}},
		{"whereabouts", spin, "\x01c\x01x", nil, statusInterrupted, []string{"\nCPU 0 ", "<_start+0x", "IPL 7", " instructions; "}},
		{"whereabouts of two", spin, "\x01c\x01x", []string{"--smp", "2"}, statusInterrupted, []string{"\nCPU 0 ", "\nCPU 1 halted"}},
		{"whereabouts in turn", spin, "\x01c\x01x", []string{"--smp", "2", "--deterministic"}, statusInterrupted, []string{"\nCPU 0 ", "\nCPU 1 halted"}},
		{"help", spin, "\x01h\x01x", nil, statusInterrupted, []string{"\nCtrl-A b  send a break", "\nCtrl-A c  where"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			master, slave, err := pty.Open()
			if err != nil {
				t.Fatal(err)
			}
			defer master.Close()
			defer slave.Close()
			var errs bytes.Buffer
			out := &keyed{terminal: master, keys: c.keys}
			st := run(t.Context(), append([]string{"run", "--engine", "interp", "--memory", bootMem, "--timeout", "2m", "--kernel", c.kernel}, c.args...),
				streams{slave, out, &errs})
			if st != c.want {
				t.Errorf("status %d, want %d: %s", st, c.want, &errs)
			}
			for _, text := range c.says {
				if !strings.Contains(out.String(), text) {
					t.Errorf("no %q in %q", text, out.String())
				}
			}
		})
	}
}

// Both serial ports lead somewhere.
func TestSerialPorts(t *testing.T) {
	dir := t.TempDir()
	one, two := filepath.Join(dir, "one"), filepath.Join(dir, "two")
	kernel := asks(t, "lda t0,50(zero)", "lda t1,0x2f8(s2)", "stb t0,0(t1)")
	for _, engine := range []string{engineInterp, engineNative} {
		r := cli(t, t.Context(), t.TempDir(), "run", "--memory", bootMem, "--engine", engine, "--kernel", kernel, "--console", "file:"+one, "--serial2", "file:"+two)
		a, _ := os.ReadFile(one)
		b, _ := os.ReadFile(two)
		if r.status != statusOK || string(a) != "?" || string(b) != "2" || r.out != "" {
			t.Errorf("%s: status %d, %q and %q, %q; %s", engine, r.status, a, b, r.out, r.err)
		}
		r = cli(t, t.Context(), t.TempDir(), "run", "--memory", bootMem, "--engine", engine, "--kernel", kernel, "--console", "null", "--serial2", "stdio")
		if r.status != statusOK || r.out != "2" {
			t.Errorf("%s: status %d, %q; %s", engine, r.status, r.out, r.err)
		}
	}
	r := cli(t, t.Context(), t.TempDir(), "run", "--memory", bootMem, "--engine", "interp", "--kernel", kernel, "--serial2", "pty")
	if r.status != statusOK || !strings.Contains(r.err, "axpress: ttyS1 is /dev/pts/") || !strings.Contains(r.err, "axpress: ttyS1: nobody took 1 bytes") {
		t.Errorf("status %d, %s", r.status, r.err)
	}
}

// A form that is none is a usage error, one that cannot be opened is the environment's.
func TestSerialPortErrors(t *testing.T) {
	for _, c := range []struct {
		args []string
		want status
		says string
	}{
		{[]string{"--console", "tty"}, statusUsage, `--console: "tty": no such end of a serial line; want stdio, null, file:PATH, pty, tcp:HOST:PORT or unix:PATH`},
		{[]string{"--serial2", "tcp:4444"}, statusUsage, "--serial2: "},
		{[]string{"--serial2", "stdio"}, statusUsage, "only one can be stdio"},
		{[]string{"--escape", "A"}, statusUsage, "--escape: "},
		{[]string{"--serial2", "file:/nonexistent/f"}, statusInput, "--serial2: file:/nonexistent/f: "},
		{[]string{"--console", "unix:/nonexistent/s"}, statusInput, "--console: unix:/nonexistent/s: "},
	} {
		r := cli(t, t.Context(), t.TempDir(), append([]string{"run", "--memory", bootMem, "--engine", "interp", "--kernel", halting(t, 4)}, c.args...)...)
		if r.status != c.want || !strings.Contains(r.err, c.says) || strings.Count(r.err, "\n") != 1 {
			t.Errorf("%v: status %d, want %d and %q: %s", c.args, r.status, c.want, c.says, r.err)
		}
	}
}

// silent is what is told of the console of a kernel that writes nothing.
const silent = "axpress: nothing ever reached the console; --append has no console=: give it console=ttyS0\n"

// A console that was never written to is told of, with what the kernel's console was.
func TestSilentConsole(t *testing.T) {
	loop := kernelFile(t, program(t, "br zero,.+0"))
	second := kernelFile(t, program(t, append(append([]string{}, asking[:len(asking)-1]...), append([]string{"lda t1,0x2f8(s2)", "stb t0,0(t1)"}, powerOff...)...)...))
	for _, c := range []struct {
		kernel string
		args   []string
		want   status
		says   string // "": nothing
	}{
		{halting(t, 4), nil, statusOK, silent},
		{halting(t, 4), []string{"--append", "console=tty0 quiet"}, statusOK, "the kernel has console=tty0, and the console is ttyS0"},
		{loop, []string{"--append", "console=ttyS0,115200", "--timeout", "50ms"}, statusTimeout, "; nothing ever reached the console; the kernel has console=ttyS0,115200\n"},
		{second, []string{"--append", "console=ttyS1"}, statusOK, "the kernel has console=ttyS1, and ttyS1 (--serial2) was written to"},
		{asks(t), nil, statusOK, ""},
	} {
		r := cli(t, t.Context(), t.TempDir(), append([]string{"run", "--memory", bootMem, "--engine", "interp", "--kernel", c.kernel}, c.args...)...)
		if r.status != c.want || !strings.Contains(r.err, c.says) || c.says == "" && r.err != "" {
			t.Errorf("%v: status %d, want %d and %q: %s", c.args, r.status, c.want, c.says, r.err)
		}
	}
}
