package guard

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"

	"axpress/runtime/standalone/ending"
	"axpress/runtime/standalone/terminal"
)

// howVariable has this test's executable end in one of ways, or else be the test.
const howVariable = "AXPRESS_GUARD_TEST"

// ways are how a program ends, in raw mode if standard input is a terminal.
var ways = map[string]func(ctx context.Context){
	"returns": func(context.Context) {},
	"panic": func(context.Context) {
		go panic("on a goroutine")
		select {}
	},
	"two": func(context.Context) {
		for range 2 {
			go func() { panic(errors.New("two\nlines")) }()
		}
		select {}
	},
	"throw": func(context.Context) {
		var mu sync.Mutex
		mu.Unlock()
	},
	"stack": func(context.Context) {
		debug.SetMaxStack(1 << 20)
		fmt.Println(deep(1 << 40))
	},
	"truncated": func(context.Context) {
		f, err := os.Create(filepath.Join(os.Getenv("TMPDIR"), "mapped"))
		check(err)
		check(f.Truncate(1 << 13))
		b, err := unix.Mmap(int(f.Fd()), 0, 1<<13, unix.PROT_READ, unix.MAP_SHARED)
		check(err)
		check(f.Truncate(0))
		fmt.Println(b[5000])
	},
	"memory": func(context.Context) {
		check(unix.Setrlimit(unix.RLIMIT_AS, &unix.Rlimit{Cur: 4 << 20, Max: 4 << 20}))
		for all := [][]byte{}; len(all) >= 0; {
			all = append(all, make([]byte, 1<<20))
		}
	},
	"SIGQUIT": signalled(unix.SIGQUIT),
	"SIGABRT": signalled(unix.SIGABRT),
	"SIGBUS":  signalled(unix.SIGBUS),
	"SIGSEGV": signalled(unix.SIGSEGV),
	"SIGILL":  signalled(unix.SIGILL),
	"SIGTERM": awaits(unix.SIGTERM),
	"SIGHUP":  awaits(unix.SIGHUP),
	"SIGINT":  awaits(unix.SIGINT),
	"ignored": func(ctx context.Context) {
		check(unix.Kill(os.Getpid(), unix.SIGHUP))
		check(unix.Kill(os.Getpid(), unix.SIGINT))
		awaits(unix.SIGTERM)(ctx)
	},
	"twice": func(ctx context.Context) {
		check(unix.Kill(os.Getpid(), unix.SIGTERM))
		for { // it does not listen
			time.Sleep(100 * time.Millisecond)
			check(unix.Kill(os.Getpid(), unix.SIGTERM))
		}
	},
	"doubled": func(ctx context.Context) {
		check(unix.Kill(os.Getpid(), unix.SIGTERM))
		<-ctx.Done()
		check(unix.Kill(os.Getpid(), unix.SIGTERM))
		time.Sleep(100 * time.Millisecond) // there is nothing to see of a signal that is ignored
	},
}

// deep needs a stack of n frames.
func deep(n int) int {
	if n == 0 {
		return 0
	}
	return deep(n-1) + n
}

// signalled ends by a signal that nobody asked for.
func signalled(s unix.Signal) func(context.Context) {
	return func(context.Context) {
		check(unix.Kill(os.Getpid(), s))
		select {}
	}
}

// awaits ends by a signal that ends the context.
func awaits(s unix.Signal) func(context.Context) {
	return func(ctx context.Context) {
		check(unix.Kill(os.Getpid(), s))
		<-ctx.Done()
		if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) || cause.Error() != "ended by "+s.String() {
			panic(cause)
		}
		fmt.Fprintln(os.Stderr, "test:", context.Cause(ctx))
	}
}

func check(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(99)
	}
}

func TestMain(m *testing.M) {
	how := os.Getenv(howVariable)
	if how == "" {
		Off()
		os.Exit(m.Run())
	}
	os.Exit(Run(Program{Name: "test", Trace: os.Getenv("AXPRESS_TRACE") == "1", Main: func(ctx context.Context) int {
		raw, err := terminal.Raw(os.Stdin)
		check(err)
		ways[how](ctx)
		check(raw.Restore())
		return ending.OK
	}}))
}

// program is this executable, which ends as how says.
func program(t *testing.T, how string, argv ...string) (*exec.Cmd, *bytes.Buffer) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	argv = append(argv, self)
	cmd := exec.CommandContext(t.Context(), argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), howVariable+"="+how, "TMPDIR="+t.TempDir())
	var errs bytes.Buffer
	cmd.Stderr = &errs
	return cmd, &errs
}

