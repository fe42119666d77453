package guest

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestPackages(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range Packages() {
		if seen[p.Name] {
			t.Errorf("%s is listed twice", p.Name)
		}
		seen[p.Name] = true
		if !slices.Contains([]Group{GroupGuest, GroupTranslate, GroupPeer, GroupBench}, p.Group) {
			t.Errorf("%s: unknown group %q", p.Name, p.Group)
		}
	}
	for _, name := range []string{"gcc-alpha-linux-gnu", "linux-source", "qemu-system-misc", "llvm"} {
		if !seen[name] {
			t.Errorf("%s is not listed", name)
		}
	}
	if len(Packages(GroupPeer)) == 0 || len(Packages(GroupPeer)) == len(Packages()) {
		t.Error("the groups are not told apart")
	}
}

func TestMissingPackages(t *testing.T) {
	list := []Package{
		{GroupGuest, "gcc", []Choice{{Name: "gcc"}}, "compiles"}, {GroupGuest, "bc", []Choice{{Name: "bc"}}, "counts"},
		{GroupGuest, "flex", []Choice{{Name: "flex"}}, "scans"},
	}
	installed := parseVersions("gcc installed 4:12.2.0-3\nbc config-files 1.07.1-3\nlibc-dev not-installed \n")
	if installed["gcc"] != "4:12.2.0-3" {
		t.Errorf("versions: %v", installed)
	}
	missing := missingPackages(list, installed)
	if len(missing) != 2 {
		t.Fatalf("missing: %v", missing)
	}
	text := missingError(firstChoices(missing), missing).Error()
	for _, want := range []string{"2 Debian packages", "apt-get install -y --no-install-recommends bc flex", "counts", "scans"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in:\n%s", want, text)
		}
	}
}

// Of LLVM what the release has is taken, in a version that the translator reads.
func TestChoices(t *testing.T) {
	llvm := Packages(GroupTranslate)[0]
	for text, want := range map[string]string{
		"llvm:\n  Installed: (none)\n  Candidate: 1:14.0-55.7~deb12u1\nllvm-16:\n  Candidate: 1:16.0.6-15\n":                            "llvm",
		"llvm:\n  Candidate: 1:19.0-63\n  Version table:\n     1:19.0-63 500\nllvm-15:\n  Installed: (none)\n  Candidate: 1:15.0.6-4\n": "llvm-15",
		"llvm:\n  Candidate: 1:19.0-63\nllvm-14:\n  Candidate: (none)\n":                                                                "",
		"": "",
	} {
		if got := llvm.choose(parsePolicy(text)); got != want {
			t.Errorf("of %q %q is chosen, want %q", text, got, want)
		}
	}
	if got := absentError(llvm).Error(); !strings.Contains(got, "llvm before 17, llvm-16, llvm-15, llvm-14") {
		t.Error(got)
	}
	for _, bad := range []string{"guest gcc", "guest gcc<x why", "guest gcc<0 why"} {
		if _, err := parsePackage(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestSourceLists(t *testing.T) {
	lists := map[string]string{
		"etc/apt/sources.list": "# deb http://commented.example/ bookworm main\n" +
			"deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian bookworm main contrib # why\n" +
			"deb-src [signed-by=/k.gpg] http://mirror.example/debian bookworm main\n" +
			"deb http://other.example/apt tool-bookworm main\n" +
			"deb http://mirror.example/debian bookworm-updates main\n",
		"etc/apt/sources.list.d/debian.sources": "Types: deb\n# note\nURIs: http://second.example/debian\n" +
			"Suites: bookworm trixie\n bookworm-security\nComponents: main non-free\nSigned-By:\n -----BEGIN\n .\n key\n\n" +
			"Types: deb\nURIs: http://off.example/\nSuites: bookworm\nComponents: main\nEnabled: no\n",
		"etc/apt/sources.list.d/node.sources": "Types: deb\nURIs: http://node.example\nSuites: nodistro\nComponents: main\n",
		"etc/apt/sources.list.d/off.disabled": "deb http://disabled.example bookworm main\n",
	}
	root, parts := writeTree(t, lists), t.TempDir()
	if err := writeSourceLists(root, parts, "bookworm"); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"sources.list": "deb-src [signed-by=/k.gpg] http://mirror.example/debian bookworm main\n" +
			"deb-src http://mirror.example/debian bookworm-updates main\n",
		"debian.sources": "Types: deb-src\nSuites: bookworm bookworm-security\nComponents: main\n" +
			"URIs: http://second.example/debian\nSigned-By:\n -----BEGIN\n .\n key\n\n",
	} {
		got, err := os.ReadFile(filepath.Join(parts, name))
		if err != nil || string(got) != want {
			t.Errorf("%s: %v; got\n%s\nwant\n%s", name, err, got, want)
		}
	}
	if files, err := os.ReadDir(parts); err != nil || len(files) != 2 {
		t.Errorf("files %v, %v; want 2", files, err)
	}
	err := writeSourceLists(t.TempDir(), t.TempDir(), "bookworm")
	if err == nil || !strings.Contains(err.Error(), "deb URI-of-a-mirror bookworm main") {
		t.Errorf("no sources: got %v, want what to add", err)
	}
}

func TestReleaseName(t *testing.T) {
	if got := releaseName("ID=debian\nVERSION_CODENAME=bookworm\n"); got != "bookworm" {
		t.Errorf("Debian 12 is %q", got)
	}
	if got := releaseName("ID=ubuntu\nVERSION_CODENAME=jammy\n"); got != "" {
		t.Errorf("another distribution is %q", got)
	}
}

// A program's failure is one short line, however much it said: what apt or a compiler calls the error, else the last line.
func TestCommandError(t *testing.T) {
	long := strings.Repeat("x", 1000)
	for script, want := range map[string]string{
		"for i in $(seq 1 50); do echo line $i; done; printf end; exit 3":                                              "sh: exit status 3: end",
		"echo 'E: Failed to fetch http://m/p.dsc  404  Not Found'; echo 'E: Failed to fetch some archives.'; exit 100": "sh: exit status 100: E: Failed to fetch http://m/p.dsc 404 Not Found",
		"echo 'a.c:1:2: error: no'; echo 'b.c:1:2: error: no'; seq 1 50; echo 'make: *** [a.o] Error 1' >&2; exit 2":   "sh: exit status 2: a.c:1:2: error: no",
		"echo " + long + "; exit 1": "sh: exit status 1: " + long[:maxReason] + "...",
		"exit 1":                    "sh: exit status 1",
	} {
		err := command{dir: t.TempDir()}.run(t.Context(), "sh", "-c", script)
		if err == nil || err.Error() != want {
			t.Errorf("%.80s: got %v, want %s", script, err, want)
		}
	}
	err := command{dir: t.TempDir()}.run(t.Context(), "no-such-program-at-all")
	if err == nil || !strings.Contains(err.Error(), "not installed or not in PATH") {
		t.Errorf("missing program: %v", err)
	}
}
