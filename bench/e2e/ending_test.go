package e2e

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"axpress/bench/guest"
)

// end runs the interpreter with a guest, and returns how that ended.
func end(t *testing.T, g *guest.Guest, cmdline string, more ...string) ran {
	t.Helper()
	args := []string{"run", "--no-reboot", "--kernel", g.Kernel, "--engine", "interp", "--append", cmdline, "--timeout", limit}
	return command(t, axpress(t), append(args, more...)...)
}

// A panic that the console does not show is noticed, and the kernel's log says why.
func TestHiddenPanic(t *testing.T) {
	g := build(t, "")
	for _, c := range []struct {
		cmdline, cpu, says string
	}{
		{"console=ttyS0 loglevel=0", "EV67", "Unable to mount root fs"},
		{"console=tty0", "EV67", "Unable to mount root fs"},
		{"console=ttyS0", "EV4", "Attempted to kill the idle task"},
		{"console=ttyS0 quiet loglevel=0 panic=2", "EV67", "Rebooting in 2 seconds"},
	} {
		r := end(t, g, c.cmdline, "--cpu", c.cpu)
		if r.status != 1 || strings.Contains(r.out, "Kernel panic") || !strings.Contains(r.err, "the kernel's log") || !strings.Contains(r.err, c.says) ||
			!regexp.MustCompile(`CPU 0 \w+ at pc 0x[0-9a-f]+ <\w+(\+0x[0-9a-f]+)?>`).MatchString(r.err) {
			t.Errorf("%s, %s: status %d\n%s\nconsole:\n%s", c.cmdline, c.cpu, r.status, r.err, r.out)
		}
	}
	// One that it shows is not shown twice.
	if r := end(t, g, "console=ttyS0"); r.status != 1 || strings.Contains(r.err, "the kernel's log") || !strings.Contains(r.out, "end Kernel panic") {
		t.Errorf("status %d\n%s\nconsole:\n%s", r.status, r.err, r.out)
	}
}

// To halt is not to power off, with one CPU and with several.
func TestHalt(t *testing.T) {
	g := build(t, "")
	for _, cpus := range []string{"1", "4"} {
		for how, want := range map[string]int{"halt": 3, "poweroff": 0, "reboot": 3} {
			if r := end(t, g, "console=ttyS0 quiet rdinit=/bin/busybox -- "+how+" -f", "--initrd", g.Initrd, "--smp", cpus); r.status != want {
				t.Errorf("%s, %s CPUs: status %d, want %d\n%s\nconsole:\n%s", how, cpus, r.status, want, r.err, r.out)
			}
		}
	}
}

// The kernel finds its initramfs also where the command line takes the upper memory away.
func TestMemoryLimit(t *testing.T) {
	g := build(t, "")
	if out := boot(t, g, "interp", "console=ttyS0 mem=64M"); !regexp.MustCompile(`MemTotal: +[1-6]\d{4} kB`).MatchString(out) {
		t.Errorf("not limited:\n%s", out)
	}
}

// shape is what /proc/cpuinfo says of the caches.
var shape = regexp.MustCompile(`(?m)^L[23] cache.*$`)

// What the kernel finds out of its caches by timing them is the same on every boot and engine.
func TestCacheShape(t *testing.T) {
	g := build(t, "")
	want := shape.FindAllString(boot(t, g, "interp", "console=ttyS0"), -1)
	if len(want) != 2 {
		t.Fatalf("%q", want)
	}
	for range 4 {
		if got := shape.FindAllString(boot(t, g, "native", "console=ttyS0"), -1); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// Without the paravirtual clock the kernel calibrates, and believes what the HWRPB says.
func TestBoardClock(t *testing.T) {
	g := build(t, "")
	for _, engine := range []string{"interp", "native"} {
		for _, more := range [][]string{{"--smp", "1"}, {"--smp", "4"}, {"--smp", "1", "--deterministic"}} {
			if engine == "native" && len(more) > 2 {
				continue
			}
			out := boot(t, g, engine, "console=ttyS0", append(more, "--pv-clock", "off")...)
			hz := regexp.MustCompile(`cycle frequency \[Hz\]\s*: (\d+)`).FindStringSubmatch(out)
			if hz == nil || strings.Contains(out, "bogus") || strings.Contains(out, "clocksource: qemu") || !strings.Contains(out, "system serial number\t: AXPRESS") ||
				!strings.Contains(out, "the clock runs") {
				t.Errorf("%s %v: not the board's clock:\n%s", engine, more, out)
				continue
			}
			if n, err := strconv.Atoi(hz[1]); err != nil || n != 667_000_000 {
				t.Errorf("%s %v: %s Hz", engine, more, hz[1])
			}
		}
	}
}

// And its clock goes as the host's, also with several CPUs, where it counts the ticks of the interval timer.
func TestBoardClockRate(t *testing.T) {
	for _, cpus := range []string{"1", "4"} {
		c, before := shell(t, "--pv-clock", "off", "--smp", cpus, "--engine", "interp")
		began, up := time.Now(), c.uptime()
		c.enter("sleep 5; echo sl\"\"ept\n")
		c.expect("slept")
		c.expect("# ")
		guest, host := c.uptime()-up, time.Since(began).Seconds()
		if guest < 4.9 || guest < 0.9*host || guest > 1.1*host {
			t.Errorf("%s CPUs: %.2f s in the guest, %.2f s on the host", cpus, guest, host)
		}
		c.enter("exit\n")
		c.expect("Power down")
		c.ends(0, before)
	}
}
