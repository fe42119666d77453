package terminal

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// escapeKey is Ctrl-A, as in QEMU's -nographic.
const escapeKey = 0x01

// Help is what Ctrl-A h prints.
const Help = "\r\nCtrl-A h  this help\r\nCtrl-A x  quit (exit status 130)\r\nCtrl-A Ctrl-A  send Ctrl-A\r\n"

// IsTerminal says whether stream is a terminal.
func IsTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Terminal is a host terminal in raw mode.
type Terminal struct {
	fd      int
	old     *term.State
	signals chan os.Signal

	mu   sync.Mutex
	over bool // it was restored for good
}

// Raw puts the terminal behind in into raw mode. It returns nil, and no error, if in
// is no terminal; all methods of a nil Terminal do nothing.
//
// A process that is stopped from outside (SIGTSTP; on the keyboard Ctrl-Z is the
// guest's) gives the terminal back first, and takes it again when it continues.
func Raw(in io.Reader) (*Terminal, error) {
	if !IsTerminal(in) {
		return nil, nil
	}
	fd := int(in.(*os.File).Fd())
	old, err := term.MakeRaw(fd)
	if err != nil {
		return nil, fmt.Errorf("raw terminal mode: %w", err)
	}
	t := &Terminal{fd: fd, old: old, signals: make(chan os.Signal, 2)}
	signal.Notify(t.signals, unix.SIGTSTP, unix.SIGCONT)
	go t.serve()
	return t, nil
}

// serve stops and continues. What fails with the terminal here fails for a terminal
// that has gone: there is nobody to tell.
func (t *Terminal) serve() {
	for s := range t.signals {
		t.mu.Lock()
		switch {
		case s == unix.SIGTSTP:
			if !t.over {
				_ = term.Restore(t.fd, t.old)
			}
			_ = unix.Kill(os.Getpid(), unix.SIGSTOP)
		case !t.over: // after SIGSTOP, too, of which nobody is told
			_, _ = term.MakeRaw(t.fd)
		}
		t.mu.Unlock()
	}
}

// Restore gives the terminal back its mode. It may be called more than once, and
// by any goroutine.
func (t *Terminal) Restore() {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over {
		return
	}
	t.over = true
	signal.Stop(t.signals)
	close(t.signals)
	// There is nobody to tell and nothing to do about an error.
	_ = term.Restore(t.fd, t.old)
}

// Pump copies in to guest until in ends, guest fails, or the person quits. With
// escapes it understands the escape key and calls quit for Ctrl-A x; help goes to
// out. The end of in is no error: the guest runs on without input.
func Pump(in io.Reader, guest, out io.Writer, escapes bool, quit func()) error {
	p := pump{guest: guest, out: out, quit: quit}
	buf := make([]byte, 256)
	for {
		n, err := in.Read(buf)
		piece := buf[:n]
		if escapes {
			piece = p.filter(piece)
		}
		if len(piece) > 0 {
			if _, err := guest.Write(piece); err != nil {
				return fmt.Errorf("console input: %w", err)
			}
		}
		switch {
		case p.done || errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("console input: %w", err)
		}
	}
}

// pump is the state of the escape key.
type pump struct {
	guest, out io.Writer
	quit       func()
	escaped    bool
	done       bool
}

// filter takes the escape sequences out of b, and acts on them. The result shares
// b's memory.
func (p *pump) filter(b []byte) []byte {
	keep := b[:0]
	for _, c := range b {
		if !p.escaped {
			if c == escapeKey {
				p.escaped = true
				continue
			}
			keep = append(keep, c)
			continue
		}
		p.escaped = false
		switch c {
		case 'x', 'X':
			p.done = true
			p.quit()
			return keep
		case 'h', 'H', '?':
			_, _ = io.WriteString(p.out, Help) // the screen may be gone; the guest goes on
		case escapeKey:
			keep = append(keep, escapeKey)
		}
	}
	return keep
}
