package terminal

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// IsTerminal says whether stream is a terminal.
func IsTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Terminal is a host terminal that is in raw mode while this process is in its foreground group.
type Terminal struct {
	file    *os.File
	fd      int
	signals chan os.Signal
	resumed chan struct{} // one token: SIGCONT came
	closed  chan struct{}

	mu   sync.Mutex
	old  *unix.Termios // the modes before ours; nil: never taken
	raw  bool          // taken, and not given back
	over bool          // it was restored for good
}

// Raw puts the terminal behind in into raw mode, as soon as this process is in its foreground group. It returns nil, and
// no error, if in is no terminal; Restore of a nil Terminal does nothing.
//
// A process that is stopped from outside (SIGTSTP; on the keyboard Ctrl-Z is the
// guest's) gives the terminal back first, and takes it again when it continues.
func Raw(in io.Reader) (*Terminal, error) {
	if !IsTerminal(in) {
		return nil, nil
	}
	file := in.(*os.File)
	t := &Terminal{file: file, fd: int(file.Fd()), signals: make(chan os.Signal, 2), resumed: make(chan struct{}, 1), closed: make(chan struct{})}
	if _, err := t.take(); err != nil {
		return nil, err
	}
	signal.Notify(t.signals, unix.SIGTSTP, unix.SIGCONT)
	go t.serve()
	return t, nil
}

// take makes the terminal raw if it may, and says whether it is.
func (t *Terminal) take() (bool, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over || !foreground(uintptr(t.fd)) {
		t.raw = false
		return false, nil
	}
	now, err := unix.IoctlGetTermios(t.fd, unix.TCGETS)
	switch {
	case err != nil:
		return false, fmt.Errorf("the terminal's modes: %w", err)
	case t.raw && now.Lflag&unix.ICANON == 0:
		return true, nil // and nobody had it in between, while we were not looking
	case t.old == nil:
		t.old = now
	}
	hold(t.fd, t.old)
	if _, err := term.MakeRaw(t.fd); err != nil {
		return false, fmt.Errorf("raw terminal mode: %w", err)
	}
	t.raw = true
	return true, nil
}

// serve stops and continues. What fails with the terminal here fails for a terminal that has gone: Read will say it.
func (t *Terminal) serve() {
	for s := range t.signals {
		if s == unix.SIGTSTP {
			t.mu.Lock()
			if t.raw && !t.over {
				GiveBack()
			}
			t.raw = false
			_ = unix.Kill(os.Getpid(), unix.SIGSTOP) // under the lock: Read must not take it again before
			t.mu.Unlock()
			continue
		}
		t.mu.Lock()
		t.raw = false // after SIGSTOP nobody knows what became of it
		t.mu.Unlock()
		_, _ = t.take()
		select {
		case t.resumed <- struct{}{}:
		default:
		}
	}
}

// look is how often a process in the background looks whether it has come to the front, and recheck how often one in front
// whether the terminal is still as it was made: a shell that changes what runs says nothing.
const (
	look    = 250 * time.Millisecond
	recheck = time.Second
)

// Read implements io.Reader. In the background it waits, and leaves what is typed to others. A terminal that has gone has
// come to its end.
func (t *Terminal) Read(p []byte) (int, error) {
	for {
		mine, err := t.take()
		if err != nil {
			return 0, gone(err)
		}
		if !mine {
			select {
			case <-t.closed:
				return 0, io.EOF
			case <-t.resumed:
			case <-time.After(look):
			}
			continue
		}
		// Not in read, which begins anew behind a stop, and then perhaps in the background.
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(t.fd), Events: unix.POLLIN}}, int(recheck.Milliseconds()))
		if errors.Is(err, unix.EINTR) || n == 0 || !foreground(uintptr(t.fd)) {
			continue
		}
		if err != nil {
			return 0, err
		}
		n, err = t.file.Read(p)
		return n, gone(err)
	}
}

// gone is err, or the end of the input if err says that the terminal was hung up.
func gone(err error) error {
	if errors.Is(err, unix.EIO) {
		return io.EOF
	}
	return err
}

// Restore gives the terminal back its modes. It may be called more than once, and by any goroutine. A terminal that has gone
// needs none.
func (t *Terminal) Restore() error {
	if t == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over {
		return nil
	}
	t.over = true
	signal.Stop(t.signals)
	close(t.signals)
	close(t.closed)
	if !t.raw {
		atomic.StoreUint32(&held.raw, 0)
		return nil
	}
	errno := giveBack()
	atomic.StoreUint32(&held.raw, 0)
	if errno != 0 && errno != unix.EIO {
		return fmt.Errorf("the terminal's modes, which were to be restored: %w", errno)
	}
	return nil
}
