package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"axpress/runtime/device/platforms"
)

// listPlatforms is the --platform that lists the others.
const listPlatforms = "list"

// writePlatforms writes the registry for a person to read.
func writePlatforms(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "platform\tCPUs\tsystem\tdescription")
	for _, p := range platforms.All() {
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\n", p.Name, p.Identity.MaxCPUs, p.Identity.Name, p.Description)
	}
	return w.Flush()
}

// fits says whether a platform has room for that many CPUs.
func fits(cpus int, p platforms.Platform) bool { return cpus >= 1 && cpus <= p.Identity.MaxCPUs }

// tooMany is the error if it has not.
func tooMany(cpus int, p platforms.Platform) error {
	return fail(statusUsage, "--smp %d: platform %s has 1 to %d CPUs", cpus, p.Name, p.Identity.MaxCPUs)
}
