package attend

import (
	"errors"
	"fmt"

	"github.com/spf13/pflag"

	"axpress/runtime/machine"
	"axpress/runtime/standalone/serial"
	"axpress/runtime/standalone/terminal"
)

// Flags are the options of a command line about the guest's serial ports. The zero value is that of no options.
type Flags struct {
	ports  [machine.Ports]string // forms of package serial
	escape string

	forms [machine.Ports]serial.Form
	key   terminal.Escape
}

// portOptions are the options of the ports.
var portOptions = [machine.Ports]struct{ name, initial, doc string }{
	{"console", string(serial.Stdio), "what the guest's first serial port, ttyS0, leads to: " + serial.Forms},
	{"serial2", string(serial.Null), "what its second serial port, ttyS1, leads to: the same forms"},
}

// Register adds the options to f.
func (f *Flags) Register(set *pflag.FlagSet) {
	for i, o := range portOptions {
		set.StringVar(&f.ports[i], o.name, o.initial, o.doc)
	}
	set.StringVar(&f.escape, "escape", terminal.DefaultEscape.String(), "the key on the terminal that begins what is not for the guest, such as ^T, or none")
}

// Check reads the options. Its errors are the user's.
func (f *Flags) Check() (err error) {
	stdio := 0
	for i, o := range portOptions {
		if f.forms[i], err = serial.Parse(f.ports[i]); err != nil {
			return fmt.Errorf("--%s: %w", o.name, err)
		}
		if f.forms[i].IsStdio() {
			stdio++
		}
	}
	if stdio > 1 {
		return errors.New("--console and --serial2: only one can be stdio")
	}
	if f.key, err = terminal.ParseEscape(f.escape); err != nil {
		return fmt.Errorf("--escape: %w", err)
	}
	return nil
}

// Open puts what the options say into o, and opens what the ports lead to. Run closes it. o.Say is told where that is.
// Precondition: Check.
func (f *Flags) Open(o *Options) (err error) {
	for i, p := range portOptions {
		if o.Ports[i], err = f.forms[i].Open(func(where string) { o.Say(fmt.Sprintf("ttyS%d is %s", i, where)) }); err != nil {
			for _, end := range o.Ports[:i] {
				err = errors.Join(err, end.Close())
			}
			o.Ports = [machine.Ports]serial.End{}
			return fmt.Errorf("--%s: %w", p.name, err)
		}
	}
	o.Escape = f.key
	return nil
}

// Args are the options for another program that has them.
func (f *Flags) Args() []string {
	return []string{"--console", f.ports[0], "--serial2", f.ports[1], "--escape", f.escape}
}

// Stdio says whether a port leads to the standard input and output. Precondition: Check.
func (f *Flags) Stdio() bool { return f.forms[0].IsStdio() || f.forms[1].IsStdio() }
