package guest

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"slices"
)

// RecipeVersion goes into every recipe's hash. Raise it when the Go code that builds changes what comes out.
const RecipeVersion = 3

// The files of the recipes, as they are in the repository.
//
//go:embed recipe
var recipeFS embed.FS

// recipe is everything that decides what an entry of the store contains.
type recipe struct {
	kind     string            // first part of the entry's folder name: "kernel-small", "initramfs"
	inputs   map[string]string // name -> content: files, patches, options. They are the program's own.
	packages []string          // installed packages whose versions matter
	linux    bool              // the kernel's source matters
	release  bool              // the release whose source packages are fetched matters
	parts    []recipe          // what other entries go into it
	system   map[string]string // what the system has of packages, linux and release; nil until on has been called
}

// hash returns the content address: it changes when any name or content of the inputs, of the system or of the parts
// changes. on has been called.
func (r recipe) hash() string {
	return r.sum(r.system, recipe.hash)
}

// ours returns a hash of what the program itself decides, whatever system builds it: a guest that was built elsewhere is
// known by it.
func (r recipe) ours() string {
	return r.sum(nil, recipe.ours)
}

// sum hashes the inputs, values of the system, and what part makes of the parts.
func (r recipe) sum(system map[string]string, part func(recipe) string) string {
	h := sha256.New()
	fmt.Fprintf(h, "axpress guest recipe %d\n%q\n", RecipeVersion, r.kind)
	for _, values := range []map[string]string{r.inputs, system} {
		for _, name := range slices.Sorted(maps.Keys(values)) {
			fmt.Fprintf(h, "%q %q\n", name, values[name])
		}
		fmt.Fprintln(h)
	}
	for _, p := range r.parts {
		fmt.Fprintf(h, "part %q %s\n", p.kind, part(p))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// on returns the recipe with what the host has of what matters.
func (r recipe) on(h *host) (recipe, error) {
	r.system = map[string]string{}
	for _, name := range r.packages {
		version, ok := h.versions[name]
		if !ok {
			return r, fmt.Errorf("guest: package %s is not installed; %s", name, aptCommand([]string{name}))
		}
		r.system["package "+name] = version
	}
	if r.linux {
		r.system["linux"] = h.linux.id
	}
	if r.release {
		r.system["debian"] = h.release
	}
	parts := make([]recipe, len(r.parts))
	for i, p := range r.parts {
		var err error
		if parts[i], err = p.on(h); err != nil {
			return r, err
		}
	}
	r.parts = parts
	return r, nil
}

// entry returns the name of the recipe's folder in the store.
func (r recipe) entry() string { return r.kind + "-" + r.hash()[:20] }

// kernelRecipe returns the recipe of one flavour's kernels, all variants.
func kernelRecipe(f Flavour) (recipe, error) {
	r := recipe{kind: "kernel-" + string(f), inputs: map[string]string{}, linux: true,
		packages: []string{"gcc-alpha-linux-gnu", "binutils-alpha-linux-gnu"}}
	if err := r.addFiles(kernelConfigFiles(f)...); err != nil {
		return r, err
	}
	for i, step := range kernelSteps() {
		r.addPatches(fmt.Sprintf("%d %q ", i, step.variant), step.patches)
	}
	return r, nil
}

// busyboxRecipe returns the recipe of busybox. Its own version follows from the Debian release and is recorded in the
// manifest; asking for it here would need the network on every call.
func busyboxRecipe() (recipe, error) {
	r := recipe{kind: "busybox", inputs: map[string]string{}, release: true, packages: crossPackages()}
	r.addPatches("", busyboxPatches())
	return r, r.addFiles("busybox.config")
}

// initrdRecipe returns the recipe of the initramfs that has the given busybox in it.
func initrdRecipe(busybox recipe) (recipe, error) {
	r := recipe{kind: "initramfs", inputs: map[string]string{}, parts: []recipe{busybox}, packages: crossPackages()}
	names, err := initrdFiles()
	if err != nil {
		return r, err
	}
	return r, r.addFiles(append(names, "aio.c")...)
}

// addFiles adds files under recipe/ to the inputs.
func (r recipe) addFiles(names ...string) error {
	for _, name := range names {
		text, err := recipeFile(name)
		if err != nil {
			return err
		}
		r.inputs["file "+name] = text
	}
	return nil
}

// addPatches adds patches to the inputs; which says where they are applied.
func (r recipe) addPatches(which string, patches []patch) {
	for i, p := range patches {
		r.inputs[fmt.Sprintf("patch %s%d %s", which, i, p.file)] = fmt.Sprintf("%#v %+v", p.choices, p.where)
	}
}

// crossPackages are what programs for Alpha are compiled and linked with.
func crossPackages() []string {
	return []string{"gcc-alpha-linux-gnu", "binutils-alpha-linux-gnu", "libc6.1-dev-alpha-cross"}
}

// recipeFile returns the text of a file under recipe/.
func recipeFile(name string) (string, error) {
	b, err := recipeFS.ReadFile("recipe/" + name)
	if err != nil {
		return "", fmt.Errorf("guest: embedded recipe file %s: %w", name, err)
	}
	return string(b), nil
}

// initrdFiles returns the names, under recipe/, of the files that go into the initramfs as they are.
func initrdFiles() ([]string, error) {
	names := []string{"init"}
	for _, folder := range []string{"etc", "scripts"} {
		found, err := fs.Glob(recipeFS, "recipe/"+folder+"/*")
		if err != nil {
			return nil, fmt.Errorf("guest: embedded files: %w", err)
		}
		for _, f := range found {
			names = append(names, f[len("recipe/"):])
		}
	}
	return names, nil
}
