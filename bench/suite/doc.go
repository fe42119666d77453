// Package suite holds checks that run inside a booted guest, and compares what they say on several engines.
//
// The checks are C and assembly in src, one line of output each; Variants says how often they are compiled, bench/guest
// puts all of them into one program, which is the guest's init. Run boots it on each engine; Result.Rows compares line
// by line. What QEMU is known to do wrong stands in known.go, with the reason.
package suite
