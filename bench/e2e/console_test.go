package e2e

import (
	"path/filepath"
	"slices"
	"testing"

	"axpress/bench/guest"
)

// The same kernel and initramfs give the same console text with every engine and
// on the peer. The seconds are logged, not judged.
func TestConsoleText(t *testing.T) {
	g := build(t, guest.Plain)
	texts := map[string]string{}
	for _, engine := range []string{"interp", "native"} {
		file := filepath.Join(t.TempDir(), "stats.json")
		texts[engine] = boot(t, g, engine, "console=ttyS0", "--stats", file)
		c := readCounters(t, file)
		t.Logf("%s: %.2f s, %.3f %% of the instructions in native code", engine, c.HostSeconds, 100*c.NativeShare)
	}
	sameText(t, "interp", texts["interp"], "native", texts["native"], timing...)
	sameText(t, "native", texts["native"], "QEMU", bootQEMU(t, g, "console=ttyS0"), slices.Concat(timing, board)...)
}

// With guest time derived from the count of instructions, two runs are identical,
// times included.
func TestDeterministic(t *testing.T) {
	g := build(t, guest.Plain)
	for _, engine := range []string{"interp", "native"} {
		first := boot(t, g, engine, "console=ttyS0 axpress.run=shutdown", "--deterministic")
		if second := boot(t, g, engine, "console=ttyS0 axpress.run=shutdown", "--deterministic"); first != second {
			sameText(t, "first", first, "second", second)
			t.Errorf("%s: two deterministic runs differ", engine)
		}
	}
}
