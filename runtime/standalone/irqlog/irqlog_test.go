package irqlog_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"axpress/runtime/machine"
	"axpress/runtime/standalone/irqlog"
)

// pipe makes a named pipe.
func pipe(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skipf("no named pipes here: %v", err)
	}
	return path
}

// interrupt has l told of n interrupts.
func interrupt(l *irqlog.Log, n int) {
	var c machine.Config
	l.Into(&c)
	for i := range n {
		c.OnInterrupt(machine.Interrupt{CPU: 1, Icount: int64(i), Type: 1, Vector: 0x600})
	}
}

// A pipe is written when its reader is there, and whoever it leaves hears of it.
func TestPipe(t *testing.T) {
	path, got := pipe(t), make(chan string)
	go func() {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Error(err)
		}
		got <- string(data)
	}()
	l, err := irqlog.Create(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	interrupt(l, 2)
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if text := <-got; text != "1 0 1 0x600\n1 1 1 0x600\n" {
		t.Errorf("the reader has %q", text)
	}

	left := make(chan error)
	go func() {
		f, err := os.Open(path)
		left <- errors.Join(err, f.Close())
	}()
	if l, err = irqlog.Create(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	if err := <-left; err != nil {
		t.Fatal(err)
	}
	interrupt(l, 100_000)
	if err := l.Close(); !errors.Is(err, syscall.EPIPE) || strings.Count(err.Error(), "pipe: ") != 1 {
		t.Errorf("nobody reads: %v", err)
	}
}

// Whoever waits for a pipe's reader can be interrupted.
func TestPipeWithoutReader(t *testing.T) {
	path := pipe(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if l, err := irqlog.Create(ctx, path); l != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("%v, %v", l, err)
	}
	// Whoever waits is let go.
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, f); err != nil {
		t.Error(err)
	}
	f.Close()
}
