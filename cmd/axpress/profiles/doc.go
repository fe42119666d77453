// Package profiles makes profiles of samples: one for the translator
// (translator/profile), one for people, in the format of pprof.
//
// In: the samples of runtime/sampler and the table of what the guest runs
// (cmd/axpress/symbols). Out: values that write themselves. Code that is in no file
// known is in the profile for people only, under a name in brackets.
package profiles
