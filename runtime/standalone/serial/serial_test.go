package serial

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// testPatience ends a test in which something does not happen. It is no measure of speed.
const testPatience = 2 * time.Minute

// open opens an end whose peer finds it at where.
func open(t *testing.T, form string) (end End, where string) {
	t.Helper()
	f, err := Parse(form)
	if err != nil {
		t.Fatal(err)
	}
	end, err = f.Open(func(line string) { where = line })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = end.Close() })
	return end, where
}

// typed is a guest that gets what is typed.
type typed chan string

func (g typed) Write(p []byte) (int, error) {
	g <- string(p)
	return len(p), nil
}

// gets waits until the guest has got want.
func (g typed) gets(t *testing.T, want string) {
	t.Helper()
	for got := ""; got != want; {
		select {
		case piece := <-g:
			if got += piece; !strings.HasPrefix(want, got) {
				t.Fatalf("the guest got %q, want %q", got, want)
			}
		case <-time.After(testPatience):
			t.Fatalf("the guest got %q alone, want %q", got, want)
		}
	}
}

// pumped starts end's pump, whose error must be nil.
func pumped(t *testing.T, end End) typed {
	t.Helper()
	guest, done := make(typed, 16), make(chan error, 1)
	go func() { done <- end.Pump(guest) }()
	t.Cleanup(func() {
		_ = end.Close()
		if err := <-done; err != nil {
			t.Errorf("Pump: %v", err)
		}
	})
	return guest
}

