package e2e

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// difference is a kind of line that two runs may differ in.
type difference struct {
	line   string // regular expression; a line that matches is left out
	reason string
}

// timing lines depend on how fast the machine is, or on who is first.
var timing = []difference{
	{`^Calibrating delay loop`, "BogoMIPS"},
	{`processors activated`, "BogoMIPS"},
	{`^BogoMIPS`, "BogoMIPS"},
	{`Bcache detected`, "the kernel measures latencies, and sees the host's caches"},
	{`^L[23] cache`, "the same"},
	{`setting system clock to`, "the time of day"},
	{`^(Unpacking initramfs|Freeing initrd memory)`, "a kernel thread says it, beside others"},
}

// board lines name what the two machines really have different.
var board = []difference{
	{`^PCI: 00:`, "QEMU's firmware lists its devices; ours has a network card and a disk controller less"},
	{`^PCI:   region`, "the same"},
	{`^pci 0000:00:0[12]\.0`, "the network card and the disk controller"},
	{`^memcluster [012],`, "the console's own memory: 15 pages there, 16 at the start and 4 at the end here"},
	{`^Memory: `, "the same"},
	{`^MemTotal:`, "the same"},
	{`^  DMA      \[mem`, "physical addresses have 40 bits there, 44 here, as on a real EV67"},
	{`^phys. address bits`, "the same"},
	{`^Using epoch 1980 for rtc year`, "QEMU's clock chip counts years from 2000"},
	{`^cpu variation`, "what the console says of the CPU: more here"},
	{`^platform string`, "the same"},
}

var (
	stamp   = regexp.MustCompile(`^\[ *\d+\.\d+\] ?`)
	address = regexp.MustCompile(`\b(0x)?[0-9a-f]{16}\b`)
)

// normalise returns the lines of a console text without time stamps, without
// addresses, and without the lines that may differ.
func normalise(t *testing.T, text string, differences ...difference) []string {
	t.Helper()
	var skip []*regexp.Regexp
	for _, d := range differences {
		skip = append(skip, regexp.MustCompile(d.line))
	}
	var lines []string
next:
	for line := range strings.Lines(text) {
		line = strings.TrimRight(stamp.ReplaceAllString(line, ""), " \n")
		for _, re := range skip {
			if re.MatchString(line) {
				continue next
			}
		}
		lines = append(lines, address.ReplaceAllString(line, "ADDRESS"))
	}
	return lines
}

// sameText compares console texts, apart from differences.
func sameText(t *testing.T, nameA, a, nameB, b string, differences ...difference) {
	t.Helper()
	la, lb := normalise(t, a, differences...), normalise(t, b, differences...)
	if len(la) < 50 {
		t.Errorf("%s: only %d lines:\n%s", nameA, len(la), a)
	}
	for i := 0; i < max(len(la), len(lb)); i++ {
		x, y := lineAt(la, i), lineAt(lb, i)
		if x != y {
			t.Errorf("console texts differ:\n%12s: %s\n%12s: %s\nafter:\n%s", nameA, x, nameB, y, strings.Join(la[max(0, min(i, len(la))-5):min(i, len(la))], "\n"))
			return
		}
	}
}

func lineAt(lines []string, i int) string {
	if i < len(lines) {
		return fmt.Sprintf("%q", lines[i])
	}
	return "(the end)"
}

func TestNormalise(t *testing.T) {
	got := normalise(t, "[    0.000000] pc = [<fffffc00011bb408>]\n[   12.5] Calibrating delay loop... 5\nMemTotal: 5 kB\n", timing...)
	if want := []string{"pc = [<ADDRESS>]", "MemTotal: 5 kB"}; strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got %q, want %q", got, want)
	}
}
