package workloads

import (
	"fmt"
	"slices"
	"strings"
)

// Group says what a workload shows. The goals are set for each group.
type Group string

// The groups, in the order of the tables.
const (
	Integer Group = "integer" // computing with integers
	Float   Group = "float"   // computing with floating point
	Real    Group = "real"    // programs from Debian's source packages
	Kernel  Group = "kernel"  // what the guest's kernel does
	Boot    Group = "boot"    // from the start of the process to the power-off
)

// Groups returns every group, in the order of the tables.
func Groups() []Group { return []Group{Integer, Float, Real, Kernel, Boot} }

// Title is how a person calls the group.
func (g Group) Title() string {
	switch g {
	case Integer:
		return "computing, integer"
	case Float:
		return "computing, floating point"
	case Real:
		return "real programs"
	case Kernel:
		return "kernel"
	case Boot:
		return "boot to userland"
	}
	return string(g)
}

// Workload is one row of the table.
type Workload struct {
	Name    string
	Group   Group
	Input   string   // standard input, a file of the data folder; "" is none
	Program string   // one of Programs; "" for Boot, which is no program
	Args    []string // one that begins with @ is a file of the data folder
	Doc     string
}

// UserMode says whether the workload makes sense without a kernel of the guest's own.
func (w Workload) UserMode() bool { return w.Group == Integer || w.Group == Float || w.Group == Real }

// All returns the workloads, group by group.
func All() []Workload {
	ours := func(g Group, name, doc string) Workload {
		return Workload{Name: name, Group: g, Program: Driver, Args: []string{name}, Doc: doc}
	}
	return []Workload{
		ours(Integer, "intloop", "loops of adds, shifts, logic, compares"),
		ours(Integer, "sieve", "sieve of Eratosthenes over bytes"),
		ours(Integer, "qsort", "the C library's qsort of 64-bit numbers"),
		ours(Integer, "hash", "CRC-32 and a hash table with SipHash"),
		ours(Integer, "fib", "recursion"),
		ours(Integer, "chase", "pointer chasing through 2 MB"),
		ours(Integer, "strings-ev4", "strings and bytes, compiled for EV4 (no byte instructions)"),
		ours(Integer, "strings-ev67", "the same, compiled for EV67"),
		ours(Integer, "muldiv", "64-bit multiplication and division"),
		ours(Integer, "unaligned", "unaligned fields of packed records"),
		ours(Integer, "dispatch", "a bytecode interpreter: indirect jumps"),
		ours(Float, "matmul", "matrix product, double"),
		ours(Float, "matmulf", "matrix product, single"),
		ours(Float, "nbody", "five bodies: divisions and square roots"),
		ours(Float, "fft", "Fourier transform"),
		ours(Float, "mandel", "Mandelbrot set"),
		{"bzip2-9", Real, "text", "bzip2", []string{"-9", "-c"}, "compress 3 MB of text"},
		{"bzip2-t", Real, "text.bz2", "bzip2", []string{"-t"}, "test what that makes"},
		{"zstd-3", Real, "text", "zstd", []string{"-q", "-3", "-c"}, "compress, fast"},
		{"zstd-12", Real, "text", "zstd", []string{"-q", "-12", "-c"}, "compress, better"},
		{"zstd-t", Real, "", "zstd", append([]string{"-q", "-t"}, slices.Repeat([]string{"@text.zst"}, 8)...), "test what that makes, eight times over"},
		{"lua", Real, "", "lua", []string{"@mix.lua"}, "a mixed script"},
		{"sqlite", Real, "", "sqlite", nil, "inserts and queries in memory"},
		ours(Kernel, "getppid", "system calls"),
		ours(Kernel, "pagefault", "first touches of pages"),
		ours(Kernel, "forkexec", "fork and exec"),
		ours(Kernel, "forkwait", "fork and wait"),
		ours(Kernel, "pipe", "ping-pong of two processes by pipes"),
		ours(Kernel, "futex", "ping-pong of two threads by futex"),
		ours(Kernel, "filecopy", "file copies in tmpfs"),
		ours(Kernel, "signal", "signals to oneself"),
		{"boot", Boot, "", "", nil, "start to userland and power-off"},
	}
}

// Files returns the input files of a workload.
func (w Workload) Files() (names []string) {
	if w.Input != "" {
		names = append(names, w.Input)
	}
	for _, a := range w.Args {
		if name, ok := strings.CutPrefix(a, "@"); ok && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// List returns workloads as the driver reads them (src/driver.c): those that are programs, a line each.
func List(all []Workload) string {
	var b strings.Builder
	for _, w := range all {
		if w.Program == "" {
			continue
		}
		input := w.Input
		if input == "" {
			input = "-"
		}
		fmt.Fprintf(&b, "%s|%s|%s\n", w.Name, input, strings.Join(append([]string{w.Program}, w.Args...), " "))
	}
	return b.String()
}
