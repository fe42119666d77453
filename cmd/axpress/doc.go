// Command axpress translates Alpha AXP Linux kernels and programs to x86-64 ahead
// of time and runs them.
//
// main.go is the way in and out: streams, signals, exit status, internal errors.
// Each subcommand is one file of its name; boot.go and stats.go are the run that
// run and demo share, profile.go and perfmap.go what run measures, trial.go one run
// of bisect's in a process of its own, progress.go and options.go what several
// commands print and read, typing.go and help.go what is said to people who mistype or ask,
// tell.go results as text or JSON. The work itself is in the packages that these call:
// prepare (translations), native (the engine), terminal (the console), symbols (names
// of guest code), profiles, bisect (its search), and everything outside cmd.
package main
