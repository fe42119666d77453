package lockstep

import (
	"cmp"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"axpress/lifter/image"
	"axpress/lifter/image/guesttest"
	"axpress/runtime/abi"
	"axpress/runtime/machine"
	"axpress/runtime/trace"
	"axpress/translator/prepare"
	"axpress/translator/profile"
)

// The guest's command line: boot to userland, run the demo's programs, power off.
const cmdline = "console=ttyS0"

// maxDivergences ends a boot that goes wrong everywhere.
const maxDivergences = 8

// hotNames are functions that each program has, and that do much with single bytes, unaligned numbers and formats.
var hotNames = regexp.MustCompile(`^_*(mem|str|int_malloc|vfprintf|vsnprintf)`)

// hotStrings is a profile by which those functions are all that is hot.
func hotStrings(images []*image.Image) *profile.Profile {
	p := &profile.Profile{}
	for _, img := range images {
		for _, s := range img.Symbols {
			if s.Func && hotNames.MatchString(s.Name) {
				p.Add(img.Hash, img.Name, s.Addr, s.Name, 1)
			}
		}
	}
	return p
}

// TestKernelInLockstep boots a real kernel with its userland, from the first instruction to
// the power-off. Translations come from the user's cache, or are made.
func TestKernelInLockstep(t *testing.T) {
	if testing.Short() {
		t.Skip("boots a whole guest in lockstep, which takes minutes")
	}
	kernelPath, initrdPath := guesttest.Kernel(t), guesttest.Initrd(t)
	kernel, err := image.Open(kernelPath)
	if err != nil {
		t.Fatal(err)
	}
	initrd, err := os.ReadFile(initrdPath)
	if err != nil {
		t.Fatal(err)
	}
	programs, skipped, err := prepare.Initramfs(initrdPath, initrd)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range skipped {
		t.Logf("%s is not translated: %s", s.Name, s.Reason)
	}
	images := append([]*image.Image{kernel}, programs...)
	results, err := prepare.Translate(t.Context(), images, prepare.Options{Profile: hotStrings(images)})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(results, func(r *prepare.Result) bool { return r.Hot != nil }) {
		t.Error("nothing is hot: are there no symbols?")
	}
	var code []*abi.Code
	for _, r := range results {
		code = append(code, r.Artifact.Code())
	}

	g := newGuest(t, machine.Config{
		Segments: segments(kernel), Entry: kernel.Entry, Initrd: initrd, Append: cmdline, Memory: 128 << 20,
	}, trace.Config{Code: code, Symbol: symbols(images...)}, maxDivergences)
	stop := g.run(t, hang)
	for _, d := range g.found {
		t.Error(d.String())
	}
	if stop.Reason != machine.PowerOff || !strings.Contains(g.out.String(), "Linux version") {
		t.Errorf("the boot ends by %v at %#x (%s), console:\n%s", stop.Reason, stop.PC, stop.Detail, g.out.String())
	}
	s, alone := g.engine.Stats(), g.engine.Counters().Interpreted
	t.Logf("%+v, %d interpreted alone", s, alone)
	if s.Compared < 99*alone {
		t.Errorf("%d instructions compared, %d interpreted alone", s.Compared, alone)
	}
	g.logMisses(t, symbols(images...))
}

// logMisses logs the places where the interpreter had to run alone most often.
func (g *lockstepGuest) logMisses(t *testing.T, symbol func(uint64) string) {
	const most = 12
	misses := g.engine.Misses()
	pcs := slices.SortedFunc(maps.Keys(misses), func(a, b uint64) int { return cmp.Or(cmp.Compare(misses[b], misses[a]), cmp.Compare(a, b)) })
	for _, pc := range pcs[:min(most, len(pcs))] {
		t.Logf("%8d times interpreted from %#x %s", misses[pc], pc, symbol(pc))
	}
}
