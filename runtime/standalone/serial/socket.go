package serial

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
)

// sockets are those who connect to a socket that listens.
type sockets struct{ net.Listener }

func (s sockets) next() (peer, error) {
	c, err := s.Accept()
	if errors.Is(err, net.ErrClosed) {
		return nil, io.EOF
	}
	return c, err
}

func listen(network, address string) (End, string, error) {
	l, err := net.Listen(network, address)
	if err != nil {
		return nil, "", err
	}
	return newWire(sockets{l}), network + ":" + l.Addr().String(), nil
}

// openUnix listens at a path, also if a process that is gone has left its socket there.
func openUnix(path string) (End, string, error) {
	end, where, err := listen("unix", path)
	if !errors.Is(err, syscall.EADDRINUSE) {
		return end, where, err
	}
	c, dialled := net.Dial("unix", path)
	if !errors.Is(dialled, syscall.ECONNREFUSED) {
		if dialled == nil {
			_ = c.Close()
		}
		return nil, "", err
	}
	if st, failed := os.Lstat(path); failed != nil || st.Mode()&os.ModeSocket == 0 {
		return nil, "", err // ours to remove is a socket alone
	}
	if err := os.Remove(path); err != nil {
		return nil, "", err
	}
	return listen("unix", path)
}
