package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"axpress/bench/hostile"
)

func (a *app) hostile() *cobra.Command {
	var asJSON bool
	c := hostile.Config{Note: newReporter(a.err).Note}
	command := &cobra.Command{
		Use:   "hostile",
		Short: "Run kernels that do all they can to hurt the machine",
		Long: "Hostile makes kernels of random instructions, CALL_PALs, page tables and accesses to devices, and boots each of them.\n" +
			"A kernel follows from its seed. It may end its guest in any way; it must not crash or hang this program.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runHostile(cmd.Context(), c, asJSON) },
	}
	f := command.Flags()
	f.Uint64Var(&c.Seed, "seed", 1, "seed of the first kernel; each next has the next number")
	f.Uint64VarP(&c.Count, "count", "n", 100, "how many kernels to run")
	f.StringSliceVar(&c.Engines, "engines", []string{engineNative, engineInterp}, "comma-separated list of native, interp")
	f.DurationVar(&c.Limit, "limit", time.Second, "--timeout of each run")
	f.BoolVar(&asJSON, "json", false, "write what became of the kernels as JSON")
	return command
}

func (a *app) runHostile(ctx context.Context, c hostile.Config, asJSON bool) (err error) {
	for _, e := range c.Engines {
		if err := oneOf("engine", e, []string{engineNative, engineInterp}); err != nil {
			return err
		}
	}
	if c.Limit <= 0 {
		return fail(statusUsage, "--limit %s: want a duration such as 2s", c.Limit)
	}
	if c.Axpress, err = os.Executable(); err != nil {
		return err
	}
	// Neither kernels nor their translations are worth keeping.
	if c.Dir, err = os.MkdirTemp("", "axpress-hostile-"); err != nil {
		return err
	}
	defer os.RemoveAll(c.Dir)
	c.Options = []string{"--cache", c.Dir}
	r, err := hostile.Run(ctx, c)
	if err != nil {
		return err
	}
	if err := a.tell(newHostileSummary(c, r), asJSON); err != nil {
		return err
	}
	if len(r.Bad) > 0 {
		return fail(statusDiffers, "hostile: %d runs ended as none may", len(r.Bad))
	}
	return nil
}

// hostileSummary is what became of the kernels.
type hostileSummary struct {
	Seed         uint64       `json:"seed"`
	Count        uint64       `json:"count"`
	Instructions uint64       `json:"instructions"` // in the guests that ended in time
	Ends         []hostileEnd `json:"ends"`
	Bad          []string     `json:"bad"` // what must not happen
}

// hostileEnd is how many kernels ended with a status on an engine.
type hostileEnd struct {
	Engine  string `json:"engine"`
	Status  int    `json:"status"`
	Kernels int    `json:"kernels"`
}

func newHostileSummary(c hostile.Config, r *hostile.Result) *hostileSummary {
	s := &hostileSummary{Seed: c.Seed, Count: c.Count, Instructions: r.Instructions, Ends: []hostileEnd{}, Bad: append([]string{}, r.Bad...)}
	for _, e := range c.Engines {
		for _, status := range slices.Sorted(maps.Keys(r.Statuses[e])) {
			s.Ends = append(s.Ends, hostileEnd{e, status, r.Statuses[e][status]})
		}
	}
	return s
}

func (s *hostileSummary) text(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for i, e := range s.Ends {
		if i > 0 && e.Engine != s.Ends[i-1].Engine {
			fmt.Fprintln(t)
		}
		if i == 0 || e.Engine != s.Ends[i-1].Engine {
			fmt.Fprint(t, e.Engine)
		}
		fmt.Fprintf(t, "\tstatus %d: %d", e.Status, e.Kernels)
	}
	fmt.Fprintf(t, "\n%d instructions in the guests that ended in time\n", s.Instructions)
	for _, bad := range s.Bad {
		fmt.Fprintf(t, "BAD  %s\n", bad)
	}
	return t.Flush()
}
