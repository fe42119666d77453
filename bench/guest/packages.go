package guest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// Group says what a Debian package is needed for.
type Group string

// The groups of recipe/packages.txt.
const (
	GroupGuest     Group = "guest"     // building the guest
	GroupTranslate Group = "translate" // the translator's LLVM back end
	GroupPeer      Group = "peer"      // what Axpress is compared with
	GroupBench     Group = "bench"     // building the workloads of the bench
)

// Package is one line of recipe/packages.txt, the list of every Debian package the product uses.
type Package struct {
	Group Group
	Name  string
	Why   string
}

// Packages returns the packages of the groups, or all of them when no group is given, in the file's order.
func Packages(groups ...Group) []Package {
	text, err := recipeFile("packages.txt")
	if err != nil {
		panic(err) // the file is embedded: go build has seen it
	}
	var all []Package
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) < 3 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		p := Package{Group(fields[0]), fields[1], strings.Join(fields[2:], " ")}
		if len(groups) == 0 || slices.Contains(groups, p.Group) {
			all = append(all, p)
		}
	}
	return all
}

func packageNames(packages []Package) []string {
	names := make([]string, len(packages))
	for i, p := range packages {
		names[i] = p.Name
	}
	return names
}

// InstallPackages installs the packages of the groups that are missing, with apt-get. It needs root; without it the
// error says which command to run. When none is missing it does nothing.
// Progress goes to log, which may be nil.
func InstallPackages(ctx context.Context, log io.Writer, groups ...Group) error {
	return ensurePackages(ctx, logger{log}, Packages(groups...))
}

// ensurePackages installs those of the packages that are missing, when it may.
func ensurePackages(ctx context.Context, log logger, packages []Package) error {
	if _, err := exec.LookPath("dpkg-query"); err != nil {
		return errors.New("guest: dpkg-query not found: the guest is built from Debian's packages; " +
			"run this on Debian 12 (a container will do)")
	}
	installed, err := installedVersions(ctx, packageNames(packages))
	if err != nil {
		return err
	}
	missing := missingPackages(packages, installed)
	if len(missing) == 0 {
		return nil
	}
	if os.Geteuid() != 0 {
		return missingError(missing)
	}
	log.printf("installing %s", strings.Join(packageNames(missing), " "))
	c := command{dir: os.TempDir(), env: []string{"DEBIAN_FRONTEND=noninteractive"}}
	updateErr := c.run(ctx, "apt-get", "update", "-q") // some mirror that we do not need may be down
	args := append([]string{"install", "-q", "-y", "--no-install-recommends"}, packageNames(missing)...)
	if err := c.run(ctx, "apt-get", args...); err != nil {
		return fmt.Errorf("guest: install packages: %w", errors.Join(err, updateErr))
	}
	return nil
}

// missingPackages returns the packages that have no installed version.
func missingPackages(packages []Package, installed map[string]string) []Package {
	var missing []Package
	for _, p := range packages {
		if installed[p.Name] == "" {
			missing = append(missing, p)
		}
	}
	return missing
}

// missingError says what is missing, what for, and what to type.
func missingError(missing []Package) error {
	var b strings.Builder
	fmt.Fprintf(&b, "guest: %d Debian packages are missing and only root can install them; run\n\t%s\nThey are for:",
		len(missing), aptCommand(packageNames(missing)))
	for _, p := range missing {
		fmt.Fprintf(&b, "\n\t%-26s %s", p.Name, p.Why)
	}
	return errors.New(b.String())
}

// aptCommand returns the shell command that installs the packages.
func aptCommand(names []string) string {
	return "sudo apt-get update && sudo apt-get install -y --no-install-recommends " + strings.Join(names, " ")
}

// installedVersions returns the version of each of the packages that is installed.
func installedVersions(ctx context.Context, names []string) (map[string]string, error) {
	args := append([]string{"-W", "-f", "${Package} ${db:Status-Status} ${Version}\n"}, names...)
	cmd := exec.CommandContext(ctx, "dpkg-query", args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil && cmd.ProcessState.ExitCode() != 1 { // 1: some are not known
		return nil, fmt.Errorf("guest: dpkg-query: %w: %s", err, strings.TrimSpace(stderr.String()))
	}
	return parseVersions(string(out)), nil
}

// parseVersions reads lines "package status version".
func parseVersions(text string) map[string]string {
	versions := map[string]string{}
	for line := range strings.Lines(text) {
		if f := strings.Fields(line); len(f) == 3 && f[1] == "installed" {
			versions[f[0]] = f[2]
		}
	}
	return versions
}
