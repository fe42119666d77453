package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"axpress/runtime/standalone/usage"
)

// mistyped finds what is wrong with a command line before anything of it is done, and returns the command that it is
// about.
func mistyped(root *cobra.Command, args []string) (*cobra.Command, error) {
	if len(args) > 0 && (args[0] == cobra.ShellCompRequestCmd || args[0] == cobra.ShellCompNoDescRequestCmd) {
		return root, nil // half a command line is no mistake
	}
	c, rest, err := root.Find(args)
	if err != nil {
		return root, err
	}
	c.InitDefaultHelpFlag()
	c.LocalFlags() // makes Flags have those of the parents too
	if boots := bootOptions(c); boots.Lookup("kernel") != nil {
		if err := usage.Foreign(boots, rest); err != nil {
			return c, err
		}
	}
	if c.HasAvailableSubCommands() {
		if name := firstArgument(c.Flags(), rest); name != "" {
			return c, unknownCommand(c, name)
		}
	}
	return c, usage.Once(c.Flags(), rest)
}

// bootOptions are the options of c, and of run if no command is named: an option of QEMU's is meant for that.
func bootOptions(c *cobra.Command) *pflag.FlagSet {
	all := pflag.NewFlagSet(c.Name(), pflag.ContinueOnError)
	all.AddFlagSet(c.Flags())
	if !c.HasParent() {
		for _, sub := range c.Commands() {
			if sub.Name() == "run" {
				all.AddFlagSet(sub.Flags())
			}
		}
	}
	return all
}

// firstArgument is the first of args that is no option; "" if there is none, or if an option before it is unknown.
func firstArgument(fs *pflag.FlagSet, args []string) string {
	for i := 0; i < len(args); i++ {
		name, option := strings.CutPrefix(args[i], "--")
		if !option {
			if strings.HasPrefix(args[i], "-") {
				return "" // the parents' commands have no short options
			}
			return args[i]
		}
		name, _, value := strings.Cut(name, "=")
		f := fs.Lookup(name)
		if f == nil {
			return ""
		}
		if f.NoOptDefVal == "" && !value {
			i++
		}
	}
	return ""
}

// unknownCommand is the error of a name that c has no command of.
func unknownCommand(c *cobra.Command, name string) error {
	var names []string
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, sub.Name())
		}
	}
	hint := usage.Hint(name, names)
	if _, err := os.Stat(name); err == nil && hint == "" && !c.HasParent() {
		hint = fmt.Sprintf(" (to boot the file: axpress run %s)", name)
	}
	return fmt.Errorf("unknown command %q for %q%s", name, c.CommandPath(), hint)
}

// flagError adds to an error about an option what may have been meant.
func flagError(c *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return err
	}
	name := unknown.GetSpecifiedName()
	if unknown.GetSpecifiedShortnames() != "" {
		return err
	}
	var names []string
	c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	if near := usage.Nearest(name, names); len(near) > 0 {
		for i := range near {
			near[i] = "--" + near[i]
		}
		return fmt.Errorf("%w%s", err, usage.Meant(near))
	}
	var have []string
	for _, sub := range c.Root().Commands() {
		if sub != c && sub.IsAvailableCommand() && sub.Flags().Lookup(name) != nil {
			have = append(have, sub.CommandPath())
		}
	}
	if len(have) > 0 {
		return fmt.Errorf("%w (it is an option of %s)", err, strings.Join(have, ", "))
	}
	return err
}

// name sets the files to boot that are named without an option.
func (b *guestOptions) name(args []string) error {
	const most = 2
	if len(args) > most {
		return fail(statusUsage, "run: %q is one argument too many after a kernel and an initramfs; the kernel's command line goes into --append", args[most])
	}
	for i, file := range []struct {
		option string
		value  *string
	}{{"kernel", &b.kernelFile}, {"initrd", &b.initrdFile}} {
		if i >= len(args) {
			break
		}
		if *file.value != "" {
			return fail(statusUsage, "the %s is named twice, as %q and by --%s %q: name it once", file.option, args[i], file.option, *file.value)
		}
		*file.value = args[i]
	}
	return nil
}
