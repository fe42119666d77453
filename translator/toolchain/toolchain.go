package toolchain

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/cpu"
	"golang.org/x/sys/unix"
)

// LLVM is an installed LLVM of a version that can be used.
type LLVM struct {
	llc     string
	version string
	major   int
	mcpu    string

	mu       sync.Mutex
	verified bool
}

const levelAVX = "x86-64-v3"

// hostCPU names the x86-64 level that code is made for, as llc's -mcpu wants it.
func hostCPU() string {
	if cpu.X86.HasAVX2 && cpu.X86.HasBMI1 && cpu.X86.HasBMI2 && cpu.X86.HasFMA {
		return levelAVX
	}
	return "x86-64-v2"
}

// AVX says whether code is made for hosts with AVX.
func (l *LLVM) AVX() bool { return l.mcpu == levelAVX }

// HostAVX is AVX of any LLVM on this host.
func HostAVX() bool { return hostCPU() == levelAVX }

// Path is where llc is.
func (l *LLVM) Path() string { return l.llc }

// Version is the whole version, such as 14.0.6; Major is its first number.
func (l *LLVM) Version() string { return l.version }

// Major is the major version: what the text of a module must look like depends on it.
func (l *LLVM) Major() int { return l.major }

// Key identifies what influences the code: tool versions, options, host level.
func (l *LLVM) Key() string {
	return "llc " + l.version + " " + strings.Join(l.args(2), " ")
}

// args are llc's options. FMA must not be formed: guest results are rounded
// after each operation.
func (l *LLVM) args(opt int) []string {
	args := []string{fmt.Sprintf("-O%d", opt), "-mcpu=" + l.mcpu, "-relocation-model=pic", "-filetype=obj", "-fp-contract=off",
		"-stack-size-section", "-x86-asm-syntax=att"}
	if l.major > 14 { // 14 has typed pointers unless told otherwise
		args = append(args, "-opaque-pointers=0")
	}
	return args
}

// ErrRefused is wrapped by the error of Compile if it is llc that ended with an error: it
// does not take that module, or has a bug that the module shows. Other errors are the
// machine's: llc cannot be started, or was killed.
var ErrRefused = errors.New("llc failed")

// Compile turns one LLVM module into an ELF object file: the same bytes for the same text,
// and if llc refuses it the same error, wherever llc is. When ctx ends it returns ctx's
// error.
func (l *LLVM) Compile(ctx context.Context, module string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, l.llc, append(l.args(2), "-o", "-", "-")...)
	cmd.Args[0] = "llc" // its messages begin with it
	cmd.Stdin = strings.NewReader(module)
	var out, msg bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &msg
	err := cmd.Start()
	if err == nil {
		// If it has ended meanwhile there is nothing to limit.
		_ = unix.Prlimit(cmd.Process.Pid, unix.RLIMIT_CPU, &unix.Rlimit{Cur: maxSeconds, Max: maxSeconds + 1}, nil)
		err = cmd.Wait()
	}
	switch {
	case err == nil:
		return out.Bytes(), nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case failed(err, msg.String()):
		return nil, fmt.Errorf("%w: %w: %s", ErrRefused, err, firstLines(msg.String(), 3))
	}
	return nil, fmt.Errorf("%s: %w: %s", l.llc, err, firstLines(msg.String(), 3))
}

// maxSeconds is the processor time after which llc is taken to run for ever: the largest
// modules need a few seconds.
const maxSeconds = 120

// faults are the signals that a program's own bugs end it with.
var faults = []syscall.Signal{syscall.SIGXCPU, syscall.SIGABRT, syscall.SIGSEGV, syscall.SIGBUS, syscall.SIGILL, syscall.SIGFPE, syscall.SIGTRAP}

// failed says whether err and what llc said of it are about the module, and would be the
// same the next time.
func failed(err error, said string) bool {
	var exit *exec.ExitError
	if !errors.As(err, &exit) || strings.Contains(said, "out of memory") || strings.Contains(said, "bad_alloc") {
		return false
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	return ok && (status.Exited() || slices.Contains(faults, status.Signal()))
}

// Verify compiles module and has check judge the object file, unless that has succeeded
// for l before: what llc really does with a convention is tested by its output, once in the
// life of a process, before the first translation.
func (l *LLVM) Verify(ctx context.Context, module string, check func(object []byte) error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.verified {
		return nil
	}
	object, err := l.Compile(ctx, module)
	switch {
	case err == nil:
		err = check(object)
	case !errors.Is(err, ErrRefused):
		return err
	}
	if err != nil {
		return fmt.Errorf("LLVM %s (%s): %w; %s", l.version, l.llc, err, advice)
	}
	l.verified = true
	return nil
}