// dial becomes the peer.
func dial(t *testing.T, where string) io.ReadWriteCloser {
	t.Helper()
	if network, address, ok := strings.Cut(where, ":"); ok {
		c, err := net.Dial(network, address)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.SetDeadline(time.Now().Add(testPatience)); err != nil {
			t.Fatal(err)
		}
		return c
	}
	f, err := os.OpenFile(where, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// hears reads what the guest has sent.
func hears(t *testing.T, peer io.Reader, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if n, err := io.ReadFull(peer, got); err != nil || string(got) != want {
		t.Fatalf("the peer got %d bytes, %.100q, %v; want %.100q", n, got[:n], err, want)
	}
}

// say has the guest send text, for which it must not wait.
func say(t *testing.T, end End, text string) {
	t.Helper()
	if n, err := io.WriteString(end, text); n != len(text) || err != nil {
		t.Fatal(n, err)
	}
}

// Peers come and go, and get what was said in between; the guest gets what they send.
func TestPeers(t *testing.T) {
	for _, form := range []string{"tcp::0", "tcp:localhost:0", "unix:" + filepath.Join(t.TempDir(), "s"), "pty"} {
		t.Run(form, func(t *testing.T) {
			end, where := open(t, form)
			guest := pumped(t, end)
			say(t, end, "before\n")
			for _, text := range []string{"first", "second"} {
				peer := dial(t, where)
				if text == "first" {
					hears(t, peer, "before\n")
				}
				if _, err := io.WriteString(peer, text+" in\x03\r\n"); err != nil {
					t.Fatal(err)
				}
				guest.gets(t, text+" in\x03\r\n") // so it is the peer now
				say(t, end, text+" out\n")
				hears(t, peer, text+" out\n")
				if err := peer.Close(); err != nil {
					t.Fatal(err)
				}
			}
			if n := end.Dropped(); n != 0 {
				t.Errorf("%d bytes dropped", n)
			}
		})
	}
}

// While no peer is there, the last bytes are kept, and the rest is counted.
func TestAbsentPeer(t *testing.T) {
	for _, form := range []string{"tcp::0", "pty"} {
		end, where := open(t, form)
		pumped(t, end)
		var all strings.Builder
		for range 3000 {
			line := strings.Repeat("x", all.Len()%97) + "\n"
			all.WriteString(line)
			say(t, end, line)
		}
		if n := end.Dropped(); n != uint64(all.Len()) {
			t.Errorf("%s: %d bytes of %d not taken", form, n, all.Len())
		}
		peer := dial(t, where)
		hears(t, peer, all.String()[all.Len()-QueueSize:])
		if n := end.Dropped(); n != uint64(all.Len()-QueueSize) {
			t.Errorf("%s: %d bytes dropped", form, n)
		}
		_ = peer.Close()
	}
}

// A peer that does not read does not stop the guest, and not the end of the run either.
func TestSlowPeer(t *testing.T) {
	for _, form := range []string{"tcp::0", "unix:" + filepath.Join(t.TempDir(), "s"), "pty"} {
		end, where := open(t, form)
		guest := pumped(t, end)
		peer := dial(t, where)
		if _, err := io.WriteString(peer, "x"); err != nil {
			t.Fatal(err)
		}
		guest.gets(t, "x") // it is the peer now
		text := strings.Repeat("0123456789abcde\n", 1<<10)
		for range 1 << 10 { // 16 MB: more than sockets hold
			say(t, end, text)
		}
		if end.Dropped() == 0 {
			t.Errorf("%s: nothing was dropped", form)
		}
		if err := end.Close(); err != nil {
			t.Error(err)
		}
		_ = peer.Close()
	}
}

// Close lets a peer have the last words.
func TestLastWords(t *testing.T) {
	for _, form := range []string{"tcp::0", "unix:" + filepath.Join(t.TempDir(), "s")} {
		end, where := open(t, form)
		guest := pumped(t, end)
		peer := dial(t, where)
		if _, err := io.WriteString(peer, "x"); err != nil {
			t.Fatal(err)
		}
		guest.gets(t, "x")
		words := strings.Repeat("Power down\n", 3000)
		say(t, end, words)
		if err := end.Close(); err != nil {
			t.Error(err)
		}
		if got, err := io.ReadAll(peer); err != nil || string(got) != words {
			t.Errorf("%s: %d bytes of %d, %v", form, len(got), len(words), err)
		}
	}
}

func TestFileAndNull(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, []byte("older"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, form := range []string{"file:" + path, "null", "stdio"} {
		end, where := open(t, form)
		say(t, end, "text\n")
		if err := end.Pump(&bytes.Buffer{}); err != nil || where != "" || end.Dropped() != 0 {
			t.Errorf("%s: %v, %q", form, err, where)
		}
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "text\n" {
		t.Errorf("%q, %v", got, err)
	}
}

// Only a socket that nobody listens to is replaced.
func TestUnixInUse(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "s")
	form, err := Parse("unix:" + path)
	if err != nil {
		t.Fatal(err)
	}
	left, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := form.Open(nil); !errors.Is(err, unix.EADDRINUSE) {
		t.Errorf("in use: %v", err)
	}
	left.SetUnlinkOnClose(false)
	if err := left.Close(); err != nil {
		t.Fatal(err)
	}
	end, err := form.Open(func(string) {})
	if err != nil {
		t.Fatalf("left behind: %v", err)
	}
	if err := end.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("left behind by us: %v", err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := form.Open(nil); err == nil {
		t.Error("a file was replaced")
	}
}

func TestParse(t *testing.T) {
	for _, form := range []string{"", "tty", "stdio:x", "nulls", "pty:1", "file:", "unix:", "tcp:", "tcp:4444", "tcp:host:", "tcp::x", "tcp::65536", "tcp::-1", "tcp::4444,server", "udp::1"} {
		if _, err := Parse(form); !errors.Is(err, ErrForm) || !strings.Contains(err.Error(), "file:PATH") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v", form, err)
		}
	}
	for form, says := range map[string]string{
		"file:/nonexistent/f": "no such file",
		"unix:/nonexistent/s": "no such file",
		"tcp:192.0.2.1:1":     "cannot assign",
		"file:" + t.TempDir(): "is a directory",
	} {
		f, err := Parse(form)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Open(nil); err == nil || !strings.Contains(err.Error(), says) || !strings.HasPrefix(err.Error(), form+": ") {
			t.Errorf("%s: %v", form, err)
		}
	}
}
