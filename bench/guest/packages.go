package guest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
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

// Groups returns every group.
func Groups() []Group { return []Group{GroupGuest, GroupTranslate, GroupPeer, GroupBench} }

// Package is one line of recipe/packages.txt, the list of every Debian package the product uses.
type Package struct {
	Group   Group
	Name    string   // of the first choice
	Choices []Choice // any of them will do; the first that the release has is installed
	Why     string
}

// Choice is a package that will do.
type Choice struct {
	Name  string
	Below int // a version whose first number is so high will not do; 0: every version will
}

// allows reports whether a version of the package, "" for none, will do.
func (c Choice) allows(version string) bool {
	if version == "" || c.Below == 0 {
		return version != ""
	}
	_, upstream, ok := strings.Cut(version, ":") // after the epoch
	if !ok {
		upstream = version
	}
	n, err := strconv.Atoi(regexp.MustCompile(`^\d*`).FindString(upstream))
	return err == nil && n < c.Below
}

// choose returns the first of the choices of which versions has one that will do, or "".
func (p Package) choose(versions map[string]string) string {
	for _, c := range p.Choices {
		if c.allows(versions[c.Name]) {
			return c.Name
		}
	}
	return ""
}

// parsePackage reads a line: group, choices (NAME or NAME<NUMBER, with | between them), what for.
func parsePackage(line string) (Package, error) {
	fields := strings.Fields(line)
	if len(fields) < 3 {
		return Package{}, fmt.Errorf("%q: want group, package, what for", line)
	}
	p := Package{Group: Group(fields[0]), Why: strings.Join(fields[2:], " ")}
	for text := range strings.SplitSeq(fields[1], "|") {
		name, below, bounded := strings.Cut(text, "<")
		c := Choice{Name: name}
		if bounded {
			var err error
			if c.Below, err = strconv.Atoi(below); err != nil || c.Below < 1 {
				return Package{}, fmt.Errorf("%q: %q is no version's first number", line, below)
			}
		}
		p.Choices = append(p.Choices, c)
	}
	p.Name = p.Choices[0].Name
	return p, nil
}

// Packages returns the packages of the groups, or all of them when no group is given, in the file's order.
func Packages(groups ...Group) []Package {
	text, err := recipeFile("packages.txt")
	if err != nil {
		panic(err) // the file is embedded: go build has seen it
	}
	var all []Package
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		p, err := parsePackage(line)
		if err != nil {
			panic(err) // TestPackages has seen it
		}
		if len(groups) == 0 || slices.Contains(groups, p.Group) {
			all = append(all, p)
		}
	}
	return all
}

// packageNames returns the names of all choices.
func packageNames(packages []Package) []string {
	var names []string
	for _, p := range packages {
		for _, c := range p.Choices {
			names = append(names, c.Name)
		}
	}
	return names
}

// InstallPackages installs the packages of the groups that are missing, with apt-get. It needs root; without it the
// error says which command to run. When none is missing it does nothing. Of a package that the system's release does
// not have, a line says so; whoever needs it says what is then impossible. Where there is no dpkg nothing is done, and
// a line says that, too.
// Progress goes to log, which may be nil.
func InstallPackages(ctx context.Context, log io.Writer, groups ...Group) error {
	l := logger{log}
	if _, err := exec.LookPath("dpkg-query"); err != nil {
		l.printf("this system has no Debian packages: nothing is installed")
		return nil
	}
	absent, err := ensurePackages(ctx, l, Packages(groups...))
	for _, p := range absent {
		l.printf("%v; everything that does without it works", absentError(p))
	}
	return err
}

// absentError says that a release does not have what a package is for.
func absentError(p Package) error {
	var choices []string
	for _, c := range p.Choices {
		name := c.Name
		if c.Below != 0 {
			name += " before " + strconv.Itoa(c.Below)
		}
		choices = append(choices, name)
	}
	return fmt.Errorf("this release has no %s (%s)", strings.Join(choices, ", "), p.Why)
}

