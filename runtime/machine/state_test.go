package machine

import (
	"slices"
	"strings"
	"testing"

	"axpress/runtime/device/devtest"
)

// notRestored are the fields that a run may change and Load does not restore, and why. The devices
// have tests of their own (runtime/device/clipper).
var notRestored = devtest.Wiring{
	"machine.Machine.cfg": "what the machine was made of", "machine.Machine.platform": "as cfg",
	"machine.Machine.ram": "compared by its hash", "vcpu.CPU.RAM": "as Machine.ram", "mmu.MMU.ram": "as Machine.ram",
	"machine.Machine.board": "its devices have tests of their own", "machine.Machine.host": "what devices have asked of the host is theirs",
	"machine.Machine.stop": "how the last call of Run ended", "machine.Machine.wakeup": "what the host wants", "machine.Machine.inquiry": "what the host wants",
	"machine.Machine.policy": "an interface: what it says next is in the next states that are saved", "machine.Machine.runnable": "asked anew before each turn",
	"machine.Machine.mu": "a lock", "machine.Machine.stw": "where CPUs run in parallel", "machine.Machine.over": "where CPUs run in parallel",
	"machine.CPU.engine": "decoded code, compared with memory at the next run",
	"machine.CPU.slice":  "of the host's time", "machine.CPU.sliceNS": "of the host's time", "machine.CPU.park": "of the host's threads",
	"machine.CPU.watch": "where CPUs run in parallel", "machine.CPU.spin": "where CPUs run in parallel",
	"machine.alarm.timer":    "one of the clock's",
	"machine.cpuStats.exits": "how runs of the engine ended, those among them that the host has ended",
	"vcpu.CPU.Cycles":        "a function", "vcpu.CPU.Exclusive": "a function", "vcpu.CPU.Model": "as cfg",
	"osf.CPU.Mem": "wiring", "osf.CPU.Sys": "wiring", "osf.CPU.Console": "wiring",
	"console.Callbacks.term": "wiring", "console.Callbacks.mu": "a lock",
	"clock.Clock.cfg": "wiring", "clock.Clock.host": "the host's time", "clock.Clock.early": "for the host's time",
	"timers.Queue.timers": "made by their devices; those that are set are in due", "timers.Queue.first": "a function", "timers.timer.fn": "a function",
	"serialio.Output.see": "a function", "serialio.Output.buf": "sent, and waits for the host", "serialio.Output.waits": "as buf",
	"serialio.Output.w": "the host's", "serialio.Output.err": "the host's", "serialio.Output.mu": "a lock", "serialio.Output.writing": "a lock",
	"serialio.Input.line": "wiring", "serialio.Input.wake": "a function", "serialio.Input.room": "the host's", "serialio.Input.closed": "the host's",
	"serialio.Input.waits": "the host's", "serialio.Input.mu": "a lock",
	"panicwatch.Watch.kernel": "reads RAM", "panicwatch.Watch.countSyscalls": "a function",
	"mmu.MMU.io": "wiring", "mmu.MMU.base": "a host address", "mmu.MMU.followers": "wiring", "mmu.MMU.beforeStore": "a function",
	"mmu.MMU.itlb": "a cache of the list", "mmu.MMU.gen": "a generation of itlb", "mmu.MMU.spaces": "used without a list",
	"mmu.KernelList.cpus": "wiring", "mmu.List.stale": "a counter", "mmu.List.fetched": "a counter",
	"abi.State.Limit": "when the host wants a run to end", "abi.State.ExitCode": "said and served at once", "abi.State.ExitArg": "as ExitCode",
	"abi.State.KSEGBias": "a host address", "abi.State.RAMBase": "a host address", "abi.State.StoreKSEGBias": "a host address",
	"abi.State.StoreRAMBase": "a host address", "abi.State.CheckedBias": "a host address", "abi.State.CheckedDelta": "a host address",
	"abi.State.FastCalls": "in cpuStats.callPALs", "abi.State.JumpKey": "derived", "abi.State.JumpGen": "a generation of Jump",
	"abi.State.FaultVA": "said and served at once", "abi.State.FaultMMCSR": "as FaultVA", "abi.State.FaultAccess": "as FaultVA", "abi.State.FaultKind": "as FaultVA",
	"abi.State.TLB": "a cache of the list", "abi.State.Jump": "a cache",
}

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
				t.Errorf("%d CPUs, at %d: not restored:", cpus, p)
				for _, d := range d[:min(len(d), 40)] {
					t.Error(d.Text)
				}
			}
			if ran.m.Hash() != loaded.m.Hash() {
				t.Errorf("%d CPUs, at %d: memory differs", cpus, p)
			}
		}
		// The test finds what is not restored.
		d := devtest.Differences(whole.m, newSavable(t, cpus).m, notRestored, met)
		for _, want := range []string{"abi.State.R", "machine.cpuStats.interrupts", "clock.Clock.skew"} {
			if !slices.ContainsFunc(d, func(d devtest.Difference) bool { return d.Field == want }) {
				t.Errorf("%s of a machine that has run is what it is in a new one", want)
			}
		}
	}
	if names := devtest.Unmet(notRestored, met); len(names) > 0 {
		t.Errorf("there is no %s", strings.Join(names, ", "))
	}
}
