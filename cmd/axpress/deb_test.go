package main

import (
	"bytes"
	"compress/gzip"
	"debug/elf"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// unreachable is what Go says that cannot download a module.
var unreachable = regexp.MustCompile(`dial tcp|no such host|i/o timeout|connection refused|module lookup disabled|proxyconnect`)

// unpackDeb makes the Debian package and returns what is in it: a folder, and its control file.
func unpackDeb(t *testing.T) (dir, control string) {
	t.Helper()
	if testing.Short() {
		t.Skip("the package is not made in short tests")
	}
	for _, tool := range []string{"make", "dpkg-deb", "gzip"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
	into := t.TempDir()
	c := exec.CommandContext(t.Context(), "make", "-C", filepath.Join("..", ".."), "deb", "DEB="+into)
	if out, err := c.CombinedOutput(); err != nil {
		if unreachable.Match(out) {
			t.Skipf("nfpm cannot be downloaded: %s", out)
		}
		t.Fatalf("make deb: %v\n%s", err, out)
	}
	made, err := filepath.Glob(filepath.Join(into, "*"))
	if err != nil || len(made) != 1 || !strings.HasSuffix(made[0], "_amd64.deb") {
		t.Fatalf("make deb left %q, %v", made, err)
	}
	dir = t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "dpkg-deb", "-x", made[0], dir).CombinedOutput(); err != nil {
		t.Fatalf("dpkg-deb: %v\n%s", err, out)
	}
	info, err := exec.CommandContext(t.Context(), "dpkg-deb", "-f", made[0]).CombinedOutput()
	if err != nil {
		t.Fatalf("dpkg-deb: %v\n%s", err, info)
	}
	return dir, string(info)
}

// The package's program runs in a folder and with a home that have nothing of the source, and the manual, the shells'
// completion and the licences are there.
func TestDeb(t *testing.T) {
	dir, control := unpackDeb(t)
	if !strings.Contains(control, "Package: axpress\n") || !regexp.MustCompile(`(?m)^Version: \d`).MatchString(control) || strings.Contains(control, "Depends:") {
		t.Errorf("%s", control)
	}
	program := filepath.Join(dir, "usr", "bin", "axpress")
	checkProgram(t, program)
	kernel, elsewhere := halting(t, 4), t.TempDir()
	for _, c := range []struct {
		args []string
		want status
		says string // on one of the streams
	}{
		{[]string{"version"}, statusOK, "state layout"},
		{[]string{"isa"}, statusOK, "missing: 0"},
		{[]string{"run", "--engine", "interp", "--memory", bootMem, kernel}, statusOK, ""},
		{[]string{"disasm", kernel}, statusOK, "<_start>:"},
		{[]string{"bench", "--list"}, statusOK, "sieve"},
		{[]string{"suite", "--list"}, statusOK, "int_add"},
		{[]string{"run", "--engine", "go", "--memory", bootMem, kernel}, statusInput, "cannot build Go programs: "},
	} {
		p := exec.CommandContext(t.Context(), program, c.args...)
		p.Dir, p.Env = elsewhere, []string{"HOME=" + elsewhere, "PATH=/nonexistent"}
		out, err := p.CombinedOutput()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) || status(p.ProcessState.ExitCode()) != c.want || !strings.Contains(string(out), c.says) {
			t.Errorf("%q: %v, no %q in\n%.2000s", c.args, err, c.says, out)
		}
	}
	for path, want := range map[string]string{
		"doc/axpress/copyright":                  "MIT License",
		"doc/axpress/README.md":                  "# Axpress",
		"man/man1/axpress.1.gz":                  "130  interrupted",
		"man/man1/axpress-run.1.gz":              "EXAMPLE",
		"bash-completion/completions/axpress":    "__start_axpress",
		"zsh/vendor-completions/_axpress":        "#compdef axpress",
		"fish/vendor_completions.d/axpress.fish": "complete -c axpress",
	} {
		if got := readPacked(t, filepath.Join(dir, "usr", "share", path)); !strings.Contains(got, want) {
			t.Errorf("%s: no %q in %.200q", path, want, got)
		}
	}
}

// checkProgram looks whether a program is static, and holds nothing of where it was built.
func checkProgram(t *testing.T, program string) {
	t.Helper()
	f, err := elf.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			t.Error("the program is not static")
		}
	}
	data, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(data, []byte(root+"/cmd")) {
		t.Errorf("the program names %s", root)
	}
}

// readPacked reads a file, which may be compressed.
func readPacked(t *testing.T, path string) string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Error(err)
		return ""
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			t.Errorf("%s: %v", path, err)
			return ""
		}
	}
	data, err := io.ReadAll(r)
	if err != nil {
		t.Errorf("%s: %v", path, err)
	}
	return string(data)
}
