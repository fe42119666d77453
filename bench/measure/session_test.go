package measure

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

// fakeDriver answers commands; answer writes what the driver says to one of them, and returns false to end.
// cpu is the machine's processor time, or nil.
func fakeDriver(t *testing.T, cpu func() time.Duration, answer func(w io.Writer, command, seq, name string) bool) *session {
	t.Helper()
	commands, in := io.Pipe()
	out, w := io.Pipe()
	t.Cleanup(func() { in.Close() })
	go func() {
		defer w.Close()
		fmt.Fprint(w, "Linux version 6.1\r\n@axbench ready\r\n")
		for s := bufio.NewScanner(commands); s.Scan(); {
			f := strings.SplitN(s.Text(), " ", 3)
			if !answer(w, f[0], f[1], f[2]) {
				return
			}
		}
	}()
	s := newSession(in, out, cpu)
	if err := s.ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSession(t *testing.T) {
	const work = 30 * time.Millisecond
	s := fakeDriver(t, nil, func(w io.Writer, command, seq, name string) bool {
		if command == "ping" {
			fmt.Fprintf(w, "@axbench pong %s\n", seq)
			return true
		}
		fmt.Fprintf(w, "@axbench start %s %s\r\n", seq, name)
		time.Sleep(work)
		fmt.Fprintf(w, "@axbench end %s 3 5000000 4000000\r\n", seq)
		time.Sleep(work) // summing up is not part of the workload
		fmt.Fprintf(w, "@axbench said %s oh\r\n@axbench said %s no\r\nsome news\r\n@axbench sum %s ab 2\r\n", seq, seq, seq)
		return true
	})
	for range 2 {
		if err := s.settle(t.Context()); err != nil {
			t.Fatal(err)
		}
		r, err := s.run(t.Context(), "fib")
		if err != nil {
			t.Fatal(err)
		}
		if r.status != 3 || r.guest != 5*time.Millisecond || r.cpu != 4*time.Millisecond || r.output != "ab 2" || strings.Join(r.said, ",") != "oh,no" {
			t.Errorf("%+v", r)
		}
		if r.host < work || r.host > work*2-work/4 {
			t.Errorf("took %s, want about %s", r.host, work)
		}
	}
}

// A guest's processor time is that of its machine.
func TestSessionProcessorTime(t *testing.T) {
	var cpu time.Duration
	s := fakeDriver(t, func() time.Duration { cpu += time.Second; return cpu }, func(w io.Writer, _, seq, name string) bool {
		fmt.Fprintf(w, "@axbench start %s %s\nnews\n@axbench end %s 0 5 5\n@axbench sum %s ab 2\n", seq, name, seq, seq)
		return true
	})
	if r, err := s.run(t.Context(), "fib"); err != nil || r.cpu != 2*time.Second {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestSessionErrors(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer func(w io.Writer, command, seq, name string) bool
		want   string
	}{
		{"ended", func(w io.Writer, _, seq, name string) bool {
			fmt.Fprintf(w, "@axbench start %s %s\nKernel panic - not syncing\n", seq, name)
			return false
		}, "it said last: Linux version 6.1 / Kernel panic - not syncing"},
		{"refused", func(w io.Writer, _, seq, _ string) bool {
			fmt.Fprintf(w, "@axbench error %s there is no workload\n", seq)
			return true
		}, "the driver says: there is no workload"},
		{"another command's answer", func(w io.Writer, _, _, name string) bool {
			fmt.Fprintf(w, "@axbench start 77 %s\n", name)
			return true
		}, "the number 77"},
		{"no start", func(w io.Writer, _, seq, _ string) bool {
			fmt.Fprintf(w, "@axbench end %s 0 5 5\n", seq)
			return true
		}, "end without a start"},
		{"damaged", func(w io.Writer, _, seq, _ string) bool {
			fmt.Fprintf(w, "@axbench end %s 0\n", seq)
			return true
		}, "damaged line"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := fakeDriver(t, nil, c.answer).run(t.Context(), "fib")
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
			if c.name == "ended" && !errors.Is(err, errEnded) {
				t.Errorf("%v is not errEnded", err)
			}
		})
	}
}

func TestSessionTimeout(t *testing.T) {
	s := fakeDriver(t, nil, func(io.Writer, string, string, string) bool { return true })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := s.run(ctx, "fib"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v, want the deadline", err)
	}
}
