// Package sampler says where a guest spends its instructions.
//
// In: a machine.CPU and its Engine. Out: a vcpu.Engine that does the same, and
// samples: guest PC, mode, and in user mode the content of the page that PC is in, each
// with the number of instructions since the sample before. It knows no files and no
// symbols; who does (cmd/axpress/symbols) makes a profile of the samples.
//
// # How
//
// No host signals: the engine has to end after Period instructions, give or take a random
// quarter, lest the samples keep step with a loop of the guest. A run to a count (RunFor) is
// made of shorter ones, to the count at which each sample is due: the guest is the same with
// samples as without.
//
// Otherwise State.Limit is lowered. Native code polls at the heads of loops and of functions,
// so what it does between two polls would count for the place of the second. Therefore a random
// number of instructions, up to stray, is interpreted before the sample is taken.
//
// The package belongs to the goroutine that runs the CPU.
package sampler
