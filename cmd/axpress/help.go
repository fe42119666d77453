package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"axpress/bench/guest"
	"axpress/runtime/device/platforms"
)

const rootExamples = `  axpress demo                       # build a Linux/Alpha guest, and boot it
  axpress run vmlinux initramfs.gz   # boot your own kernel
  axpress disasm vmlinux schedule    # look at a function`

const runExamples = `  # boot a kernel with an initramfs; the two lines mean the same
  axpress run vmlinux initramfs.cpio.gz --append console=ttyS0
  axpress run --kernel vmlinux --initrd initramfs.cpio.gz --append console=ttyS0

  # on four CPUs and with 4 GB, for at most ten minutes, in a script
  axpress run vmlinux initramfs.cpio.gz --append console=ttyS0 --smp 4 --memory 4G --timeout 10m --no-reboot </dev/null

  # without LLVM
  axpress run vmlinux initramfs.cpio.gz --append console=ttyS0 --engine interp

  # where the guest spends its instructions
  axpress run vmlinux initramfs.cpio.gz --append console=ttyS0 --pprof guest.pb.gz
  go tool pprof -top guest.pb.gz`

// statusTopic is what 'axpress help status' says.
func statusTopic() *cobra.Command {
	return &cobra.Command{Use: "status", Short: "What the exit statuses mean", Long: "Exit statuses of axpress:\n\n" + strings.TrimSuffix(statusTable(), "\n")}
}

// helpCommand is 'axpress help', for which a topic that there is not is bad usage.
func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use: "help [COMMAND]", Short: "Say what a command does, or what a topic is about",
		ValidArgsFunction: func(c *cobra.Command, _ []string, _ string) (names []cobra.Completion, _ cobra.ShellCompDirective) {
			for _, sub := range c.Root().Commands() {
				if sub.IsAvailableCommand() || sub.IsAdditionalHelpTopicCommand() {
					names = append(names, cobra.CompletionWithDesc(sub.Name(), sub.Short))
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(c *cobra.Command, args []string) error {
			about, rest, err := c.Root().Find(args)
			switch {
			case err != nil:
				return fail(statusUsage, "%w", err)
			case len(rest) > 0:
				return fail(statusUsage, "%w", unknownCommand(about, rest[0]))
			}
			about.InitDefaultHelpFlag()
			return about.Help()
		},
	}
}

// seeStatus ends every --help.
const seeStatus = "\nExit statuses: axpress help status\n"

// values are what the shell completes options with.
func values() map[string][]string {
	return map[string][]string{
		"engine":   {engineNative, engineInterp, engineGo},
		"cpu":      modelNames(),
		"platform": append(platforms.Names(), listPlatforms),
		"flavour":  texts(guest.Flavours()),
		"ipi":      slices.Sorted(maps.Keys(ipiModes)),
	}
}

func texts[T ~string](list []T) (all []string) {
	for _, v := range list {
		all = append(all, string(v))
	}
	return all
}

// completeValues lets the shell complete the values of options of all commands below c.
func completeValues(c *cobra.Command) {
	for name, list := range values() {
		// bench has a switch of the name --cpu, fuzz engines of its own.
		if f := c.Flags().Lookup(name); f != nil && f.Value.Type() == "string" {
			if err := c.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(list, cobra.ShellCompDirectiveNoFileComp)); err != nil {
				panic(fmt.Sprintf("BUG: %v", err))
			}
		}
	}
	for _, sub := range c.Commands() {
		completeValues(sub)
	}
}
