package serial

import (
	"errors"
	"io"
	"os"
	"sync"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// look is how often is looked whether somebody has opened a pseudo-terminal, which the host tells nobody.
const look = 100 * time.Millisecond

// terminals are those who open a pseudo-terminal, one after the other.
type terminals struct {
	master *os.File
	closed chan struct{}
	once   sync.Once
}

func openPTY(string) (End, string, error) {
	blocking, slave, err := pty.Open()
	if err != nil {
		return nil, "", err
	}
	master, err := unblocked(blocking)
	if err != nil {
		return nil, "", errors.Join(err, slave.Close())
	}
	// Nothing is echoed or changed, on the guest's side there is a driver for that. The modes stay when all have closed it.
	if _, err := term.MakeRaw(int(slave.Fd())); err != nil {
		return nil, "", errors.Join(err, slave.Close(), master.Close())
	}
	name := slave.Name()
	if err := slave.Close(); err != nil {
		return nil, "", errors.Join(err, master.Close())
	}
	return newWire(&terminals{master: master, closed: make(chan struct{})}), name, nil
}

// unblocked is f, which it closes, so that deadlines end reads and writes. pty.Open has asked f for its descriptor, after
// which they do not, and setting them does not fail either.
func unblocked(f *os.File) (*os.File, error) {
	defer f.Close()
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		return nil, errors.Join(err, unix.Close(fd))
	}
	return os.NewFile(uintptr(fd), f.Name()), nil
}

func (t *terminals) next() (peer, error) {
	for {
		opened, err := t.isOpen()
		if t.over() { // closed before the master was, which makes isOpen fail
			return nil, io.EOF
		}
		if err != nil || opened {
			return &session{t.master}, err
		}
		select {
		case <-t.closed:
		case <-time.After(look):
		}
	}
}

// over says whether Close was called.
func (t *terminals) over() bool {
	select {
	case <-t.closed:
		return true
	default:
		return false
	}
}

// isOpen says whether somebody has the other side open.
func (t *terminals) isOpen() (bool, error) {
	raw, err := t.master.SyscallConn()
	if err != nil {
		return false, err
	}
	hungUp := false
	err = errors.Join(raw.Control(func(fd uintptr) {
		p := []unix.PollFd{{Fd: int32(fd)}}
		_, _ = unix.Poll(p, 0) // does not wait, hence cannot be interrupted
		hungUp = p[0].Revents&unix.POLLHUP != 0
	}), t.master.SetDeadline(time.Time{}))
	return !hungUp, err
}

// Close implements peers.
func (t *terminals) Close() (err error) {
	t.once.Do(func() {
		close(t.closed)
		err = t.master.Close()
	})
	return err
}

// session is the time for which somebody has a pseudo-terminal open. Its reads fail with EIO at the end of it.
type session struct{ *os.File }

// Close ends what is going on; the master stays open.
func (s *session) Close() error { return s.SetDeadline(time.Unix(1, 0)) }
