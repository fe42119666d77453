package guest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Where apt keeps its sources, below the root folder.
const (
	aptList  = "etc/apt/sources.list"
	aptParts = "etc/apt/sources.list.d"
)

// fetchSource downloads and unpacks a Debian source package into c.dir/src and returns its folder and version: the newest
// version that the mirror has. A mirror may list a version whose files it does not have (yet, or any more). When it has
// none at all, the error is a *missingSource.
//
// The system's apt is asked for its mirrors but never changed: the deb-src lines, the package lists and the
// downloads live in folders of our own, below c.dir. apt verifies them with the keys that the system has.
func fetchSource(ctx context.Context, c command, log logger, release, name string) (dir, version string, err error) {
	parts := filepath.Join(c.dir, "apt", "sources")
	src := filepath.Join(c.dir, "src")
	for _, d := range []string{parts, filepath.Join(c.dir, "apt", "lists", "partial"),
		filepath.Join(c.dir, "apt", "cache", "archives", "partial")} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return "", "", err
		}
	}
	if err := writeSourceLists("/", parts, release); err != nil {
		return "", "", err
	}
	options := []string{
		"-o", "Dir::Etc::sourcelist=/dev/null",
		"-o", "Dir::Etc::sourceparts=" + parts,
		"-o", "Dir::State::lists=" + filepath.Join(c.dir, "apt", "lists"),
		"-o", "Dir::Cache=" + filepath.Join(c.dir, "apt", "cache"),
		"-o", "APT::Sandbox::User=root", // the folders are ours; apt's own user cannot write there
	}
	a := newApt(log, c.dir, c.log)
	if err := a.get(ctx, append(options, "update")...); err != nil {
		return "", "", fmt.Errorf("fetch the source of %s: %w", name, err)
	}
	a.dir = src
	first := a.source(ctx, options, name)
	if first == nil {
		return unpackedSource(src, name)
	}
	if !said(first, notThere) {
		return "", "", fmt.Errorf("fetch the source of %s: %w", name, first)
	}
	versions, err := sourceVersions(ctx, c, options, name)
	if err != nil {
		return "", "", err
	}
	for i, version := range versions {
		if i == 0 { // that is what failed
			continue
		}
		log.printf("%s: the mirror does not have %s; trying %s", name, versions[i-1], version)
		err := a.source(ctx, options, name+"="+version)
		if err == nil {
			return unpackedSource(src, name)
		}
		if !said(err, notThere) {
			return "", "", fmt.Errorf("fetch the source of %s: %w", name, err)
		}
	}
	return "", "", &missingSource{name: name, versions: versions, err: first}
}

// notThere is what apt-get source says of files that the mirror does not have, and of a package that it does not know.
var notThere = regexp.MustCompile(`^E: (Failed to fetch|Unable to find a source package)`)

// missingSource says that no version of a package's source can be had.
type missingSource struct {
	name     string
	versions []string // that the mirror lists
	err      error    // what the newest failed with
}

// Error implements error.
func (m *missingSource) Error() string {
	if len(m.versions) == 0 {
		return fmt.Sprintf("the mirror has no source of %s: %v", m.name, m.err)
	}
	return fmt.Sprintf("the mirror has no source of %s, though it lists %s: %v", m.name, strings.Join(m.versions, ", "), m.err)
}

// Unwrap returns what the newest version failed with.
func (m *missingSource) Unwrap() error { return m.err }

// source downloads and unpacks what: NAME or NAME=VERSION. Its folder is emptied before.
func (a apt) source(ctx context.Context, options []string, what string) error {
	if err := errors.Join(os.RemoveAll(a.dir), os.Mkdir(a.dir, 0o755)); err != nil {
		return err
	}
	return a.get(ctx, append(options[:len(options):len(options)], "source", what)...)
}

// sourceVersions returns the versions of a source package that the mirrors list, the newest first.
func sourceVersions(ctx context.Context, c command, options []string, name string) ([]string, error) {
	cmd := exec.CommandContext(ctx, "apt-cache", append(options[:len(options):len(options)], "showsrc", name)...)
	cmd.Env = plainEnv()
	out, err := cmd.Output()
	var unknown *exec.ExitError
	if err != nil && !errors.As(err, &unknown) {
		return nil, fmt.Errorf("versions of the source of %s: %w", name, err)
	}
	err = nil
	var versions []string
	for _, m := range versionField.FindAllStringSubmatch(string(out), -1) {
		if !slices.Contains(versions, m[1]) {
			versions = append(versions, m[1])
		}
	}
	slices.SortStableFunc(versions, func(a, b string) int {
		for _, relation := range []struct {
			name  string
			order int
		}{{"gt", -1}, {"lt", 1}} {
			e := exec.CommandContext(ctx, "dpkg", "--compare-versions", a, relation.name, b).Run()
			var no *exec.ExitError
			if e == nil {
				return relation.order
			}
			if !errors.As(e, &no) {
				err = e
			}
		}
		return 0
	})
	return versions, err
}

// versionField is a field of a .dsc file, and of what apt-cache showsrc says.
var versionField = regexp.MustCompile(`(?m)^Version: *(\S+)$`)

