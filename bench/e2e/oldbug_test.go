package e2e

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"axpress/bench/guest"
)

// The kernel's old bug: its fault handler wrote the fixed-up $16 to $18 two slots
// too low in the frame, so that a fault of io_submit on a user's pointer destroyed
// gp. With the bug the guest oopses as the bug's report tells; without it io_submit
// returns EFAULT. Both need faults that reach the kernel's exception table with
// exact registers, out of translated code.
func TestOldBug(t *testing.T) {
	const cmdline = "console=ttyS0"
	good, bad := build(t, guest.A1), build(t, guest.A1OldBug)
	pc := map[string]string{}
	for _, engine := range []string{"native", "interp"} {
		file := filepath.Join(t.TempDir(), "stats.json")
		text := boot(t, good, engine, cmdline, "--only", faulting, "--stats", file)
		has(t, engine+", right handler", text, "io_submit: Bad address", "aio: exit status 0")
		if strings.Contains(text, "Oops") {
			t.Errorf("%s: an oops with the right handler:\n%s", engine, text)
		}
		if engine == "native" {
			wasNative(t, file)
		}
		text = boot(t, bad, engine, cmdline, "--only", faulting, "--stats", file)
		oops(t, engine, text)
		if engine == "native" {
			wasNative(t, file)
		}
		pc[engine] = faultPC.FindString(text)
	}
	text := bootQEMU(t, bad, cmdline)
	oops(t, "QEMU", text)
	pc["QEMU"] = faultPC.FindString(text)
	if pc["native"] != pc["interp"] || pc["native"] != pc["QEMU"] {
		t.Errorf("the oops is at different places: %q", pc)
	}
}

// faulting names the functions that fault, and those that serve the fault. Only
// they are translated here: the whole kernel in native code is console_test.go's
// subject, and three translations of it would take most of the time of all tests.
const faulting = `^(__se_sys_io_submit|sys_io_submit|lookup_ioctx|do_page_fault|search_exception_tables|search_extable)(\.|$)`

// wasNative checks that io_submit ran in translated code.
func wasNative(t *testing.T, file string) {
	t.Helper()
	c := readCounters(t, file)
	if c.NativeShare == 0 {
		t.Error("nothing ran in native code")
	}
	for _, m := range c.Misses {
		if strings.HasSuffix(m.Symbol, "sys_io_submit") {
			t.Errorf("io_submit was interpreted from its start, %d times", m.Count)
		}
	}
}

var (
	faultPC = regexp.MustCompile(`pc is at sys_io_submit\+0x[0-9a-f]+/0x[0-9a-f]+`)
	// The fault is at a small negative address: an access through a gp of 0.
	faultVA = regexp.MustCompile(`Unable to handle kernel paging request at virtual address ffffffffffff[0-9a-f]{4}`)
)

// oops checks that text has the oops that the report describes.
func oops(t *testing.T, engine, text string) {
	t.Helper()
	has(t, engine+", old handler", text, "Oops 0", "gp = 0000000000000000",
		"Disabling lock debugging due to kernel taint", "entSys+0xa4/0xc0", "aio: did not come back")
	if !faultPC.MatchString(text) || !faultVA.MatchString(text) {
		t.Errorf("%s, old handler: no oops in sys_io_submit at gp + a negative offset:\n%s", engine, text)
	}
}

func has(t *testing.T, who, text string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(text, w) {
			t.Errorf("%s: no %q in:\n%s", who, w, text)
		}
	}
}
