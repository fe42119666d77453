package measure

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// process is an engine's process with its session.
type process struct {
	*session
	cmd    *exec.Cmd
	in     io.Closer
	errs   *os.File // what it wrote to standard error; removed when it is closed
	exited chan struct{}
}

// start runs a command and waits for its driver. The caller closes it. guest says that the driver is in a machine of its
// own, which is the process.
func start(ctx context.Context, guest bool, name string, args ...string) (_ *process, err error) {
	cmd := exec.Command(name, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for us; and a group can be stopped as one
	errs, err := os.CreateTemp("", "axpress-bench-")
	if err != nil {
		return nil, err
	}
	_ = os.Remove(errs.Name()) // it lives as long as it is open
	cmd.Stderr = errs
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, errors.Join(err, errs.Close())
	}
	// Not StdoutPipe: Wait would close it under the reader.
	out, outWriter, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, errs.Close())
	}
	cmd.Stdout = outWriter
	err = cmd.Start()
	_ = outWriter.Close()
	if err != nil {
		return nil, errors.Join(err, out.Close(), errs.Close())
	}
	var cpu func() time.Duration
	if guest {
		cpu = func() time.Duration { return processorTime(cmd.Process.Pid) }
	}
	p := &process{session: newSession(in, out, cpu), cmd: cmd, in: in, errs: errs, exited: make(chan struct{})}
	go func() {
		_ = cmd.Wait() // how it ended is told by what it said
		close(p.exited)
	}()
	if err := p.ready(ctx); err != nil {
		return nil, errors.Join(p.explain(err), p.close(ctx))
	}
	return p, nil
}

// processorTime is the processor time of a process, 0 if there is none.
func processorTime(pid int) time.Duration {
	const wholeProcess = 2 // CPUCLOCK_SCHED of the process: clock_getcpuclockid(3)
	var t unix.Timespec
	if unix.ClockGettime(int32(^pid<<3|wholeProcess), &t) != nil {
		return 0
	}
	return time.Duration(t.Nano())
}

// signal sends a signal to the process and its children.
func (p *process) signal(s syscall.Signal) {
	_ = syscall.Kill(-p.cmd.Process.Pid, s) // it may have ended
}

// pause stops the process.
func (p *process) pause() { p.signal(syscall.SIGSTOP) }

// resume lets it run again, and returns when it does.
func (p *process) resume(ctx context.Context) error {
	p.signal(syscall.SIGCONT)
	return p.settle(ctx)
}

// explain adds what the process wrote to standard error.
func (p *process) explain(err error) error {
	if !errors.Is(err, errEnded) {
		return err
	}
	<-p.exited
	text := make([]byte, 1000)
	n, _ := p.errs.ReadAt(text, 0)
	if said := strings.TrimSpace(string(text[:n])); said != "" {
		return fmt.Errorf("%w; %s", err, said)
	}
	return err
}

// close ends the process: it is asked to, and killed if it takes long or ctx has ended.
func (p *process) close(ctx context.Context) error {
	const patience = 10 * time.Second
	if ctx.Err() == nil {
		p.signal(syscall.SIGCONT)
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		if p.send(ctx, "quit", "") == nil {
			select {
			case <-p.exited:
			case <-ctx.Done():
			}
		}
	}
	p.signal(syscall.SIGKILL)
	<-p.exited
	_ = p.in.Close()
	for range p.lines { // the reader ends with the pipe
	}
	return p.errs.Close()
}
