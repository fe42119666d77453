package gobuild

import (
	"os"
	"regexp"
	"slices"
	"strings"
)

// levelEnv chooses the instructions that the Go compiler may use.
const levelEnv = "GOAMD64"

// level3 is what a processor of level v3 has (the x86-64 psABI, "Micro-Architecture
// Levels"), as Linux calls it.
var level3 = []string{"avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe", "xsave"}

var flagsLine = regexp.MustCompile(`(?m)^flags\s*:(.*)$`)

// level is the setting of levelEnv for the processor that cpuinfo, a /proc/cpuinfo,
// describes; "" if nothing is known about it. Shifts, which Alpha's bytes and divisions
// are made of, take fewer instructions at v3. Sums of products are not fused for it:
// emitted code converts each.
func level(cpuinfo string) string {
	m := flagsLine.FindStringSubmatch(cpuinfo)
	if m == nil {
		return ""
	}
	flags := strings.Fields(m[1])
	for _, f := range level3 {
		if !slices.Contains(flags, f) {
			return ""
		}
	}
	return "v3"
}

// hostLevel is the environment for code that runs on this machine, unless whoever started
// us has chosen.
func hostLevel() []string {
	if os.Getenv(levelEnv) != "" {
		return nil
	}
	text, err := os.ReadFile("/proc/cpuinfo")
	if l := level(string(text)); err == nil && l != "" {
		return []string{levelEnv + "=" + l}
	}
	return nil
}
