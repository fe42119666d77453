// Package sampler says where a guest spends its instructions.
//
// In: a machine.CPU and its Engine. Out: a vcpu.Engine that does the same, and
// samples: guest PC, mode, and in user mode the content of the page that PC is in, each
// with the number of instructions since the sample before. It knows no files and no
// symbols; who does (cmd/axpress/symbols) makes a profile of the samples.
//
// # How
//
// No host signals: State.Limit is lowered, so the engine leaves after Period
// instructions, give or take a random quarter, lest the samples keep step with a loop of
// the guest. Native code polls at the heads of loops and of functions only, so what it
// does between two polls would count for the place of the second. Therefore a random
// number of instructions, up to stray, is interpreted before the sample is taken.
//
// The same guest gives the same samples where time is deterministic; but where the
// guest is interrupted depends on where its engine polls, so a run with samples is not
// the same run as one without.
//
// The package belongs to the goroutine that runs the CPU.
package sampler
