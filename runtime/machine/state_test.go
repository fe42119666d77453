package machine

import (
	"slices"
	"strings"
	"testing"

	"axpress/runtime/device/devtest"
)

// notRestored are the fields that a run may change and Load does not restore, and why. The devices
// have tests of their own (runtime/device/clipper).
var notRestored = devtest.Wiring{}

// What a run has changed in the machine and all that hangs on it is what Load makes of a new one: by
// reflection, so that no field is forgotten.
func TestLoadRestoresEveryField(t *testing.T) {
	met := map[string]bool{}
	for _, cpus := range []int{1, 2} {
		whole := newSavable(t, cpus)
		whole.runTo(t, 0)
		for _, p := range randomPoints(7, 10, whole.m.CPU(0).S.Icount) {
			ran, loaded := newSavable(t, cpus), newSavable(t, cpus)
			ran.runTo(t, p)
			loaded.load(t, ran.save(t))
			if d := devtest.Differences(ran.m, loaded.m, notRestored, met); len(d) > 0 {
				t.Errorf("%d CPUs, at %d: not restored:\n%s", cpus, p, strings.Join(d[:min(len(d), 40)], "\n"))
			}
			if ran.m.Hash() != loaded.m.Hash() {
				t.Errorf("%d CPUs, at %d: memory differs", cpus, p)
			}
		}
		// The test finds what is not restored.
		d := devtest.Differences(whole.m, newSavable(t, cpus).m, notRestored, met)
		for _, want := range []string{"machine.Machine.cpus[0].CPU.S.R[14]:", "machine.Machine.cpus[0].stats.interrupts:", "machine.Machine.clock.skew:"} {
			if !slices.ContainsFunc(d, func(s string) bool { return strings.Contains(s, strings.TrimPrefix(want, "machine.Machine")) }) {
				t.Errorf("%s of a machine that has run is what it is in a new one, out of %q", want, d[:min(len(d), 20)])
			}
		}
	}
	if names := devtest.Unmet(notRestored, met); len(names) > 0 {
		t.Errorf("there is no %s", strings.Join(names, ", "))
	}
}
