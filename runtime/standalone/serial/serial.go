package serial

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
)

// End is the host's end of a serial line.
type End interface {
	// Write takes what the guest sends, at once.
	io.Writer
	// Pump passes to the guest what the host sends, until the End is closed or can send nothing.
	Pump(guest io.Writer) error
	// Close passes on what a peer has not yet taken, if there is one and it does not take long.
	Close() error
	// Dropped is how many bytes nobody took.
	Dropped() uint64
}

// idle is an End that takes nothing and sends nothing.
type idle string

func (idle) Write(p []byte) (int, error) { return len(p), nil }
func (idle) Pump(io.Writer) error        { return nil }
func (idle) Close() error                { return nil }
func (idle) Dropped() uint64             { return 0 }

// The ends that need nothing opened.
const (
	// Stdio stands for the standard input and output, which are their owner's to join.
	Stdio idle = "stdio"
	// Null leads nowhere.
	Null idle = "null"
)

// Forms says what Open reads, for people.
const Forms = "stdio, null, file:PATH, pty, tcp:HOST:PORT or unix:PATH (both listen; HOST is 127.0.0.1 if left out)"

// ErrForm says that a form is none of Forms.
var ErrForm = errors.New("no such end of a serial line")

// Form is a form that has been read: Open opens what it says.
type Form struct {
	text string
	open func(arg string) (End, string, error)
	arg  string
}

// kinds are the forms; those with an argument end with a colon.
var kinds = []struct {
	prefix string
	check  func(arg string) (string, error) // nil: there is no argument
	open   func(arg string) (end End, where string, err error)
}{
	{"stdio", nil, func(string) (End, string, error) { return Stdio, "", nil }},
	{"null", nil, func(string) (End, string, error) { return Null, "", nil }},
	{"pty", nil, openPTY},
	{"file:", checkPath, openFile},
	{"tcp:", checkAddress, func(arg string) (End, string, error) { return listen("tcp", arg) }},
	{"unix:", checkPath, openUnix},
}

// Parse reads a form. Errors wrap ErrForm.
func Parse(text string) (Form, error) {
	for _, k := range kinds {
		arg, ok := strings.CutPrefix(text, k.prefix)
		switch {
		case !ok || k.check == nil && arg != "":
			continue
		case k.check != nil:
			var err error
			if arg, err = k.check(arg); err != nil {
				return Form{}, fmt.Errorf("%q: %w (%w; want %s)", text, err, ErrForm, Forms)
			}
		}
		return Form{text, k.open, arg}, nil
	}
	return Form{}, fmt.Errorf("%q: %w; want %s", text, ErrForm, Forms)
}

// IsStdio says whether f is for the standard input and output.
func (f Form) IsStdio() bool { return f.text == string(Stdio) }

// Open opens the end. say is told, in a line, where a peer finds it, if it may have one.
func (f Form) Open(say func(line string)) (End, error) {
	end, where, err := f.open(f.arg)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.text, err)
	}
	if where != "" {
		say(where)
	}
	return end, nil
}

func checkPath(path string) (string, error) {
	if path == "" {
		return "", errors.New("no path")
	}
	return path, nil
}

// checkAddress completes HOST:PORT.
func checkAddress(address string) (string, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", errors.New("no host and port, such as tcp::4444")
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return "", fmt.Errorf("port %q: want a number from 0 (any that is free) to 65535", port)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port), nil
}

// file is an End that only takes.
type file struct{ *os.File }

func openFile(path string) (End, string, error) {
	f, err := os.Create(path)
	return file{f}, "", err
}

// Pump implements End.
func (file) Pump(io.Writer) error { return nil }

// Dropped implements End.
func (file) Dropped() uint64 { return 0 }
