package usage

import (
	"fmt"

	"github.com/spf13/pflag"
)

// adds is a value that may be given more than once, without being a list.
type adds interface{ adds() }

// Once returns an error if args have an option of fs twice that takes one value: which one was meant cannot be known.
// Lists, and options that add up, may be given as often as one likes. It sets nothing. What else is wrong with args is left
// to those who parse them.
func Once(fs *pflag.FlagSet, args []string) error {
	seen := map[string]string{}
	var twice error
	err := fs.ParseAll(args, func(f *pflag.Flag, value string) error {
		if _, list := f.Value.(pflag.SliceValue); list {
			return nil
		}
		if _, ok := f.Value.(adds); ok {
			return nil
		}
		first, found := seen[f.Name]
		seen[f.Name] = value
		if found && twice == nil {
			twice = fmt.Errorf("--%s is given twice, as %q and as %q: give it once", f.Name, first, value)
		}
		return nil
	})
	if err != nil {
		return nil // Parse says it
	}
	return twice
}

// joined is an option that adds up.
type joined struct{ text *string }

// Joined is an option's value that adds up: what is given later comes after a space.
func Joined(text *string) pflag.Value { return joined{text} }

func (joined) adds() {}

// Set implements pflag.Value.
func (j joined) Set(more string) error {
	if *j.text != "" && more != "" {
		*j.text += " "
	}
	*j.text += more
	return nil
}

// Type implements pflag.Value.
func (joined) Type() string { return "string" }

// String implements pflag.Value.
func (j joined) String() string {
	if j.text == nil {
		return ""
	}
	return *j.text
}
