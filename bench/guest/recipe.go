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
const RecipeVersion = 2

// The files of the recipes, as they are in the repository.
//
//go:embed recipe
var recipeFS embed.FS

// recipe is everything that decides what an entry of the store contains.
type recipe struct {
	kind   string            // first part of the entry's folder name: "kernel-small", "initramfs"
	inputs map[string]string // name -> content: files, patches, package versions
}

// hash returns the content address: it changes when any name or content of the inputs changes.
func (r recipe) hash() string {
	h := sha256.New()
	fmt.Fprintf(h, "axpress guest recipe %d\n%q\n", RecipeVersion, r.kind)
	for _, name := range slices.Sorted(maps.Keys(r.inputs)) {
		fmt.Fprintf(h, "%q %q\n", name, r.inputs[name])
	}
	return hex.EncodeToString(h.Sum(nil))
}

// entry returns the name of the recipe's folder in the store.
func (r recipe) entry() string { return r.kind + "-" + r.hash()[:20] }

// kernelRecipe returns the recipe of one flavour's kernels, all variants. versions holds the installed packages'
// versions.
func kernelRecipe(f Flavour, versions map[string]string) (recipe, error) {
	r := recipe{kind: "kernel-" + string(f), inputs: map[string]string{}}
	for _, name := range kernelConfigFiles(f) {
		text, err := recipeFile(name)
		if err != nil {
			return r, err
		}
		r.inputs["file "+name] = text
	}
	for i, step := range kernelSteps() {
		r.addPatches(fmt.Sprintf("%d %q ", i, step.variant), step.patches)
	}
	err := r.addVersions(versions, "linux-source-6.1", "gcc-alpha-linux-gnu", "binutils-alpha-linux-gnu")
	return r, err
}

// busyboxRecipe returns the recipe of busybox. Its own version follows from the Debian release and is recorded in the
// manifest; asking for it here would need the network on every call.
func busyboxRecipe(versions map[string]string, release string) (recipe, error) {
	text, err := recipeFile("busybox.config")
	r := recipe{kind: "busybox", inputs: map[string]string{"debian": release, "file busybox.config": text}}
	if err != nil {
		return r, err
	}
	r.addPatches("", busyboxPatches())
	return r, r.addVersions(versions, crossPackages()...)
}

// initrdRecipe returns the recipe of the initramfs that has the given busybox in it.
func initrdRecipe(versions map[string]string, busybox recipe) (recipe, error) {
	r := recipe{kind: "initramfs", inputs: map[string]string{"busybox": busybox.hash()}}
	names, err := initrdFiles()
	if err != nil {
		return r, err
	}
	for _, name := range append(names, "aio.c") {
		text, err := recipeFile(name)
		if err != nil {
			return r, err
		}
		r.inputs["file "+name] = text
	}
	return r, r.addVersions(versions, crossPackages()...)
}

// addPatches adds patches to the inputs; which says where they are applied.
func (r recipe) addPatches(which string, patches []patch) {
	for i, p := range patches {
		r.inputs[fmt.Sprintf("patch %s%d %s", which, i, p.file)] = fmt.Sprintf("%#v", p.choices)
	}
}

// crossPackages are what programs for Alpha are compiled and linked with.
func crossPackages() []string {
	return []string{"gcc-alpha-linux-gnu", "binutils-alpha-linux-gnu", "libc6.1-dev-alpha-cross"}
}

// addVersions adds packages' versions to the inputs; one that is not known is an error.
func (r recipe) addVersions(versions map[string]string, names ...string) error {
	for _, name := range names {
		version, ok := versions[name]
		if !ok {
			return fmt.Errorf("guest: package %s is not installed; %s", name, aptCommand([]string{name}))
		}
		r.inputs["package "+name] = version
	}
	return nil
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
	scripts, err := fs.Glob(recipeFS, "recipe/scripts/*")
	if err != nil {
		return nil, fmt.Errorf("guest: embedded scripts: %w", err)
	}
	names := []string{"init"}
	for _, s := range scripts {
		names = append(names, s[len("recipe/"):])
	}
	return names, nil
}