// unpackedSource finds what apt-get source left: a .dsc file, which names the version, and a folder.
func unpackedSource(src, name string) (dir, version string, err error) {
	descriptions, err := filepath.Glob(filepath.Join(src, name+"_*.dsc"))
	if err != nil || len(descriptions) != 1 {
		return "", "", fmt.Errorf("fetch the source of %s: found %d .dsc files in %s, want 1", name, len(descriptions), src)
	}
	text, err := os.ReadFile(descriptions[0])
	if err != nil {
		return "", "", err
	}
	match := versionField.FindSubmatch(text)
	if match == nil {
		return "", "", fmt.Errorf("fetch the source of %s: %s has no Version line", name, descriptions[0])
	}
	dirs, err := filepath.Glob(filepath.Join(src, name+"-*", "debian"))
	if err != nil || len(dirs) != 1 {
		return "", "", fmt.Errorf("fetch the source of %s: found %d folders with a debian folder in %s, want 1",
			name, len(dirs), src)
	}
	return filepath.Dir(dirs[0]), string(match[1]), nil
}

// writeSourceLists reads the apt sources below root and writes, into the folder parts, files of the same names that
// ask the same mirrors for the source packages of the release.
func writeSourceLists(root, parts, release string) error {
	files, err := filepath.Glob(filepath.Join(root, aptParts, "*"))
	if err != nil {
		return err
	}
	found := 0
	for _, file := range append(files, filepath.Join(root, aptList)) {
		ext := filepath.Ext(file)
		if ext != ".list" && ext != ".sources" {
			continue
		}
		text, err := os.ReadFile(file)
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			return fmt.Errorf("apt sources: %w", err)
		}
		converted := sourceLines(string(text), release)
		if ext == ".sources" {
			converted = sourceStanzas(string(text), release)
		}
		if converted == "" {
			continue
		}
		found++
		if err := os.WriteFile(filepath.Join(parts, filepath.Base(file)), []byte(converted), 0o644); err != nil {
			return err
		}
	}
	if found == 0 {
		return fmt.Errorf("apt sources: neither %s nor a file in %s names Debian %s with the component main; "+
			"add a line of the form\n\tdeb URI-of-a-mirror %s main", filepath.Join(root, aptList),
			filepath.Join(root, aptParts), release, release)
	}
	return nil
}

// ofRelease reports whether a suite with components is a part of the Debian release: bookworm, bookworm-security,
// stable/updates. Others' repositories have other suites, or no main.
func ofRelease(suite string, components []string, release string) bool {
	name, _, _ := strings.Cut(suite, "/")
	name, _, _ = strings.Cut(name, "-")
	if name != release && name != "stable" {
		return false
	}
	for _, c := range components {
		if c == "main" {
			return true
		}
	}
	return false
}

// sourceLine is "deb [options] uri suite components".
var sourceLine = regexp.MustCompile(`^deb(?:-src)?\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+(.*)$`)

// sourceLines converts a one-line-style list.
func sourceLines(text, release string) string {
	var b strings.Builder
	seen := map[string]bool{}
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		m := sourceLine.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil || !ofRelease(m[3], strings.Fields(m[4]), release) {
			continue
		}
		var options string
		for _, o := range strings.Fields(m[1]) {
			if !strings.HasPrefix(o, "arch") { // source packages have none
				options += " " + o
			}
		}
		if options != "" {
			options = "[" + options[1:] + "] "
		}
		out := "deb-src " + options + m[2] + " " + m[3] + " main\n"
		if !seen[out] { // deb and deb-src of one mirror
			seen[out] = true
			b.WriteString(out)
		}
	}
	return b.String()
}

// sourceStanzas converts a deb822-style list. A stanza's other fields (Signed-By and its continuation lines, Trusted)
// are kept.
func sourceStanzas(text, release string) string {
	var b strings.Builder
	for _, stanza := range regexp.MustCompile(`\n[ \t]*\n`).Split(text, -1) {
		fields := map[string]string{}
		var keep []string
		var name string
		for line := range strings.Lines(stanza) {
			line = strings.TrimRight(line, "\r\n")
			if line == "" || line[0] == '#' {
				continue
			}
			if line[0] != ' ' && line[0] != '\t' {
				var value string
				name, value, _ = strings.Cut(line, ":")
				name = strings.ToLower(strings.TrimSpace(name))
				fields[name] = strings.TrimSpace(value)
			} else {
				fields[name] += " " + strings.TrimSpace(line)
			}
			switch name {
			case "types", "suites", "components", "architectures":
			default:
				keep = append(keep, line)
			}
		}
		var suites []string
		for _, suite := range strings.Fields(fields["suites"]) {
			if ofRelease(suite, strings.Fields(fields["components"]), release) {
				suites = append(suites, suite)
			}
		}
		if len(suites) == 0 || strings.EqualFold(fields["enabled"], "no") {
			continue
		}
		fmt.Fprintf(&b, "Types: deb-src\nSuites: %s\nComponents: main\n%s\n\n",
			strings.Join(suites, " "), strings.Join(keep, "\n"))
	}
	return b.String()
}

// debianRelease returns the system's codename: bookworm.
func debianRelease() (string, error) {
	for _, path := range []string{"/etc/os-release", "/usr/lib/os-release"} {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		if name := releaseName(string(text)); name != "" {
			return name, nil
		}
	}
	return "", fmt.Errorf("%w; os-release names no VERSION_CODENAME of Debian", ErrNoDebian)
}

// releaseName returns the VERSION_CODENAME of a Debian's os-release, or "".
func releaseName(text string) string {
	fields := map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			fields[name] = strings.Trim(value, `"'`)
		}
	}
	if fields["ID"] != "debian" {
		return ""
	}
	return fields["VERSION_CODENAME"]
}
