package suite

// Known is a check of which it is known that an engine does not say what the others say.
type Known struct {
	Check   string // its name, in all variants
	Engines []Engine
	Reason  string
}

// known says where engines differ, and why. A difference that is not here is a failure.
var known = []Known{
	{"float_two_nans", []Engine{QEMU}, "QEMU 7.2 returns the first operand's NaN; Alpha the second's, quieted"},
	{
		"trace_breakpoint_later", []Engine{Native, Go, Interp},
		"Linux 6.1, compiled for SMP, does not flush the instruction cache of its own CPU when a debugger writes into another " +
			"process (flush_icache_user_page), and nothing else says that the process's code has changed; QEMU has no such cache",
	},
}

// knownFor returns what is known of the engine's line of a check.
func knownFor(check string, e Engine) (reason string, ok bool) {
	for _, k := range known {
		for _, of := range k.Engines {
			if k.Check == check && of == e {
				return k.Reason, true
			}
		}
	}
	return "", false
}
