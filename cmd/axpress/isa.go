package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"axpress/bench/conform"
	"axpress/lifter/isa"
)

func (a *app) isa() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "isa",
		Short: "Print every instruction of Alpha, and which engine does it how",
		Long: "Isa prints the instructions of Alpha: encoding (of the form without qualifiers), number of forms, class, the\n" +
			"first CPU that has it, and what the engines do: the interpreter (interp), the intermediate representation of the\n" +
			"translator (ir), and translated code (native).\n\n" +
			"  full    all forms, in all states of the machine; operands that trap, or that the note names, may take a side exit:\n" +
			"          translated code is left before the instruction, and the interpreter executes it\n" +
			"  part    the forms that the note names are left to the interpreter\n" +
			"  interp  left to the interpreter: exact, but slow\n\n" +
			"Forms \"by the runtime\" are computed by a function of the runtime, without leaving translated code.\n" +
			"Nothing of it is written down: the program asks its interpreter and its translator. The note is native's.",
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			rows, err := conform.Table()
			if err != nil {
				return fail(statusInternal, "BUG: %w", err)
			}
			if asJSON {
				return a.isaJSON(rows)
			}
			return a.isaText(rows)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "write the table, and the CPUs, as JSON")
	return c
}

func (a *app) isaText(rows []conform.Row) error {
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprint(w, "instruction\tencoding\tforms\tclass\textension\tsince")
	for _, e := range conform.Engines {
		fmt.Fprintf(w, "\t%s", e)
	}
	fmt.Fprintln(w, "\tnote")
	counts := make([]map[string]int, len(conform.Engines))
	for i := range counts {
		counts[i] = map[string]int{}
	}
	for _, r := range rows {
		fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\t%s", r.Name, r.Encoding, len(r.Forms), r.Class, r.Ext, r.Since)
		note := ""
		for i, s := range r.Engines {
			counts[i][s.Level]++
			fmt.Fprintf(w, "\t%s", s.Level)
			note = s.Note
		}
		fmt.Fprintf(w, "\t%s\n", note)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(a.out, "%d instructions;", len(rows))
	for i, e := range conform.Engines {
		fmt.Fprintf(a.out, " %s: %d full, %d part, %d interp;", e, counts[i][conform.Full], counts[i][conform.Part], counts[i][conform.Interp])
	}
	fmt.Fprintf(a.out, " missing: %d\n", counts[0][conform.Missing]+counts[1][conform.Missing]+counts[2][conform.Missing])
	return nil
}

// isaModel is a CPU in the JSON form.
type isaModel struct {
	Name    string `json:"name"`
	Chip    string `json:"chip"`
	Implver uint64 `json:"implver"`
	Amask   uint64 `json:"amask"`
	CPUType uint64 `json:"hwrpbType"`
	PABits  uint64 `json:"physicalBits"`
	MHz     uint64 `json:"mhz"`
}

func (a *app) isaJSON(rows []conform.Row) error {
	out := struct {
		Engines      []string      `json:"engines"`
		CPUs         []isaModel    `json:"cpus"`
		Instructions []conform.Row `json:"instructions"`
	}{Engines: conform.Engines[:], Instructions: rows}
	for _, m := range isa.Models() {
		out.CPUs = append(out.CPUs, isaModel(*m))
	}
	return writeJSON(a.out, out)
}
