// Package stdout watches the standard output of a command, so that output that is lost, on a full disk
// for instance, is never taken for success, and ends the work that makes it.
package stdout

import (
	"context"
	"fmt"
	"io"
	"sync"
)

// Stream is a standard output. Who writes to it need not look for failures: the first one is remembered, and ends
// a context.
type Stream struct {
	w    io.Writer
	lost context.CancelCauseFunc

	mu  sync.Mutex
	err error
}

// Watch returns the stream that writes to w, and a context that ends with it, by the error that Err gives. Its
// resources last until stop is called.
func Watch(ctx context.Context, w io.Writer) (_ context.Context, s *Stream, stop func()) {
	ctx, lost := context.WithCancelCause(ctx)
	return ctx, &Stream{w: w, lost: lost}, func() { lost(nil) }
}

// Write implements io.Writer.
func (s *Stream) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	if err != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.err == nil {
			s.err = fmt.Errorf("standard output: %w", err)
			s.lost(s.err)
		}
		return n, s.err
	}
	return n, nil
}

// Err returns the first failure.
func (s *Stream) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Direct returns what w writes to, for a child process: a file, so that it sees failures itself.
func Direct(w io.Writer) io.Writer {
	if s, ok := w.(*Stream); ok {
		return s.w
	}
	return w
}
