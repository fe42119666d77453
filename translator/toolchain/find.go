package toolchain

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// Variable is the environment variable that names the llc to use, as a path or as a name
// on PATH.
const Variable = "AXPRESS_LLC"

// ErrMissing is wrapped by the error of Find when no llc on PATH can be used.
var ErrMissing = errors.New("no usable LLVM")

// The oldest and the newest major version of LLVM that can be used, see the table in the
// package's documentation.
const (
	oldest = 14
	newest = 16
)

// advice ends every error about an LLVM that is not there or cannot be used.
const advice = "install one with 'apt-get install llvm-14' (or llvm-15, llvm-16), or do without: --engine interp, --engine go"

// names are the programs that Find tries, in order.
func names() (list []string) {
	for v := oldest; v <= newest; v++ {
		list = append(list, fmt.Sprintf("llc-%d", v))
	}
	return append(list, "llc")
}

// Find returns the llc that Variable names, and if it names none the first on PATH of
// llc-14, llc-15, llc-16 and llc that can be used. The oldest comes first: it is what the
// figures and the counts of host instructions in this repository were taken with, and a
// machine that gets a newer LLVM besides keeps its translations.
//
// The error wraps ErrMissing if PATH has none, and names what it has instead; if Variable
// names one that cannot be used it does not, as another one was not asked for.
func Find() (*LLVM, error) {
	if name := os.Getenv(Variable); name != "" {
		l, err := At(name)
		if err != nil {
			return nil, fmt.Errorf("%s=%s: %w", Variable, name, err)
		}
		return l, nil
	}
	var refused error
	for _, name := range append(names(), others()...) {
		l, err := At(name)
		switch {
		case err == nil:
			return l, nil
		case refused == nil && !errors.Is(err, exec.ErrNotFound):
			refused = err
		}
	}
	if refused == nil {
		return nil, fmt.Errorf("%w: no llc on PATH; %s", ErrMissing, advice)
	}
	return nil, fmt.Errorf("%w: %w", ErrMissing, refused)
}

// others are the programs on PATH that are llc of further versions, by path: an error should
// name what there is.
func others() (list []string) {
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		if found, err := filepath.Glob(filepath.Join(dir, "llc-[0-9]*")); err == nil && filepath.IsAbs(dir) {
			list = append(list, found...)
		}
	}
	return list
}

var versionLine = regexp.MustCompile(`LLVM version ((\d+)\.\S*)`)

// At returns the llc of that name on PATH, or at that path. The error says why it cannot
// be used.
func At(name string) (*LLVM, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return nil, fmt.Errorf("llc: %w", err)
	}
	out, err := exec.Command(path, "--version").Output()
	if err != nil {
		return nil, fmt.Errorf("%s --version: %w", path, err)
	}
	m := versionLine.FindSubmatch(out)
	if m == nil {
		return nil, fmt.Errorf("%s --version: no version of LLVM in its output: %q", path, firstLines(string(out), 1))
	}
	l := &LLVM{llc: path, version: string(m[1]), mcpu: hostCPU()}
	if l.major, err = strconv.Atoi(string(m[2])); err != nil {
		return nil, fmt.Errorf("%s --version: %w", path, err)
	}
	if why := unusable(l.major); why != "" {
		return nil, fmt.Errorf("LLVM %s found (%s), but %s; %s", l.version, path, why, advice)
	}
	return l, nil
}

// unusable says why a major version of LLVM cannot be used; "": it can.
func unusable(major int) string {
	switch {
	case major < oldest:
		return fmt.Sprintf("it is older than %d, the first that takes our IR", oldest)
	case major > newest:
		return fmt.Sprintf("only versions %d to %d are known to have the calling convention hhvmcc (19 takes it for C's)", oldest, newest)
	}
	return ""
}

func firstLines(s string, n int) string {
	lines := strings.SplitN(strings.TrimSpace(s), "\n", n+1)
	return strings.Join(lines[:min(n, len(lines))], "; ")
}
