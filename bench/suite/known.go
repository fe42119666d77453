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
	{"vax_load", []Engine{QEMU}, "LDF of QEMU 7.2 gets the exponent wrong"},
	{"vax_store", []Engine{QEMU}, "STF of QEMU 7.2 stores something else"},
	{"vax_add", []Engine{QEMU}, "ADDF of QEMU 7.2 gives another number"},
	{"vax_convert", []Engine{QEMU}, "CVTQG of QEMU 7.2 loses the fraction: 3 becomes 2"},
	{"unaligned_store_conditional", []Engine{QEMU}, "QEMU 7.2 does an unaligned STQ_C as any other, without a trap"},
	{"thread_program_changes", []Engine{QEMU}, "with --smp 2 and more QEMU 7.2 runs code, behind an imb, that another CPU had changed before; why is not known"},
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
