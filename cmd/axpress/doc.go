// Command axpress translates Alpha AXP Linux kernels and programs to x86-64 ahead
// of time and runs them.
//
// main.go is the way in and out: streams, signals, exit status, internal errors.
// Each subcommand is one file of its name. The run that several of them share goes
// from options (boot.go) by way of files (loaded.go) and host code (translated.go) to
// an outcome (session.go, stats.go); profile.go and perfmap.go are what run measures,
// trial.go is one run of bisect's in a process of its own, progress.go and options.go
// are what several commands print and read, typing.go and help.go what is said to
// people who mistype or ask, tell.go results as text or JSON. The work itself is in the
// packages that these call: native (the engine), symbols (names of guest code),
// profiles, bisect (its search), translator/prepare (translations), runtime/standalone
// and below it (the guest on this terminal), and everything outside cmd.
package main
