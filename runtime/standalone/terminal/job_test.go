package terminal

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// roleVariable has this test's executable be one of roles, or else the test.
const roleVariable = "AXPRESS_TERMINAL_TEST"

// patience ends a test in which something does not happen. It is no measure of speed.
const patience = 2 * time.Minute

var roles = map[string]func() error{"leader": leader, "job": job}

func TestMain(m *testing.M) {
	role := roles[os.Getenv(roleVariable)]
	if role == nil {
		os.Exit(m.Run())
	}
	if err := role(); err != nil {
		fmt.Println("failed:", err)
		os.Exit(1)
	}
}

// marked are modes that nobody else sets: whoever gives back others is caught.
func marked(fd int) error {
	m, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return err
	}
	m.Lflag |= unix.ICANON | unix.ISIG
	m.Lflag &^= unix.ECHO
	return unix.IoctlSetTermios(fd, unix.TCSETS, m)
}

// leader is what a shell is: it leads a session with a terminal, has a job in the background, and does what it is told on
// file 3: "fg" brings the job to the front, without a word to it, "bg" goes there itself, sets the modes and reads a line,
// "end" ends the job by SIGTERM.
func leader() error {
	signal.Ignore(unix.SIGTTOU)
	j := exec.Command(os.Args[0])
	j.Env = append(os.Environ(), roleVariable+"=job")
	j.Stdin, j.Stdout, j.Stderr = os.Stdin, os.Stdout, os.Stdout
	j.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := j.Start(); err != nil {
		return err
	}
	front := func(group int) error { return unix.IoctlSetPointerInt(0, unix.TIOCSPGRP, group) }
	keys := bufio.NewReader(os.Stdin)
	for told := bufio.NewScanner(os.NewFile(3, "told")); told.Scan(); {
		var err error
		switch told.Text() {
		case "fg":
			err = front(j.Process.Pid)
		case "bg":
			if err = front(unix.Getpgrp()); err == nil {
				err = marked(0)
			}
			fmt.Println("the leader is in front")
			line, _ := keys.ReadString('\n')
			fmt.Printf("the leader got %q\n", line)
		case "end":
			err = j.Process.Signal(unix.SIGTERM)
			fmt.Println("the job ended:", j.Wait())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// job has the terminal until SIGTERM comes, and says what is typed.
func job() error {
	ctx, stop := signal.NotifyContext(context.Background(), unix.SIGTERM)
	defer stop()
	t, err := Raw(os.Stdin)
	if err != nil {
		return err
	}
	fmt.Println("the job began")
	go func() {
		keys := bufio.NewReader(t)
		for {
			line, err := keys.ReadString('\r')
			if err != nil {
				return
			}
			fmt.Printf("the job got %q\n", line)
		}
	}()
	<-ctx.Done()
	return t.Restore()
}

// session is a leader with its job, as seen from the keyboard.
type session struct {
	t        *testing.T
	keyboard *os.File
	terminal *os.File
	orders   io.Writer
	said     chan string
}

func newSession(t *testing.T) *session {
	t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	told, orders, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), roleVariable+"=leader")
	cmd.Stdin, cmd.ExtraFiles = slave, []*os.File{told}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s := &session{t: t, keyboard: master, terminal: slave, orders: orders, said: make(chan string)}
	go func() {
		for lines := bufio.NewScanner(out); lines.Scan(); {
			select {
			case s.said <- lines.Text():
			case <-t.Context().Done():
				return
			}
		}
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // the job is hung up on
		_ = cmd.Wait()
		for _, f := range []*os.File{master, slave, told, orders} {
			_ = f.Close()
		}
	})
	return s
}

func (s *session) hears(want string) {
	s.t.Helper()
	select {
	case got := <-s.said:
		if got != want {
			s.t.Fatalf("heard %q, want %q", got, want)
		}
	case <-time.After(patience):
		s.t.Fatalf("did not hear %q", want)
	}
}

func (s *session) order(what string) {
	s.t.Helper()
	if _, err := io.WriteString(s.orders, what+"\n"); err != nil {
		s.t.Fatal(err)
	}
}

func (s *session) types(keys string) {
	s.t.Helper()
	if _, err := s.keyboard.WriteString(keys); err != nil {
		s.t.Fatal(err)
	}
}

func (s *session) modes() unix.Termios {
	s.t.Helper()
	m, err := unix.IoctlGetTermios(int(s.terminal.Fd()), unix.TCGETS)
	if err != nil {
		s.t.Fatal(err)
	}
	return *m
}

// becomesRaw waits until the terminal is raw.
func (s *session) becomesRaw() {
	s.t.Helper()
	for end := time.Now().Add(patience); s.modes().Lflag&unix.ICANON != 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatal("the terminal does not become raw")
		}
	}
}

// A job that begins in the background leaves the terminal alone, takes it when it comes to the front, leaves it alone again
// when it goes, and can be ended in either place.
func TestJob(t *testing.T) {
	s := newSession(t)
	before := s.modes()
	s.hears("the job began")
	if s.modes() != before {
		t.Error("the job has changed the terminal's modes from the background")
	}
	for _, text := range []string{"one", "two"} {
		s.order("fg")
		s.becomesRaw()
		s.types(text + "\r")
		s.hears(fmt.Sprintf("the job got %q", text+"\r"))
		s.order("bg")
		s.hears("the leader is in front")
		s.types("for the leader\n")
		s.hears(`the leader got "for the leader\n"`)
	}
	now := s.modes()
	s.order("end")
	s.hears("the job ended: <nil>")
	if s.modes() != now {
		t.Error("the job has changed the terminal's modes when it ended in the background")
	}
}

// In front it gives the modes back that it found.
func TestJobInFront(t *testing.T) {
	s := newSession(t)
	before := s.modes()
	s.hears("the job began")
	s.order("fg")
	s.becomesRaw()
	s.order("end")
	s.hears("the job ended: <nil>")
	if after := s.modes(); after != before {
		t.Errorf("the terminal's modes were\n%+v and are\n%+v", before, after)
	}
}

// A terminal that is hung up is the end of the input.
func TestHungUp(t *testing.T) {
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer slave.Close()
	raw, err := Raw(slave)
	if err != nil || raw == nil {
		t.Fatal(raw, err)
	}
	if err := master.Close(); err != nil {
		t.Fatal(err)
	}
	var guest deaf
	if err := Pump(raw, &guest, io.Discard, DefaultEscape, nil); err != nil || guest.Len() != 0 {
		t.Errorf("%v, %q", err, guest.String())
	}
	if err := raw.Restore(); err != nil {
		t.Error(err)
	}
}
