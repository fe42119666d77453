package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"axpress/bench/hostile"
)

func (a *app) hostile() *cobra.Command {
	c := hostile.Config{Note: newReporter(a.err).Note}
	command := &cobra.Command{
		Use:   "hostile",
		Short: "Run kernels that do all they can to hurt the machine",
		Long: "Hostile makes kernels of random instructions, CALL_PALs, page tables and accesses to devices, and boots each of them.\n" +
			"A kernel follows from its seed. It may end its guest in any way; it must not crash or hang this program.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runHostile(cmd.Context(), c) },
	}
	f := command.Flags()
	f.Uint64Var(&c.Seed, "seed", 1, "seed of the first kernel; each next has the next number")
	f.Uint64VarP(&c.Count, "count", "n", 100, "how many kernels to run")
	f.StringSliceVar(&c.Engines, "engines", []string{engineNative, engineInterp}, "comma-separated list of native, interp")
	f.DurationVar(&c.Limit, "limit", time.Second, "--timeout of each run")
	return command
}

func (a *app) runHostile(ctx context.Context, c hostile.Config) (err error) {
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
	t := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	for _, e := range c.Engines {
		fmt.Fprintf(t, "%s", e)
		for _, status := range slices.Sorted(maps.Keys(r.Statuses[e])) {
			fmt.Fprintf(t, "\tstatus %d: %d", status, r.Statuses[e][status])
		}
		fmt.Fprintln(t)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(a.out, "%d instructions in the guests that ended in time\n", r.Instructions)
	for _, bad := range r.Bad {
		fmt.Fprintf(a.out, "BAD  %s\n", bad)
	}
	if len(r.Bad) > 0 {
		return fail(statusDiffers, "hostile: %d runs ended as none may", len(r.Bad))
	}
	return nil
}
