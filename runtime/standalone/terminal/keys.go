package terminal

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// Guest is whom the keys are for.
type Guest interface {
	io.Writer
	// Break puts a break on the guest's serial line: to Linux, the beginning of a SysRq.
	Break()
	// Whereabouts says in lines what the guest is doing. It may take a moment.
	Whereabouts() string
}

// Escape is the key that begins what is not for the guest; the zero value is none.
type Escape byte

// DefaultEscape is Ctrl-A, as in QEMU's -nographic.
const DefaultEscape Escape = 0x01

// noEscape is the name of having none.
const noEscape = "none"

// ParseEscape reads the name of an escape key: ^A to ^Z, ^[, ^\, ^], ^^, ^_, or none.
func ParseEscape(name string) (Escape, error) {
	if name == noEscape {
		return 0, nil
	}
	if key, ok := strings.CutPrefix(name, "^"); ok && len(key) == 1 {
		if c := strings.ToUpper(key)[0]; c > '@' && c <= '_' {
			return Escape(c - '@'), nil
		}
	}
	return 0, fmt.Errorf("%q: want a control key, such as ^A or ^], or %s", name, noEscape)
}

// String implements fmt.Stringer: the name that ParseEscape reads.
func (e Escape) String() string {
	if e == 0 {
		return noEscape
	}
	return "^" + string(rune(e)+'@')
}

// key is the name of the key on the keyboard.
func (e Escape) key() string { return "Ctrl-" + string(rune(e)+'@') }

// command is what a key after the escape key does.
type command struct {
	keys, doc string // keys in lower case
	do        func(*pump)
}

// commands are the keys that may follow the escape key; beside them, itself.
func commands() []command {
	return []command{
		{"h?", "this help", func(p *pump) { p.say(p.escape.Help()) }},
		{"b", "send a break (Linux: SysRq; the next key says what for, h lists them)", func(p *pump) { p.guest.Break() }},
		{"c", "where each CPU is, and how much was executed", func(p *pump) { p.say("\n" + p.guest.Whereabouts()) }},
		{"x", "quit (exit status 130)", func(p *pump) { p.done = true; p.quit() }},
	}
}

// Help lists what can be typed after the escape key, one line each.
func (e Escape) Help() string {
	if e == 0 {
		return ""
	}
	var b strings.Builder
	for _, c := range commands() {
		fmt.Fprintf(&b, "\n%s %s  %s", e.key(), c.keys[:1], c.doc)
	}
	fmt.Fprintf(&b, "\n%[1]s %[1]s  send %[1]s\n", e.key())
	return b.String()
}

// Pump copies in to guest until in ends, guest fails, or the person quits. It understands the escape key, and calls quit for
// the key x after it; help and answers go to out, a raw terminal. The end of in is no error: the guest runs on without input.
func Pump(in io.Reader, guest Guest, out io.Writer, escape Escape, quit func()) error {
	p := pump{guest: guest, out: out, escape: escape, quit: quit}
	buf := make([]byte, 256)
	for {
		n, err := in.Read(buf)
		if err := p.take(buf[:n]); err != nil {
			return fmt.Errorf("console input: %w", err)
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
	guest   Guest
	out     io.Writer
	escape  Escape
	quit    func()
	escaped bool
	done    bool
}

// say writes text to a terminal in raw mode.
func (p *pump) say(text string) {
	_, _ = io.WriteString(p.out, strings.ReplaceAll(text, "\n", "\r\n")) // the screen may be gone; the guest goes on
}

// take passes b on in order, and acts on the escape sequences in it.
func (p *pump) take(b []byte) error {
	begin := 0
	for i, c := range b {
		if !p.escaped && (p.escape == 0 || c != byte(p.escape)) {
			continue
		}
		if p.escaped && c == byte(p.escape) {
			p.escaped, begin = false, i // it is for the guest
			continue
		}
		if p.escaped = !p.escaped; p.escaped {
			if err := p.pass(b[begin:i]); err != nil {
				return err
			}
		} else {
			p.command(c)
		}
		if begin = i + 1; p.done {
			return nil
		}
	}
	if p.escaped {
		return nil
	}
	return p.pass(b[begin:])
}

// pass passes b on to the guest.
func (p *pump) pass(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	_, err := p.guest.Write(b)
	return err
}

// command acts on the key c after the escape key. One that means nothing is swallowed.
func (p *pump) command(c byte) {
	for _, k := range commands() {
		if strings.Contains(k.keys, strings.ToLower(string(rune(c)))) {
			k.do(p)
		}
	}
}
