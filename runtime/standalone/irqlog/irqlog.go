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
	"errors"
	"fmt"
	"os"
	"sync"

	"axpress/runtime/machine"
)

// Usage is the text of the option that names the file.
const Usage = "write to this file where the guest is interrupted, a line each (CPU, instructions before, type, vector), and behind that a hash of its memory: " +
	"with --deterministic the same on every engine"

// Log is such a file. The zero value, or nil, is none.
type Log struct {
	mu  sync.Mutex // CPUs may run in parallel
	f   *os.File
	out *bufio.Writer
}

// Create makes the file at path; "" is none.
func Create(path string) (*Log, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	return &Log{f: f, out: bufio.NewWriter(f)}, nil
}

// Into has c's machine write l. A guest that is booted again goes on in the same file.
func (l *Log) Into(c *machine.Config) {
	if l == nil {
		return
	}
	c.OnInterrupt = func(i machine.Interrupt) {
		l.mu.Lock()
		defer l.mu.Unlock()
		fmt.Fprintf(l.out, "%d %d %d %#x\n", i.CPU, i.Icount, i.Type, i.Vector) // errors stay until End
	}
}

// End writes how m, which does not run any more, has ended.
func (l *Log) End(m *machine.Machine) error {
	if l == nil {
		return nil
	}
	for i, c := range m.Stats().CPUs {
		fmt.Fprintf(l.out, "end: CPU %d after %d instructions\n", i, c.Instructions)
	}
	fmt.Fprintf(l.out, "end: memory %x\n", m.Hash())
	return l.out.Flush()
}

// Close closes the file.
func (l *Log) Close() error {
	if l == nil {
		return nil
	}
	return errors.Join(l.out.Flush(), l.f.Close())
}
