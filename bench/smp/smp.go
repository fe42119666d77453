// Package smp holds the program for guests with several CPUs: litmus tests, of which the architecture forbids some
// outcomes, and a load of every kind at once whose workers check what they get back.
//
// The program is C in src; bench/guest makes it the init of a guest. Append is the kernel's parameter that says what it
// does, Check judges what the guest's console said.
package smp

import (
	"embed"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
)

//go:embed src
var src embed.FS

// Name is the program's.
const Name = "smp"

// Sources returns the program's sources, by their names.
func Sources() (map[string][]byte, error) {
	files, err := fs.ReadDir(src, "src")
	if err != nil {
		return nil, fmt.Errorf("smp: embedded sources: %w", err)
	}
	all := map[string][]byte{}
	for _, f := range files {
		if all[f.Name()], err = src.ReadFile("src/" + f.Name()); err != nil {
			return nil, fmt.Errorf("smp: embedded sources: %w", err)
		}
	}
	return all, nil
}

// Flags are what the program is compiled and linked with; -static and the linker's options for Alpha come beside them.
func Flags() []string {
	return []string{"-O2", "-mcpu=ev67", "-Wall", "-Wextra", "-Werror", "-static"}
}

// Libs are the libraries.
func Libs() []string { return []string{"-lpthread"} }

// Plan says what the program does. Names and kinds are those of src, "all" is all of them, "" none.
type Plan struct {
	Litmus  string // a test
	Rounds  uint64
	Stress  string // kinds of workers, joined by +
	Seconds int
}

// Append is the kernel's parameter for p.
func (p Plan) Append() string {
	var items []string
	if p.Litmus != "" {
		items = append(items, fmt.Sprintf("litmus:%s:%d", p.Litmus, p.Rounds))
	}
	if p.Stress != "" {
		items = append(items, fmt.Sprintf("stress:%s:%d", p.Stress, p.Seconds))
	}
	return Name + "=" + strings.Join(items, ",")
}

// complaints are what a kernel says that has noticed something (L kernel/panic.c, rcu/tree_stall.h, watchdog.c, hung_task.c,
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
