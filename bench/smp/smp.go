// Package smp holds the program for guests with several CPUs: litmus tests, of which the architecture forbids some
// outcomes, and a load of every kind at once whose workers check what they get back.
//
// The program is C in src; bench/guest makes it the init of a guest. Append is the kernel's parameter that says what it
// does, Check judges what the guest's console said.
package smp

import (
	"embed"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"axpress/bench/embedded"
)

//go:embed src
var src embed.FS

// Name is the program's.
const Name = "smp"

// Sources returns the program's sources, by their names.
func Sources() (map[string][]byte, error) { return embedded.Files(src, "src") }

// Flags are what the program is compiled and linked with; -static and the linker's options for Alpha come beside them.
func Flags() []string {
	return []string{"-O2", "-mcpu=ev67", "-Wall", "-Wextra", "-Werror", "-static"}
}

// Libs are the libraries.
func Libs() []string { return []string{"-lpthread"} }

// Plan says what the program does, all if nothing is chosen but All, nothing if a list is empty.
type Plan struct {
	Litmus  []string // tests
	Rounds  uint64
	Stress  []string // kinds of workers
	Seconds int
}

// All, as the only name in a list, stands for all names.
const All = "all"

// rows of the tables in src that give tests and kinds of workers their names.
var (
	testRow = regexp.MustCompile(`(?m)^\t\{\.name = "([\w-]+)"`)
	kindRow = regexp.MustCompile(`\{"(\w+)",\s*do_\w+\}`)
)

// Tests returns the names of the litmus tests.
func Tests() []string { return names("litmus.c", testRow) }

// Kinds returns the names of the kinds of workers.
func Kinds() []string { return names("stress.c", kindRow) }

func names(file string, row *regexp.Regexp) (all []string) {
	text, _ := src.ReadFile("src/" + file) // embedded: a test sees that there are names
	for _, m := range row.FindAllSubmatch(text, -1) {
		all = append(all, string(m[1]))
	}
	return all
}

// Append is the kernel's parameter for p. An error says which name there is not.
func (p Plan) Append() (string, error) {
	var items []string
	for _, part := range []struct {
		item, what  string
		wanted, all []string
		amount      string
	}{
		{"litmus", "litmus test", p.Litmus, Tests(), strconv.FormatUint(p.Rounds, 10)},
		{"stress", "kind of worker", p.Stress, Kinds(), strconv.Itoa(p.Seconds)},
	} {
		if len(part.wanted) == 0 {
			continue
		}
		for _, name := range part.wanted {
			if !slices.Contains(part.all, name) && !slices.Equal(part.wanted, []string{All}) {
				return "", fmt.Errorf("there is no %s %q; there are %s", part.what, name, strings.Join(part.all, ", "))
			}
		}
		items = append(items, fmt.Sprintf("%s:%s:%s", part.item, strings.Join(part.wanted, "+"), part.amount))
	}
	if len(items) == 0 {
		return "", errors.New("there is nothing to run: neither a litmus test nor a kind of worker is chosen")
	}
	return Name + "=" + strings.Join(items, ","), nil
}

// complaints are what a kernel says that has noticed something (Linux, kernel/panic.c, rcu/tree_stall.h, watchdog.c, hung_task.c,
// arch/alpha/kernel/traps.c), and what is wrong in the program's own lines.
var complaints = regexp.MustCompile(`WARNING:|BUG:|Oops|Unable to handle|detected stall|self-detected|soft lockup|blocked for more than|Kernel panic|` +
	`smp: .*(wrong \(|FAILED| [1-9]\d* (not allowed|wrong|failures)| exit status [1-9])`)

// Check returns what is wrong with a guest by what its console said, nothing if the program has passed.
func Check(console string) (bad []string) {
	passed := false
	for line := range strings.Lines(console) {
		line = strings.TrimRight(line, "\r\n")
		if complaints.MatchString(line) {
			bad = append(bad, line)
		}
		passed = passed || line == "smp: passed"
	}
	if !passed && len(bad) == 0 {
		bad = append(bad, "the program did not come to its end")
	}
	return bad
}
