package main

import (
	"encoding/json"
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
				return a.printPAL(asJSON)
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

func newVersions() versions {
	v := versions{
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
	v := newVersions()
	if asJSON {
		return writeJSON(a.out, v)
	}
	modified := ""
	if v.Modified {
		modified = " (modified)"
	}
	_, err := fmt.Fprintf(a.out, "axpress %s%s\nbuilt with %s for %s\nstate layout %s, artefact format %s, lowering %s\n%s%s\n",
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

func (a *app) printPAL(asJSON bool) error {
	rows := []palRow{}
	var text strings.Builder
	for _, r := range osf.Rows() {
		row := palRow{r.Number, r.Name, r.Status.String(), r.Note}
		rows = append(rows, row)
		fmt.Fprintf(&text, "%#04x  %-12s %-10s %s\n", row.Number, row.Name, row.Status, row.Note)
	}
	if asJSON {
		return writeJSON(a.out, rows)
	}
	_, err := io.WriteString(a.out, text.String())
	return err
}

// writeJSON writes v for programs.
func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
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
