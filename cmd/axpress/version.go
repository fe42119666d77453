package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"axpress/palstubs/osf"
	"axpress/runtime/abi"
	"axpress/translator/artifact"
	"axpress/translator/llvm"
	"axpress/translator/toolchain"
)

func (a *app) version() *cobra.Command {
	var pal, asJSON bool
	c := &cobra.Command{
		Use: "version", Short: "Print what this program is made of", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if pal {
				return a.tell(newPALRows(), asJSON)
			}
			return a.printVersion(asJSON)
		},
	}
	c.Flags().BoolVar(&pal, "pal", false, "print the table of CALL_PALs and how far each is done")
	c.Flags().BoolVar(&asJSON, "json", false, "write it as JSON")
	return c
}

// versions say what the program is made of.
type versions struct {
	Version  string `json:"version"`  // the revision of the sources, or the module's version
	Modified bool   `json:"modified"` // the sources were not as the revision has them
	Go       string `json:"go"`
	Platform string `json:"platform"`
	State    string `json:"state_layout"`
	Artifact string `json:"artefact_format"`
	Lowering string `json:"lowering"`
	Tools    string `json:"tools"`       // "" if there are none
	Missing  string `json:"tools_error"` // why
}

func newVersions() *versions {
	v := &versions{
		Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
		State: abi.LayoutHash(), Artifact: artifact.Format, Lowering: llvm.Version,
	}
	v.Version, v.Modified = revision()
	if tools, err := toolchain.Find(); err != nil {
		v.Missing = err.Error()
	} else {
		v.Tools = tools.Key()
	}
	return v
}

func (a *app) printVersion(asJSON bool) error {
	return a.tell(newVersions(), asJSON)
}

func (v *versions) text(w io.Writer) error {
	modified := ""
	if v.Modified {
		modified = " (modified)"
	}
	_, err := fmt.Fprintf(w, "axpress %s%s\nbuilt with %s for %s\nstate layout %s, artefact format %s, lowering %s\n%s%s\n",
		v.Version, modified, v.Go, v.Platform, v.State, v.Artifact, v.Lowering, v.Tools, v.Missing)
	return err
}

// palRow is a row of the table of CALL_PALs in the JSON form.
type palRow struct {
	Number uint32 `json:"number"`
	Name   string `json:"name"`
	Status string `json:"status"`
	Note   string `json:"note"`
}

type palRows []palRow

func newPALRows() (rows palRows) {
	for _, r := range osf.Rows() {
		rows = append(rows, palRow{r.Number, r.Name, r.Status.String(), r.Note})
	}
	return rows
}

func (rows palRows) text(w io.Writer) error {
	var b strings.Builder
	for _, r := range rows {
		fmt.Fprintf(&b, "%#04x  %-12s %-10s %s\n", r.Number, r.Name, r.Status, r.Note)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// packaged is the version of the package that the program is in; the linker writes it (make deb).
var packaged string

// revision is the version of the package or of the main module, or of its sources, and whether those were changed.
func revision() (version string, modified bool) {
	if packaged != "" {
		return packaged, false
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "(unknown)", false
	}
	version = info.Main.Version
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			version = s.Value
		case "vcs.modified":
			modified = s.Value == "true"
		}
	}
	return version, modified
}
