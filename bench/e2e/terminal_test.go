package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"axpress/bench/guest"
)

// patience ends a test whose guest does not say what is expected. It is no measure of
// speed.
const patience = 2 * time.Minute

// console is a program on a pseudo-terminal, as seen from the keyboard and the screen.
type console struct {
	t        *testing.T
	keyboard *os.File // the master side
	terminal *os.File // the program's side
	cmd      *exec.Cmd

	mu     sync.Mutex
	screen bytes.Buffer // all that was written
	read   int          // how much of it has been waited for
}

// onTerminal starts a program on a new pseudo-terminal.
func onTerminal(t *testing.T, name string, args ...string) *console {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { master.Close() })
	fd := int(master.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { slave.Close() })
	c := &console{t: t, keyboard: master, terminal: slave, cmd: exec.CommandContext(t.Context(), name, args...)}
	c.cmd.Stdin, c.cmd.Stdout, c.cmd.Stderr = slave, slave, slave
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		b := make([]byte, 4096)
		for {
			n, err := master.Read(b)
			c.mu.Lock()
			c.screen.Write(b[:n])
			c.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return c
}

// modes are those of the terminal.
func (c *console) modes() unix.Termios {
	c.t.Helper()
	m, err := unix.IoctlGetTermios(int(c.terminal.Fd()), unix.TCGETS)
	if err != nil {
		c.t.Fatal(err)
	}
	return *m
}

// until waits for a condition.
func (c *console) until(what string, condition func() bool) {
	c.t.Helper()
	for end := time.Now().Add(patience); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.t.Fatalf("no %s; the screen:\n%s", what, c.screen.String())
		}
	}
}

// expect waits for a text that was not yet waited for.
func (c *console) expect(text string) {
	c.t.Helper()
	c.until(fmt.Sprintf("%q", text), func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		i := bytes.Index(c.screen.Bytes()[c.read:], []byte(text))
		if i >= 0 {
			c.read += i + len(text)
		}
		return i >= 0
	})
}

// enter types keys.
func (c *console) enter(keys string) {
	c.t.Helper()
	if _, err := c.keyboard.WriteString(keys); err != nil {
		c.t.Fatal(err)
	}
}

// ends waits for the program's end, which must have a status and leave the terminal as it was.
func (c *console) ends(status int, before unix.Termios) {
	c.t.Helper()
	var exit *exec.ExitError
	if err := c.cmd.Wait(); err != nil && !errors.As(err, &exit) {
		c.t.Fatal(err)
	}
	if got := c.cmd.ProcessState.ExitCode(); got != status {
		c.t.Errorf("status %d, want %d", got, status)
	}
	if after := c.modes(); after != before {
		c.t.Errorf("the terminal's modes were\n%+v and are\n%+v", before, after)
	}
}

// shell boots a guest whose console is a shell, and waits for its prompt. The terminal's modes before are returned.
func shell(t *testing.T, more ...string) (*console, unix.Termios) {
	t.Helper()
	g := build(t, guest.Plain)
	args := []string{"run", "--kernel", g.Kernel, "--initrd", g.Initrd, "--append", "console=ttyS0 axpress.run=shell", "--timeout", limit}
	c := onTerminal(t, axpress(t), append(args, more...)...)
	before := c.modes()
	if before.Lflag&unix.ISIG == 0 {
		t.Fatal("a new terminal is raw")
	}
	c.expect("# ")
	return c, before
}

// What is typed is the guest's, Ctrl-C and Ctrl-Z too; Ctrl-A is the escape key. Texts to wait for are quoted where they are typed, to be told from
// their echo.
func TestTerminalKeys(t *testing.T) {
	for _, cpus := range []string{"1", "2"} {
		c, before := shell(t, "--smp", cpus)
		if c.modes().Lflag&(unix.ISIG|unix.ECHO|unix.ICANON) != 0 {
			t.Error("the terminal is not raw")
		}
		c.enter("sh -c 'echo wa\"\"its; exec sleep 1000'\n")
		c.expect("waits")
		c.enter("\x03")
		c.expect("# ")
		c.enter("echo status=$?\n")
		c.expect("status=130")
		c.enter("sh -c 'echo wa\"\"its; exec sleep 1000'\n")
		c.expect("waits")
		c.enter("\x1a")
		c.expect("Stopped")
		c.enter("read x; [ \"$x\" = \"$(printf '\\001')\" ] && echo ctrl-\"\"a\n")
		c.enter("\x01\x01\n")
		c.expect("ctrl-a")
		c.enter("\x01h")
		c.expect("Ctrl-A x  quit")
		c.enter("\x01x")
		c.ends(130, before)
		c.expect("axpress: interrupted")
	}
}

// SIGTERM ends a run cleanly.
func TestTerminalTerminated(t *testing.T) {
	c, before := shell(t)
	if err := c.cmd.Process.Signal(unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	c.ends(130, before)
	c.expect("axpress: interrupted")
}

// stopped says whether a process is.
func stopped(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, rest, _ := strings.Cut(string(text), ") ")
	return err == nil && strings.HasPrefix(rest, "T")
}

// A run that is stopped gives the terminal back, and takes it when it continues.
func TestTerminalStopped(t *testing.T) {
	c, before := shell(t)
	raw := c.modes()
	for range 2 {
		if err := c.cmd.Process.Signal(unix.SIGTSTP); err != nil {
			t.Fatal(err)
		}
		c.until("stop", func() bool { return stopped(c.cmd.Process.Pid) })
		if m := c.modes(); m != before {
			t.Errorf("stopped, the terminal's modes were\n%+v and are\n%+v", before, m)
		}
		if err := c.cmd.Process.Signal(unix.SIGCONT); err != nil {
			t.Fatal(err)
		}
		c.until("raw mode", func() bool { return c.modes() == raw })
		c.enter("echo o\"\"n\n")
		c.expect("on\r\n")
	}
	c.enter("exit\n")
	c.expect("Power down")
	c.ends(0, before)
}

// A break and a key are a SysRq, whatever runs.
func TestTerminalBreak(t *testing.T) {
	c, before := shell(t)
	c.enter("\x01bh")
	c.expect("sysrq: HELP")
	c.enter("\x01c")
	c.expect("CPU 0 ")
	c.expect(" instructions")
	c.enter("\x01x")
	c.ends(130, before)
}
