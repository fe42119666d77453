package measure

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// errEnded says that the other end has gone.
var errEnded = errors.New("the machine ended")

// line is a line of output.
type line struct {
	text string
	at   time.Time     // when its end arrived
	cpu  time.Duration // the machine's processor time then
}

// session talks with a driver. It is used by one goroutine.
type session struct {
	in    io.Writer
	guest bool // the processor time is the machine's, not what the driver says
	lines <-chan line
	last  []string // the last lines that were none of the driver's, for error messages
	seq   int
}

// lastLines is how many lines an error message repeats.
const lastLines = 6

// newSession returns a session whose driver reads in and writes out. It reads out until that ends. cpu returns the
// processor time of the machine that the driver is in; nil if the driver is a process among ours.
func newSession(in io.Writer, out io.Reader, cpu func() time.Duration) *session {
	lines := make(chan line, 256)
	go func() {
		defer close(lines)
		r := bufio.NewReader(out)
		for {
			text, err := r.ReadString('\n')
			if text != "" {
				l := line{text: text, at: time.Now()}
				if cpu != nil {
					l.cpu = cpu()
				}
				lines <- l
			}
			if err != nil {
				return
			}
		}
	}()
	return &session{in: in, lines: lines, guest: cpu != nil}
}

// sample is one run of a workload.
type sample struct {
	host   time.Duration // between the arrival of the two lines
	guest  time.Duration // by the driver's clock
	cpu    time.Duration // processor time: the machine's, or the workload's if that is a process among ours
	output string        // hash and size of standard output
	status int
	said   []string // on standard error
}

// next returns the driver's next line.
func (s *session) next(ctx context.Context) (marker, line, error) {
	for {
		select {
		case <-ctx.Done():
			return marker{}, line{}, ctx.Err()
		case l, ok := <-s.lines:
			if !ok {
				return marker{}, line{}, s.ended()
			}
			m, ok, err := parseMarker(l.text)
			if ok || err != nil {
				return m, l, err
			}
			if s.last = append(s.last, strings.TrimSpace(l.text)); len(s.last) > lastLines {
				s.last = s.last[1:]
			}
		}
	}
}

// ended is errEnded with what the machine said last.
func (s *session) ended() error {
	if len(s.last) == 0 {
		return errEnded
	}
	return fmt.Errorf("%w; it said last: %s", errEnded, strings.Join(s.last, " / "))
}

// ready waits for the driver.
func (s *session) ready(ctx context.Context) error {
	m, _, err := s.next(ctx)
	if err == nil && m.kind != markReady {
		err = fmt.Errorf("the driver says %q before it is ready", m.kind)
	}
	return err
}

// send writes a command and returns its number. When ctx ends while the other end does not read, the write goes on
// until the process is killed.
func (s *session) send(ctx context.Context, command, name string) error {
	s.seq++
	text := fmt.Sprintf("%s %d %s\n", command, s.seq, name)
	done := make(chan error, 1)
	go func() {
		_, err := io.WriteString(s.in, text)
		done <- err
	}()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case err := <-done:
		if err != nil {
			return s.ended()
		}
		return nil
	}
}

// settle returns when the driver answers at once: after it was stopped, a guest has to catch up with the time.
func (s *session) settle(ctx context.Context) error {
	const quick, tries = 5 * time.Millisecond, 20
	for range tries {
		sent := time.Now()
		if err := s.send(ctx, "ping", ""); err != nil {
			return err
		}
		m, l, err := s.next(ctx)
		switch {
		case err != nil:
			return err
		case m.kind != markPong || m.seq != s.seq:
			return fmt.Errorf("the driver answers a ping with %q", m.kind)
		case l.at.Sub(sent) < quick:
			return nil
		}
	}
	return nil // a slow machine, but it runs
}

// run runs a workload once. An error is the session's: it cannot be used any more.
func (s *session) run(ctx context.Context, name string) (sample, error) {
	var r sample
	if err := s.send(ctx, "run", name); err != nil {
		return r, err
	}
	var start line
	for {
		m, l, err := s.next(ctx)
		if err != nil {
			return r, err
		}
		if m.seq != s.seq {
			return r, fmt.Errorf("the driver answers command %d with the number %d", s.seq, m.seq)
		}
		switch m.kind {
		case markStart:
			start = l
		case markEnd:
			if start.at.IsZero() {
				return r, errors.New("the driver says end without a start")
			}
			r.host, r.guest, r.cpu, r.status = l.at.Sub(start.at), m.took, m.cpu, m.status
			if s.guest {
				r.cpu = l.cpu - start.cpu
			}
		case markSaid:
			r.said = append(r.said, m.text)
		case markError:
			return r, fmt.Errorf("the driver says: %s", m.text)
		case markSum:
			r.output = m.text
			return r, nil
		}
	}
}
