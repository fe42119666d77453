package measure

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"axpress/bench/guest"
	"axpress/bench/workloads"
	"axpress/runtime/device/platforms"
)

// Config says what to measure.
type Config struct {
	Bench     *guest.Bench
	Workloads []workloads.Workload
	Engines   []Engine
	Runs      int           // that count, for each engine but the interpreter, which runs once
	Cold      bool          // the first run counts
	CPU       bool          // times are processor time
	Limit     time.Duration // of a single run; one that takes longer is an error
	Axpress   string        // path of the command
	Before    string        // of another build of it, for the engine of that name
	Options   []string      // of every `axpress run`
	Profile   string        // what shows engines of translated code what is hot; "": nothing is
	// Go has, by initramfs, the program of the Go back end that runs it.
	Go     map[string]string
	Report Reporter
}

// Reporter tells a person what happens. Its methods are called one at a time.
type Reporter interface {
	Note(line string)
	// Begin is called once, with the number of steps; Step before each of them; End after the last.
	Begin(total int)
	Step(what string)
	End()
}

// programs are the peers' programs.
var programs = map[Engine]string{QEMU: "qemu-system-alpha", User: "qemu-alpha"}

// Available says whether an engine's program is installed.
func Available(e Engine) bool {
	name, ok := programs[e]
	if !ok {
		return true
	}
	_, err := exec.LookPath(name)
	return err == nil
}

const (
	guestMemory = "512M"
	console     = "console=ttyS0"
)

// qemu is the peer's command. Each CPU has a thread of its own, which is more than what it does by itself.
func qemu(cpus int, kernel, initrd, cmdline string) []string {
	args := []string{programs[QEMU], "-M", platforms.Default().QEMU, "-vga", "none", "-nographic", "-no-reboot", "-smp", strconv.Itoa(cpus), "-m", guestMemory,
		"-kernel", kernel, "-initrd", initrd, "-append", cmdline}
	if cpus > 1 {
		args = append(args, "-accel", "tcg,thread=multi")
	}
	return args
}

// axpress is our command.
func (c *Config) axpress(e Engine, kernel, initrd, cmdline string, more ...string) []string {
	v := e.variant()
	command := c.Axpress
	if e == Before {
		command = c.Before
	}
	args := []string{command, "run", "--no-reboot", "--engine", string(v.of), "--memory", guestMemory, "--kernel", kernel, "--initrd", initrd,
		"--append", cmdline}
	if v.hot && c.Profile != "" {
		args = append(args, "--profile", c.Profile)
	}
	return slices.Concat(args, v.options, c.Options, more)
}

// guest is the command that boots a guest.
func (c *Config) guest(e Engine, cpus int, initrd, cmdline string) []string {
	switch {
	case e == QEMU:
		return qemu(cpus, c.Bench.Guest.Kernel, initrd, cmdline)
	case e == Go:
		return []string{c.Go[initrd], "--no-reboot", "--memory", guestMemory, "--initrd", initrd, "--append", cmdline}
	case cpus > 1:
		return c.axpress(e, c.Bench.Guest.Kernel, initrd, cmdline, "--smp", strconv.Itoa(cpus))
	}
	return c.axpress(e, c.Bench.Guest.Kernel, initrd, cmdline)
}

// cpusOf is how many CPUs the guest has for a workload.
func cpusOf(w workloads.Workload) int {
	if w.SMP {
		return 2
	}
	return 1
}

// session is the command of an engine's session, with a number of CPUs if it has a guest. work is a folder of its own, for engines that have the host's files.
func (c *Config) session(e Engine, cpus int, work string) ([]string, error) {
	driver := []string{filepath.Join(c.Bench.Host, workloads.Driver), "driver", "data=" + c.Bench.Data, "list=" + c.Bench.List, "work=" + work}
	switch e {
	case Host:
		return append(driver, "bin="+c.Bench.Host), nil
	case User:
		path, err := exec.LookPath(programs[User])
		return append(driver, "bin="+c.Bench.Alpha, "via="+path), err
	}
	return c.guest(e, cpus, c.Bench.Initrd, console), nil
}

// runs says whether the engine runs the workload, in the given round of all; the warm-up is round 0 of a warm bench.
func (c *Config) runs(e Engine, w workloads.Workload, round int) bool {
	switch {
	case e == User && !w.UserMode(), e == Host && w.Group == workloads.Boot, e == Go && w.SMP:
		return false
	case e == Interp:
		return round == c.first()
	}
	return true
}

// first is the first round that counts.
func (c *Config) first() int {
	if c.Cold {
		return 0
	}
	return 1
}

// rounds is how often each workload runs.
func (c *Config) rounds() int { return c.first() + c.Runs }

// turns returns the engines in the order of a round: each of them is first in some.
func (c *Config) turns(round int) []Engine {
	k := round % len(c.Engines)
	return slices.Concat(c.Engines[k:], c.Engines[:k])
}

// steps is the number of runs of all workloads.
func (c *Config) steps() (n int) {
	for _, w := range c.Workloads {
		for round := range c.rounds() {
			for _, e := range c.Engines {
				if c.runs(e, w, round) {
					n++
				}
			}
		}
	}
	return n
}

// check refuses what cannot be measured.
func (c *Config) check() error {
	switch {
	case len(c.Workloads) == 0:
		return fmt.Errorf("no workloads to measure")
	case len(c.Engines) == 0:
		return fmt.Errorf("no engines to measure")
	case c.Runs < 1:
		return fmt.Errorf("%d runs: want at least one", c.Runs)
	}
	return nil
}
