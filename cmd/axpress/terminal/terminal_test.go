package terminal

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"testing/iotest"
)

func TestPump(t *testing.T) {
	for _, c := range []struct {
		name, in, guest, out string
		escapes, quit        bool
	}{
		{name: "plain", in: "ls\n", guest: "ls\n", escapes: true},
		{name: "quit", in: "ls\x01xrest", guest: "ls", escapes: true, quit: true},
		{name: "help", in: "a\x01hb", guest: "ab", out: Help, escapes: true},
		{name: "escape itself", in: "\x01\x01", guest: "\x01", escapes: true},
		{name: "unknown", in: "a\x01qb", guest: "ab", escapes: true},
		{name: "ends inside", in: "a\x01", guest: "a", escapes: true},
		{name: "piped", in: "a\x01xb", guest: "a\x01xb"},
	} {
		for _, one := range []bool{false, true} {
			var guest, out bytes.Buffer
			quit := false
			in := iotest.DataErrReader(strings.NewReader(c.in))
			if one { // the two keys come in two reads
				in = iotest.OneByteReader(strings.NewReader(c.in))
			}
			err := Pump(in, &guest, &out, c.escapes, func() { quit = true })
			if err != nil || guest.String() != c.guest || out.String() != c.out || quit != c.quit {
				t.Errorf("%s: guest %q, out %q, quit %v, %v", c.name, guest.String(), out.String(), quit, err)
			}
		}
	}
}

func TestPumpReportsErrors(t *testing.T) {
	broken := errors.New("broken")
	if err := Pump(iotest.ErrReader(broken), &bytes.Buffer{}, nil, true, nil); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

func TestRawWithoutTerminal(t *testing.T) {
	raw, err := Raw(strings.NewReader(""))
	if raw != nil || err != nil {
		t.Errorf("got %v, %v", raw, err)
	}
	raw.Restore()
}
