package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// asking is the beginning of a kernel that has the base of KSEG in s0, that of the ISA ports in s2 and of the first serial
// port in s1, and has said "?" there.
var asking = []string{
	"lda s0,-1(zero)", "sll s0,42,s0", "lda s2,1(zero)", "sll s2,40,s2", "addq s0,s2,s2",
	"lda t0,0x7f(zero)", "sll t0,26,t0", "addq s2,t0,s2", "lda s1,0x3f8(s2)",
	"lda t0,2(zero)", "stb t0,4(s1)", // RTS: may send
	"lda t0,63(zero)", "stb t0,0(s1)",
}

// asks returns a kernel that says "?", does what lines say, and powers off.
func asks(t *testing.T, lines ...string) string {
	all := append(append(append([]string{}, asking...), lines...), powerOff...)
	return kernelFile(t, program(t, all...))
}

// spinning is a kernel that says "?" and goes on for ever; counting one that computes meanwhile.
func spinning(t *testing.T) string { return asks(t, "br zero,.+0") }
func counting(t *testing.T) string { return asks(t, "addq t3,1,t3", "br zero,.-4") }

// process is axpress as a process of its own, whose guest has said "?".
type process struct {
	*exec.Cmd
	t    *testing.T
	errs bytes.Buffer
	out  io.Reader
}

// start starts axpress and waits for the guest's "?". change may change how.
func start(t *testing.T, change func(*exec.Cmd), args ...string) *process {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{Cmd: exec.CommandContext(t.Context(), self, append([]string{"run", "--memory", bootMem, "--timeout", "5m"}, args...)...), t: t}
	p.Env = append(os.Environ(), asCommand+"=1")
	p.Stderr = &p.errs
	if change != nil {
		change(p.Cmd)
	}
	if p.out, err = p.StdoutPipe(); err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(p.out, make([]byte, 1)); err != nil {
		_ = p.Wait()
		t.Fatalf("the guest says nothing: %v; %s", err, &p.errs)
	}
	return p
}

// ends waits for the end, which must have a status and a line.
func (p *process) ends(want status, says string) {
	p.t.Helper()
	var exit *exec.ExitError
	if err := p.Wait(); err != nil && !errors.As(err, &exit) {
		p.t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(p.errs.String(), "\n"), "\n")
	if got := p.ProcessState.ExitCode(); got != int(want) || !strings.Contains(lines[len(lines)-1], says) {
		p.t.Errorf("status %d, want %d and %q; said %q", got, want, says, &p.errs)
	}
	for _, line := range lines { // those before are about the translation, or end the guest's
		if line != "" && !strings.HasPrefix(line, "axpress: ") {
			p.t.Errorf("not a line of ours: %q", line)
		}
	}
}

// Signals end a run: some as the user's wish, with the counters written, the others at once.
func TestRunSignalled(t *testing.T) {
	kernel := spinning(t)
	for _, c := range []struct {
		signal unix.Signal
		want   status
		says   string
		stats  bool
	}{
		{unix.SIGTERM, statusInterrupted, "interrupted", true},
		{unix.SIGHUP, statusInterrupted, "interrupted", true},
		{unix.SIGINT, statusInterrupted, "interrupted", true},
		{unix.SIGQUIT, statusInternal, "ended by SIGQUIT", false},
		{unix.SIGABRT, statusInternal, "ended by SIGABRT", false},
	} {
		if signal.Ignored(c.signal) {
			t.Logf("%v is ignored here, as under nohup, and so by what is started", c.signal)
			continue
		}
		file := filepath.Join(t.TempDir(), "stats")
		p := start(t, nil, "--engine", "interp", "--stats", file, "--kernel", kernel)
		if err := p.Process.Signal(c.signal); err != nil {
			t.Fatal(err)
		}
		p.ends(c.want, c.says)
		var s stats
		data, err := os.ReadFile(file)
		if err == nil {
			err = json.Unmarshal(data, &s)
		}
		if c.stats && (err != nil || s.Stop != "interrupted") {
			t.Errorf("%v: counters %+v, %v", c.signal, s, err)
		}
	}
}

// A translation that is made shorter under a guest's feet ends the run, and is said.
func TestArtefactTruncated(t *testing.T) {
	cache := t.TempDir()
	p := start(t, nil, "--cache", cache, "--kernel", counting(t))
	for _, f := range files(t, cache) {
		if err := os.Truncate(f, 0); err != nil {
			t.Fatal(err)
		}
	}
	p.ends(statusInternal, "was made shorter")
}

// SIGTERM ends a run whose output nobody reads.
func TestStuckOutput(t *testing.T) {
	p := start(t, nil, "--engine", "interp", "--kernel", asks(t, "stb t0,0(s1)", "br zero,.-4"))
	r := p.out.(*os.File)
	for full := false; !full; { // until the pipe is
		n, err := unix.IoctlGetInt(int(r.Fd()), unix.TIOCINQ)
		if err != nil {
			t.Fatal(err)
		}
		size, err := unix.FcntlInt(r.Fd(), unix.F_GETPIPE_SZ, 0)
		if err != nil {
			t.Fatal(err)
		}
		full = n > size-4096
		time.Sleep(time.Millisecond)
	}
	if err := p.Process.Signal(unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.ends(statusInterrupted, "interrupted")
}

// Beside its terminal's foreground group a run runs, leaves the terminal as it is, and can be ended.
func TestRunInBackground(t *testing.T) {
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	defer slave.Close()
	before := modesOf(t, slave)
	for _, command := range []string{
		// timeout has a process group of its own, beside the shell's, which has the terminal.
		`exec 3<&0; timeout 1000 "$0" "$@" <&3 & trap "kill $!" TERM; wait $!; wait $!`,
		`exec 3<&0; set -m; "$0" "$@" <&3 & trap "kill $!" TERM; wait $!; wait $!`,
	} {
		p := start(t, func(c *exec.Cmd) {
			c.Args = append([]string{"sh", "-c", command}, c.Args...)
			if c.Path, err = exec.LookPath("sh"); err != nil {
				t.Fatal(err)
			}
			c.Stdin = slave
			c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
		}, "--engine", "interp", "--kernel", spinning(t))
		if now := modesOf(t, slave); now != before {
			t.Errorf("the terminal's modes were\n%+v and are\n%+v", before, now)
		}
		if err := p.Process.Signal(unix.SIGTERM); err != nil {
			t.Fatal(err)
		}
		p.ends(statusInterrupted, "interrupted")
		if after := modesOf(t, slave); after != before {
			t.Errorf("the terminal's modes were\n%+v and are\n%+v", before, after)
		}
	}
}

func modesOf(t *testing.T, f *os.File) unix.Termios {
	t.Helper()
	m, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return *m
}
