package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"axpress/palstubs/osf"
	"axpress/runtime/abi"
	"axpress/translator/artifact"
	"axpress/translator/llvm"
	"axpress/translator/toolchain"
)

func (a *app) version() *cobra.Command {
	var pal bool
	c := &cobra.Command{
		Use: "version", Short: "Print what this program is made of", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if pal {
				for _, r := range osf.Rows() {
					fmt.Fprintf(a.out, "%#04x  %-12s %-10s %s\n", r.Number, r.Name, r.Status, r.Note)
				}
				return nil
			}
			fmt.Fprintf(a.out, "axpress %s\n", revision())
			fmt.Fprintf(a.out, "built with %s for %s/%s\n", runtime.Version(), runtime.GOOS, runtime.GOARCH)
			fmt.Fprintf(a.out, "state layout %s, artefact format %s, lowering %s\n", abi.LayoutHash(), artifact.Format, llvm.Version)
			if tools, err := toolchain.Find(); err != nil {
				fmt.Fprintln(a.out, err)
			} else {
				fmt.Fprintln(a.out, tools.Key())
			}
			return nil
		},
	}
	c.Flags().BoolVar(&pal, "pal", false, "print the table of CALL_PALs and how far each is done")
	return c
}

// revision is the version of the main module, or of its sources.
func revision() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "(unknown)"
	}
	version, dirty := info.Main.Version, ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			version = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = " (modified)"
		}
	}
	return version + dirty
}
