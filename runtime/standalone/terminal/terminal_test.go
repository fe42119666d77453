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
		escape               Escape
		quit                 bool
		breaks               int
	}{
		{name: "plain", in: "ls\n", guest: "ls\n", escape: DefaultEscape},
		{name: "quit", in: "ls\x01xrest", guest: "ls", escape: DefaultEscape, quit: true},
		{name: "help", in: "a\x01hb", guest: "ab", out: DefaultEscape.Help(), escape: DefaultEscape},
		{name: "other help", in: "a\x01\x1d?b", guest: "a\x01b", out: Escape(0x1d).Help(), escape: 0x1d},
		{name: "escape itself", in: "\x01\x01", guest: "\x01", escape: DefaultEscape},
		{name: "twice", in: "a\x01\x01\x01\x01b", guest: "a\x01\x01b", escape: DefaultEscape},
		{name: "unknown", in: "a\x01qb", guest: "ab", escape: DefaultEscape},
		{name: "ends inside", in: "a\x01", guest: "a", escape: DefaultEscape},
		{name: "piped", in: "a\x01xb", guest: "a\x01xb"},
		{name: "breaks", in: "a\x01bh\x01Bs", guest: "a<break>h<break>s", escape: DefaultEscape, breaks: 2},
		{name: "whereabouts", in: "\x01c", out: "\nCPU 0 runs\n", escape: DefaultEscape},
	} {
		for _, one := range []bool{false, true} {
			var guest ordered
			var out bytes.Buffer
			quit := false
			in := iotest.DataErrReader(strings.NewReader(c.in))
			if one { // the two keys come in two reads
				in = iotest.OneByteReader(strings.NewReader(c.in))
			}
			err := Pump(in, &guest, &out, c.escape, func() { quit = true })
			if err != nil || guest.String() != c.guest || out.String() != strings.ReplaceAll(c.out, "\n", "\r\n") || quit != c.quit || guest.breaks != c.breaks {
				t.Errorf("%s: guest %q, out %q, quit %v, %v", c.name, guest.String(), out.String(), quit, err)
			}
		}
	}
}

// ordered shows when breaks came.
type ordered struct{ deaf }

func (o *ordered) Break() {
	o.deaf.Break()
	o.WriteString("<break>")
}

func TestEscape(t *testing.T) {
	for name, want := range map[string]Escape{"^A": 1, "^a": 1, "^Z": 26, "^]": 29, "none": 0} {
		if got, err := ParseEscape(name); err != nil || got != want {
			t.Errorf("%s: %d, %v", name, got, err)
		}
	}
	for _, name := range []string{"", "A", "^", "^1", "^AB", "^@", "^?", "None "} {
		if got, err := ParseEscape(name); err == nil {
			t.Errorf("%q is %d", name, got)
		}
	}
	for _, want := range []string{"Ctrl-T b  ", "Ctrl-T c  ", "Ctrl-T x  ", "Ctrl-T h  ", "Ctrl-T Ctrl-T  "} {
		if help := Escape(20).Help(); !strings.Contains(help, "\n"+want) {
			t.Errorf("no %q in %q", want, help)
		}
	}
}

func TestPumpReportsErrors(t *testing.T) {
	broken := errors.New("broken")
	if err := Pump(iotest.ErrReader(broken), &deaf{}, nil, DefaultEscape, nil); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

func TestRawWithoutTerminal(t *testing.T) {
	raw, err := Raw(strings.NewReader(""))
	if raw != nil || err != nil {
		t.Errorf("got %v, %v", raw, err)
	}
	if err := raw.Restore(); err != nil {
		t.Error(err)
	}
}