// However a program ends, the terminal is as it was, and there is one line and the status.
func TestEnds(t *testing.T) {
	const internal = ending.Internal
	for _, c := range []struct {
		how    string
		status int
		line   string // "": none
	}{
		{"returns", ending.OK, ""},
		{"panic", internal, "test: internal error: panic: on a goroutine; please report it with"},
		{"two", internal, "test: internal error: panic: two; "},
		{"throw", internal, "test: internal error: fatal error: sync: unlock of unlocked mutex; please"},
		{"stack", internal, "fatal error: stack overflow"},
		{"truncated", internal, "test: a file that is in use, such as a translation in the cache, was made shorter or cannot be read: unexpected fault address 0x"},
		{"memory", internal, "the limit is 4096 KB (ulimit -v)"},
		{"SIGQUIT", internal, "test: ended by SIGQUIT: quit\n"},
		{"SIGABRT", internal, "test: ended by SIGABRT: abort\n"},
		{"SIGBUS", internal, "test: ended by SIGBUS: bus error\n"},
		{"SIGSEGV", internal, "test: ended by SIGSEGV: segmentation violation\n"},
		{"SIGILL", internal, "test: ended by SIGILL: illegal instruction\n"},
		{"SIGTERM", ending.OK, "test: ended by terminated\n"},
		{"SIGHUP", ending.OK, "test: ended by hangup\n"},
		{"SIGINT", ending.OK, "test: ended by interrupt\n"},
		{"doubled", ending.OK, ""},
		{"twice", ending.Interrupted, "test: interrupted\n"},
	} {
		t.Run(c.how, func(t *testing.T) {
			t.Parallel()
			if c.how == "memory" {
				needsAddressSpace(t)
			}
			if c.how == "SIGHUP" && signal.Ignored(syscall.SIGHUP) {
				t.Skip("SIGHUP is ignored here, as under nohup, and so by what is started")
			}
			cmd, errs := program(t, c.how)
			master, slave, err := pty.Open()
			if err != nil {
				t.Fatal(err)
			}
			defer master.Close()
			defer slave.Close()
			before := modes(t, slave)
			cmd.Stdin = slave
			cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
			var exit *exec.ExitError
			if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
				t.Fatal(err)
			}
			if got := cmd.ProcessState.ExitCode(); got != c.status {
				t.Errorf("status %d, want %d", got, c.status)
			}
			lines := 1
			if c.line == "" {
				lines = 0
			}
			if !strings.Contains(errs.String(), c.line) || strings.Count(errs.String(), "\n") != lines {
				t.Errorf("said %q, want %q and %d lines", errs, c.line, lines)
			}
			if after := modes(t, slave); after != before {
				t.Errorf("the terminal's modes were\n%+v and are\n%+v", before, after)
			}
		})
	}
}

// needsAddressSpace skips a test of limits where the race detector would be the first to fail.
func needsAddressSpace(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector needs terabytes of address space, and fails by itself without them")
	}
}

func modes(t *testing.T, f *os.File) unix.Termios {
	t.Helper()
	m, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return *m
}

// Go's runtime fails before any code of ours where it has not the address space that it wants.
func TestAddressSpace(t *testing.T) {
	needsAddressSpace(t)
	cmd, errs := program(t, "returns", "sh", "-c", `ulimit -v 500000; exec "$0"`)
	err := cmd.Run()
	var exit *exec.ExitError
	if err == nil || !errors.As(err, &exit) {
		t.Fatalf("%v: %s", err, errs)
	}
	if exit.ExitCode() != ending.Internal || strings.Count(errs.String(), "\n") != 1 || !strings.Contains(errs.String(), "the limit is 500000 KB (ulimit -v)") {
		t.Errorf("status %d, %q", exit.ExitCode(), errs)
	}
}

// A person who asks for it sees where it happened; the terminal is restored all the same.
func TestTrace(t *testing.T) {
	cmd, errs := program(t, "throw")
	cmd.Env = append(cmd.Env, "AXPRESS_TRACE=1")
	if err := cmd.Run(); err == nil || !strings.Contains(errs.String(), "guard_test.go") {
		t.Errorf("%v, %s", err, errs)
	}
}

// What the runtime writes where there is no error is passed on.
func TestGODEBUG(t *testing.T) {
	cmd, errs := program(t, "SIGTERM")
	cmd.Env = append(cmd.Env, "GODEBUG=inittrace=1")
	if err := cmd.Run(); err != nil || !strings.Contains(errs.String(), "init os @") || !strings.Contains(errs.String(), "init axpress/runtime/standalone/guard @") || !strings.Contains(errs.String(), "test: ended by terminated\n") {
		t.Errorf("%v, %s", err, errs)
	}
}

// Who starts a program so that it outlives the terminal (nohup), or does not see the keyboard's signals, is obeyed.
func TestIgnored(t *testing.T) {
	cmd, errs := program(t, "ignored", "sh", "-c", `trap '' HUP INT; exec "$0"`)
	if err := cmd.Run(); err != nil || errs.String() != "test: ended by terminated\n" {
		t.Errorf("%v, %s", err, errs)
	}
}
