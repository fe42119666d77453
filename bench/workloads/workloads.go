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
	SMP     Group = "smp"     // two CPUs
	Boot    Group = "boot"    // from the start of the process to the power-off
)

// Groups returns every group, in the order of the tables.
func Groups() []Group { return []Group{Integer, Float, Real, Kernel, SMP, Boot} }

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
	case SMP:
		return "two CPUs"
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
	SMP     bool     // the guest has two CPUs
	OneCPU  string   // the workload that is the same on one CPU: they run in turns, to be compared; "" is none
	Doc     string
}

// UserMode says whether the workload makes sense without a kernel of the guest's own.
func (w Workload) UserMode() bool { return w.Group == Integer || w.Group == Float || w.Group == Real }

// All returns the workloads, group by group.
func All() []Workload {
	ours := func(g Group, name, doc string) Workload {
		return Workload{Name: name, Group: g, Program: Driver, Args: []string{name}, Doc: doc}
	}
	one := func(name, doc string) Workload {
		w := ours(SMP, name+onOne, doc+", on one CPU")
		w.Args = []string{name, "one"}
		return w
	}
	two := func(name, doc string) Workload {
		w := ours(SMP, name, doc)
		w.SMP = true
		return w
	}
	both := func(name string) Workload {
		w := two(name, "the same on two CPUs")
		w.OneCPU = name + onOne
		return w
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
		{Name: "bzip2-9", Group: Real, Input: "text", Program: "bzip2", Args: []string{"-9", "-c"}, Doc: "compress 3 MB of text"},
		{Name: "bzip2-t", Group: Real, Input: "text.bz2", Program: "bzip2", Args: []string{"-t"}, Doc: "test what that makes"},
		{Name: "zstd-3", Group: Real, Input: "text", Program: "zstd", Args: []string{"-q", "-3", "-c"}, Doc: "compress, fast"},
		{Name: "zstd-12", Group: Real, Input: "text", Program: "zstd", Args: []string{"-q", "-12", "-c"}, Doc: "compress, better"},
		{Name: "zstd-t", Group: Real, Input: "", Program: "zstd", Args: append([]string{"-q", "-t"}, slices.Repeat([]string{"@text.zst"}, 8)...), Doc: "test what that makes, eight times over"},
		{Name: "lua", Group: Real, Input: "", Program: "lua", Args: []string{"@mix.lua"}, Doc: "a mixed script"},
		{Name: "sqlite", Group: Real, Input: "", Program: "sqlite", Args: nil, Doc: "inserts and queries in memory"},
		ours(Kernel, "getppid", "system calls"),
		ours(Kernel, "pagefault", "first touches of pages"),
		ours(Kernel, "forkexec", "fork and exec"),
		ours(Kernel, "forkwait", "fork and wait"),
		ours(Kernel, "pipe", "ping-pong of two processes by pipes"),
		ours(Kernel, "futex", "ping-pong of two threads by futex"),
		ours(Kernel, "filecopy", "file copies in tmpfs"),
		ours(Kernel, "signal", "signals to oneself"),
		one("smp-compute", "two threads that compute: random numbers, a table, doubles"),
		both("smp-compute"),
		one("smp-sort", "two threads that sort, each 2 MB of its own"),
		both("smp-sort"),
		two("smp-futex", "ping-pong of two CPUs by futex"),
		two("smp-pipe", "ping-pong of two CPUs by pipes"),
		two("smp-forkexec", "fork and exec on both CPUs"),
		two("smp-pagefault", "page faults of two threads, and changes of protection that both must see"),
		{Name: "boot", Group: Boot, Doc: "start to userland and power-off"},
	}
}

// onOne ends the name of a workload that is on one CPU what another is on two.
const onOne = "-1"

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
