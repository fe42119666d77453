package measure

import (
	"context"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"axpress/translator/toolchain"
)

// describe says what this machine is. What cannot be found out is left empty.
func describe() Machine {
	m := Machine{CPU: "unknown", CPUs: runtime.NumCPU()}
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		m.CPU = cpuModel(string(text))
	}
	if text, err := os.ReadFile("/proc/loadavg"); err == nil {
		m.Load, _, _ = strings.Cut(string(text), " ")
	}
	if text, err := os.ReadFile("/proc/meminfo"); err == nil {
		m.Memory = memTotal(string(text))
	}
	var u unix.Utsname
	if unix.Uname(&u) == nil {
		m.Kernel = unix.ByteSliceToString(u.Sysname[:]) + " " + unix.ByteSliceToString(u.Release[:])
	}
	return m
}

var (
	modelLine = regexp.MustCompile(`(?m)^model name\s*: (.*)$`)
	totalLine = regexp.MustCompile(`(?m)^MemTotal:\s*(\d+) kB$`)
)

func cpuModel(cpuinfo string) string {
	if m := modelLine.FindStringSubmatch(cpuinfo); m != nil {
		return strings.Join(strings.Fields(m[1]), " ")
	}
	return "unknown"
}

func memTotal(meminfo string) uint64 {
	if m := totalLine.FindStringSubmatch(meminfo); m != nil {
		n, _ := strconv.ParseUint(m[1], 10, 64)
		return n << 10
	}
	return 0
}

// version is the first thing in a text that looks like one.
var version = regexp.MustCompile(`\d+\.\d+(\.\d+)?`)

// tools returns the versions of what takes part.
func (c *Config) tools(ctx context.Context) map[string]string {
	commands := map[string][]string{
		"gcc": {"gcc", "-dumpfullversion"}, "gcc for Alpha": {"alpha-linux-gnu-gcc", "-dumpfullversion"},
	}
	for _, e := range c.Engines {
		if name, ok := programs[e]; ok {
			commands[name] = []string{name, "--version"}
		}
	}
	versions := map[string]string{"Go": strings.TrimPrefix(runtime.Version(), "go")}
	if tools, err := toolchain.Find(); err == nil {
		versions["LLVM"] = tools.Version()
	}
	for name, command := range commands {
		if out, err := exec.CommandContext(ctx, command[0], command[1:]...).Output(); err == nil {
			if v := version.FindString(string(out)); v != "" {
				versions[name] = v
			}
		}
	}
	return versions
}
