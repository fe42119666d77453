// Package irqlog writes where the guest was interrupted, so that runs can be compared: with the
// deterministic clock equal guests are interrupted at the same instructions, whatever engine runs
// them, and the first line that differs says where two runs part.
//
// In: what machine.Config.OnInterrupt tells, and the machine at its end. Out: a text file, a line
// for each interrupt: CPU, instructions that it has retired before, type and vector of the kernel's
// entry. Behind them "end" lines: the instructions of each CPU, and a hash of the memory.
package irqlog

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"axpress/runtime/machine"
)

// Flag is the name of the option that names the file.
const Flag = "interrupts"

// Usage is its text.
const Usage = "write to this file where the guest is interrupted, a line each (CPU, instructions before, type, vector), and behind that a hash of its memory: " +
	"with --deterministic the same on every engine"

// Log is such a file. The zero value, or nil, is none.
type Log struct {
	mu  sync.Mutex // CPUs may run in parallel
	f   *os.File
	out *bufio.Writer
}

// Create makes the file at path; "" is none. If it is a pipe that waits for the reader, until ctx
// ends. Errors, those of Close as well, name the option.
func Create(ctx context.Context, path string) (*Log, error) {
	if path == "" {
		return nil, nil
	}
	type opened struct {
		f   *os.File
		err error
	}
	done := make(chan opened)
	go func() { // which nothing ends while there is no reader
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o666)
		select {
		case done <- opened{f, err}:
		case <-ctx.Done():
			f.Close() // nothing was written
		}
	}()
	select {
	case o := <-done:
		if o.err != nil {
			return nil, named(o.err)
		}
		return &Log{f: o.f, out: bufio.NewWriter(o.f)}, nil
	case <-ctx.Done():
		return nil, named(context.Cause(ctx))
	}
}

func named(err error) error { return fmt.Errorf("--%s: %w", Flag, err) }

// Into has c's machine write l. A guest that is booted again goes on in the same file.
func (l *Log) Into(c *machine.Config) {
	if l == nil {
		return
	}
	c.OnInterrupt = func(i machine.Interrupt) {
		l.mu.Lock()
		defer l.mu.Unlock()
		fmt.Fprintf(l.out, "%d %d %d %#x\n", i.CPU, i.Icount, i.Type, i.Vector) // errors stay until Close
	}
}

// End writes how m, which does not run any more, has ended.
func (l *Log) End(m *machine.Machine) {
	if l == nil {
		return
	}
	for i, c := range m.Stats().CPUs {
		fmt.Fprintf(l.out, "end: CPU %d after %d instructions\n", i, c.Instructions)
	}
	fmt.Fprintf(l.out, "end: memory %x\n", m.Hash())
}

// Close writes what is left, and closes the file. Its error is the first of all writes.
func (l *Log) Close() error {
	if l == nil {
		return nil
	}
	if err := errors.Join(l.out.Flush(), l.f.Close()); err != nil {
		return named(err)
	}
	return nil
}
