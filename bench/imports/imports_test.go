package imports

import (
	"debug/elf"
	"encoding/json"
	"errors"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"axpress/lifter/image"
	"axpress/lifter/image/imagetest"
	"axpress/translator/goprogram"
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
	{"bench", []string{"bench", "ir", "lifter", "palstubs", "runtime", "translator"}, "everything but the command is a library"},
	{"ir", []string{"ir"}, "the IR knows neither guest nor host"},
	{"lifter/isa", nil, "a leaf: everybody needs it"},
	{"runtime/abi", nil, "a leaf: the contract of generated code and runtime"},
	{"lifter/image", []string{"lifter/image"}, "files are not code"},
	{"lifter/discover", []string{"lifter/image", "lifter/isa"}, "discovery knows no IR"},
	{"lifter", []string{"ir", "lifter", "palstubs/stubs", "runtime/abi"}, "lifting knows the guest and the IR"},
	{"palstubs/stubs", []string{"ir", "runtime/abi"}, "inlined PALcode is IR"},
	{"palstubs", []string{"palstubs", "runtime/abi", "runtime/identity", "runtime/mmu", "runtime/state"}, "PALcode sees the state and small interfaces"},
	{"translator/unit", []string{"ir", "lifter", "runtime/abi"}, "the front half of the translator knows no back end"},
	{"translator", []string{"ir", "lifter", "palstubs/stubs", "runtime/abi", "translator"}, "the translator does not know the machine"},
	{"runtime/state", nil, "a leaf: everything that has state"},
	{"runtime/identity", nil, "a leaf: what board and console agree on"},
	{"runtime/device", []string{"runtime/abi", "runtime/device", "runtime/identity", "runtime/state"}, "devices know no CPU, and of the ABI the types of addresses alone"},
	{"runtime", []string{"lifter/isa", "palstubs/console", "palstubs/osf", "runtime"}, "the runtime does not know how code was made"},
}

// generated are what the programs of the Go back end import, which no import statement
// of ours shows. What these packages may depend on is said by their own rules.
var generated = []string{"runtime/gocode", "runtime/klog", "runtime/machine", "runtime/standalone"}

// neverReached are rules about everything that a package depends on, however
// indirectly.
var neverReached = []struct{ from, to string }{
	{"runtime", "ir"},
	{"runtime", "translator"},
	{"translator", "runtime/machine"},
}

// pkg is what go list says of a package.
type pkg struct {
	ImportPath   string
	Imports      []string
	TestImports  []string
	XTestImports []string
	Deps         []string
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
		}
		for _, to := range ours(slices.Concat(p.Imports, p.TestImports, p.XTestImports)) {
			switch {
			case inside(to, "cmd") && !inside(from, "cmd"):
				t.Errorf("%s imports %s: nobody but cmd imports cmd", from, to)
			case inside(to, "bench") && !inside(from, "cmd") && !inside(from, "bench"):
				t.Errorf("%s imports %s: nobody but cmd and bench imports bench", from, to)
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

// Generated programs import what they may, and each of that.
func TestGeneratedImports(t *testing.T) {
	// Integers, memory, floating point, a call and CALL_PALs: every kind of what the back end emits.
	words := imagetest.Words(
		0x40220403, // addq $1,$2,$3
		0xa4230008, // ldq $1,8($3)
		0xb4230010, // stq $1,0x10($3)
		0x58411403, // addt $f2,$f1,$f3
		0x00000035, // call_pal swpipl
		0xd3400001, // bsr $26,.+8
		0x00000000, // call_pal halt
		0x6bfa8001, // ret $31,($26),1
	)
	const at = image.KSEGBase + 0x310000
	img, err := image.Parse("vmlinux", imagetest.Build(imagetest.File{
		Entry: at, Segs: []imagetest.Seg{{VAddr: at, Data: words, Flags: elf.PF_R | elf.PF_X}},
		Syms: []imagetest.Sym{{Name: "_start", Addr: at, Size: uint64(len(words)), Type: elf.STT_FUNC}},
	}))
	if err != nil {
		t.Fatal(err)
	}
	const name = "guest"
	r, err := goprogram.Translate(t.Context(), []*image.Image{img}, name, goprogram.Options{Jobs: 1})
	if err != nil {
		t.Fatal(err)
	}
	main, err := goprogram.Main(img, []byte("initrd"), nil, []image.Symbol{{Name: "variable", Addr: at, Size: 8}})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, p := range append(r.Packages, main) {
		for _, f := range p.Files {
			if filepath.Ext(f.Name) != ".go" {
				continue
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), f.Name, f.Text, parser.ImportsOnly)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range parsed.Imports {
				path, err := strconv.Unquote(s.Path.Value)
				if err != nil {
					t.Fatal(err)
				}
				to, ours := strings.CutPrefix(path, module)
				switch first, _, _ := strings.Cut(path, "/"); {
				case ours && slices.Contains(generated, to):
					seen[to] = true
				case ours || strings.Contains(first, "."):
					t.Errorf("a generated program imports %s: it may import the standard library, its own packages and %q", path, generated)
				}
			}
		}
	}
	for _, to := range generated {
		if !seen[to] {
			t.Errorf("no generated program imports %s", to)
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
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports,TestImports,XTestImports,Deps", "./...")
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