// requirePackages is ensurePackages where a package that the release does not have is an error.
func requirePackages(ctx context.Context, log logger, packages []Package) error {
	absent, err := ensurePackages(ctx, log, packages)
	if err == nil && len(absent) > 0 {
		err = fmt.Errorf("guest: %w", absentError(absent[0]))
	}
	return err
}

// ensurePackages installs those of the packages that are missing, when it may. It returns those that the release does
// not have.
func ensurePackages(ctx context.Context, log logger, packages []Package) (absent []Package, err error) {
	installed, err := installedVersions(ctx, packageNames(packages))
	if err != nil {
		return nil, err
	}
	missing := missingPackages(packages, installed)
	if len(missing) == 0 {
		return nil, nil
	}
	a := newApt(log, os.TempDir(), nil)
	names, absent, err := candidates(ctx, missing)
	if err != nil || len(names) == 0 && haveLists("/") {
		return absent, err
	}
	if os.Geteuid() != 0 {
		if !haveLists("/") { // nothing is known: the usual ones
			names, absent = firstChoices(missing), nil
		}
		return absent, missingError(names, missing)
	}
	updateErr := a.get(ctx, "update") // some mirror that we do not need may be down
	if names, absent, err = candidates(ctx, missing); err != nil || len(names) == 0 {
		return absent, errors.Join(err, updateErr)
	}
	log.printf("installing %s", strings.Join(names, " "))
	args := append([]string{"install", "-y", "--no-install-recommends"}, names...)
	if err := a.get(ctx, args...); err != nil {
		return absent, fmt.Errorf("guest: install packages: %w", errors.Join(err, updateErr))
	}
	return absent, nil
}

// haveLists reports whether apt has lists of packages below root: a fresh container has none.
func haveLists(root string) bool {
	found, err := filepath.Glob(filepath.Join(root, "var/lib/apt/lists/*_Packages*"))
	return err == nil && len(found) > 0
}

// firstChoices returns the packages' names.
func firstChoices(packages []Package) []string {
	names := make([]string, len(packages))
	for i, p := range packages {
		names[i] = p.Name
	}
	return names
}

// missingPackages returns the packages none of whose choices is installed in a version that will do.
func missingPackages(packages []Package, installed map[string]string) []Package {
	var missing []Package
	for _, p := range packages {
		if p.choose(installed) == "" {
			missing = append(missing, p)
		}
	}
	return missing
}

// candidates asks apt what it would install of the packages: names, and the packages that the release does not have.
func candidates(ctx context.Context, packages []Package) (names []string, absent []Package, err error) {
	cmd := exec.CommandContext(ctx, "apt-cache", append([]string{"policy"}, packageNames(packages)...)...)
	cmd.Env = plainEnv()
	out, err := cmd.Output()
	if err != nil {
		return nil, nil, fmt.Errorf("guest: apt-cache policy: %w", err)
	}
	versions := parsePolicy(string(out))
	for _, p := range packages {
		if name := p.choose(versions); name != "" {
			names = append(names, name)
		} else {
			absent = append(absent, p)
		}
	}
	return names, absent, nil
}

// parsePolicy reads what apt-cache policy says: the version of each package that would be installed.
func parsePolicy(text string) map[string]string {
	versions := map[string]string{}
	var name string
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if !strings.HasPrefix(line, " ") {
			name = strings.TrimSuffix(line, ":")
		} else if v, ok := strings.CutPrefix(strings.TrimSpace(line), "Candidate: "); ok && v != "(none)" {
			versions[name] = v
		}
	}
	return versions
}

// missingError says what is missing, what for, and what to type.
func missingError(names []string, missing []Package) error {
	var b strings.Builder
	fmt.Fprintf(&b, "guest: %d Debian packages are missing and only root can install them; run\n\t%s\nThey are for:",
		len(names), aptCommand(names))
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
	if err != nil && (cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != 1) { // 1: some are not known
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
