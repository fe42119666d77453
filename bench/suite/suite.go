package suite

import (
	"embed"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"axpress/bench/embedded"
)

//go:embed src
var src embed.FS

// Sources returns the sources, by their names.
func Sources() (map[string][]byte, error) { return embedded.Files(src, "src") }

// Variant is a way to compile the checks.
type Variant struct {
	Name  string // part of the checks' names
	Flags []string
}

// noIEEE is what undoes the -mieee that Debian's compiler has of itself.
var noIEEE = []string{"-mfp-trap-mode=n", "-mtrap-precision=p", "-U_IEEE_FP"}

// settings are those of every processor.
var settings = []Variant{
	{"O0", append([]string{"-O0"}, noIEEE...)},
	{"O2", append([]string{"-O2"}, noIEEE...)},
	{"O3", append([]string{"-O3"}, noIEEE...)},
	{"ieee", []string{"-O2", "-mieee"}},
}

// Variants returns every variant: a processor's name, a line, and the options' name.
func Variants() (all []Variant) {
	for _, cpu := range []string{"ev4", "ev56", "ev67"} {
		for _, s := range settings {
			all = append(all, Variant{cpu + "-" + s.Name, append([]string{"-mcpu=" + cpu}, s.Flags...)})
		}
	}
	return all
}

// Flags are what all sources are compiled with beside their variant's: the recursion that overflows a stack is meant, and
// what longjmp may clobber is not read afterwards.
func Flags() []string {
	return []string{"-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-Wno-infinite-recursion", "-Wno-clobbered", "-ffp-contract=off"}
}

// Main is the file among Sources that is compiled once, Library that of the Extras; all others are, for each variant.
const (
	Main    = "main.c"
	Library = "library.c"
)

// Extra is a file of the guest beside the program with the checks.
type Extra struct {
	Path  string   // in the guest
	Flags []string // of the compiler that makes it of Library
}

// Extras returns the shared libraries that code.c maps and the second program that process.c executes.
func Extras() []Extra {
	// The shared libraries are compiled as such are: their code may be anywhere.
	common := []string{"-O2", "-mcpu=ev56", "-nostdlib", "-Wl,--build-id=none"}
	library := func(path, factor string) Extra {
		return Extra{path, append([]string{"-shared", "-fPIC", "-Wl,-e,library_run", "-DFACTOR=" + factor}, common...)}
	}
	return []Extra{
		library("lib/three.so", "3"), library("lib/five.so", "5"),
		{"bin/second", append([]string{"-static", "-DPROGRAM", "-DFACTOR=7"}, common...)},
	}
}

// Checks returns the names of the files with checks, sorted.
func Checks(sources map[string][]byte) (files []string) {
	for name := range sources {
		if path.Ext(name) == ".c" && name != Main && name != Library {
			files = append(files, name)
		}
	}
	slices.Sort(files)
	return files
}

// checkMacro is how a check begins: see src/suite.h.
var checkMacro = regexp.MustCompile(`(?m)^CHECK\((\w+)\)`)

// CheckNames returns the names of all checks. Some are only in variants whose processor has what they check.
func CheckNames(sources map[string][]byte) (names []string) {
	for _, file := range Checks(sources) {
		for _, m := range checkMacro.FindAllSubmatch(sources[file], -1) {
			names = append(names, string(m[1]))
		}
	}
	return names
}

// Choose returns the variants with these names; no name is all of them.
func Choose(names []string) ([]Variant, error) {
	all := Variants()
	if len(names) == 0 {
		return all, nil
	}
	var chosen []Variant
	for _, name := range names {
		i := slices.IndexFunc(all, func(v Variant) bool { return v.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no variant %q; there are %s", name, strings.Join(Names(all), ", "))
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}

// Names returns the names of variants.
func Names(list []Variant) []string {
	names := make([]string, len(list))
	for i, v := range list {
		names[i] = v.Name
	}
	return names
}
