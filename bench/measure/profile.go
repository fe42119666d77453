package measure

import (
	"context"
	"fmt"
	"slices"

	"axpress/bench/workloads"
)

// Profile runs each workload but boots, and those for several CPUs, which are other machines, once in native code and has the machine write where it spent its instructions to file,
// as `axpress run --profile-out` does.
func Profile(ctx context.Context, c Config, file string) error {
	c.Workloads = slices.DeleteFunc(slices.Clone(c.Workloads), func(w workloads.Workload) bool { return w.Group == workloads.Boot || w.SMP })
	c.Engines, c.Runs, c.Cold = []Engine{Native}, 1, true
	c.Options = append(slices.Clone(c.Options), "--profile-out", file)
	if err := c.check(); err != nil {
		return err
	}
	rows, err := prepare(&c).all(ctx)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if cell := r.Engines[Native]; !cell.Good() {
			return fmt.Errorf("profile: %s: %s", r.Name, cell.Error)
		}
	}
	return nil
}
