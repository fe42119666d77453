package imports

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "axpress/"

// rule says what the packages at prefix and below may import of ours.
type rule struct {
	prefix  string
	allowed []string // prefixes; nil is nothing
	why     string
}

// rules say, by package or folder, what of ours may be imported. The first row
// whose prefix fits counts, so the special ones come first.
var rules = []rule{
	{"cmd", []string{""}, "may import everything"},
	{"bench", []string{""}, "may import everything"},
	{"ir", []string{"ir"}, "the IR knows neither guest nor host"},
	{"lifter/isa", nil, "a leaf: everybody needs it"},
	{"runtime/abi", nil, "a leaf: the contract of generated code and runtime"},
	{"lifter/image", []string{"lifter/image"}, "files are not code"},
	{"lifter/discover", []string{"lifter/image", "lifter/isa"}, "discovery knows no IR"},
	{"lifter", []string{"ir", "lifter", "palstubs/stubs", "runtime/abi"}, "lifting knows the guest and the IR"},
	{"palstubs/stubs", []string{"ir", "runtime/abi"}, "inlined PALcode is IR"},
	{"palstubs", []string{"palstubs", "runtime/abi", "runtime/identity", "runtime/mmu", "runtime/state"}, "PALcode sees the state and small interfaces"},
	{"translator", []string{"ir", "lifter", "palstubs/stubs", "runtime/abi", "translator"}, "the translator does not know the machine"},
	{"runtime/state", nil, "a leaf: everything that has state"},
	{"runtime/identity", nil, "a leaf: what board and console agree on"},
	{"runtime/device", []string{"runtime/device", "runtime/identity", "runtime/state"}, "devices know no CPU"},
	{"runtime", []string{"lifter/isa", "palstubs/console", "palstubs/osf", "runtime"}, "the runtime does not know how code was made"},
}

// neverReached are rules about everything that a package depends on, however
// indirectly.
var neverReached = []struct{ from, to string }{
	{"runtime", "ir"},
	{"runtime", "translator"},
	{"translator", "runtime/machine"},
}

// pkg is what go list says of a package.
type pkg struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

func TestImportRules(t *testing.T) {
	pkgs := list(t)
	if len(pkgs) < 20 {
		t.Fatalf("only %d packages", len(pkgs))
	}
	for _, p := range pkgs {
		from := strings.TrimPrefix(p.ImportPath, module)
		i := slices.IndexFunc(rules, func(r rule) bool { return inside(from, r.prefix) })
		if i < 0 {
			t.Errorf("%s: no rule; the top level is fixed", from)
			continue
		}
		for _, to := range ours(p.Imports) {
			if !slices.ContainsFunc(rules[i].allowed, func(a string) bool { return inside(to, a) }) {
				t.Errorf("%s imports %s: %s", from, to, rules[i].why)
			}
			if (inside(to, "cmd") || inside(to, "bench")) && !inside(from, "cmd") && !inside(from, "bench") {
				t.Errorf("%s imports %s: nobody imports cmd or bench", from, to)
			}
		}
		for _, r := range neverReached {
			for _, to := range ours(p.Deps) {
				if inside(from, r.from) && inside(to, r.to) {
					t.Errorf("%s depends on %s: %s never reaches %s", from, to, r.from, r.to)
				}
			}
		}
	}
}

// The top level is fixed, and its folder runtime holds only packages below it, so
// that nobody shadows the standard library's.
func TestTopLevel(t *testing.T) {
	root := filepath.Join("..", "..")
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	// bin is not in the repository: the Makefile builds into it.
	folders := []string{"bench", "bin", "cmd", "findings", "ir", "lifter", "palstubs", "runtime", "translator"}
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") && !slices.Contains(folders, e.Name()) {
			t.Errorf("folder %s at the top level", e.Name())
		}
	}
	for _, p := range list(t) {
		switch p.ImportPath {
		case module + "runtime", module + "lifter", module + "translator", module + "palstubs", module + "cmd", module + "bench":
			t.Errorf("%s is a package; it must only hold others", p.ImportPath)
		}
	}
}

// inside says whether path is prefix or below it; "" is everything.
func inside(path, prefix string) bool {
	return prefix == "" || path == prefix || strings.HasPrefix(path, prefix+"/")
}

// ours are the packages of this module, without its name.
func ours(paths []string) (list []string) {
	for _, p := range paths {
		if rest, ok := strings.CutPrefix(p, module); ok {
			list = append(list, rest)
		}
	}
	return list
}

func list(t *testing.T) (pkgs []pkg) {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports,Deps", "./...")
	cmd.Dir = filepath.Join("..", "..")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			return pkgs
		}
		if err != nil {
			t.Fatal(err)
		}
		pkgs = append(pkgs, p)
	}
}
