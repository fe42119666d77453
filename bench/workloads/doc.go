// Package workloads says what `axpress bench` measures: the list of workloads, the C sources of ours among them (src),
// and how each program is compiled for the host and for Alpha.
//
// It is data. bench/guest builds the programs and the initramfs that has them, bench/measure runs them, and
// bench/report shows what came out.
//
// To add a workload of ours: a file src/NAME.c with a function run_NAME, a row in src/main.c, one in Programs
// (programs.go) and one in All (workloads.go). It must be deterministic, print what it computed, and take 0.05 to
// 0.3 s on the host; what is about two CPUs longer, so that starting its threads does not count. To add a real program: a Program with its Debian source package, and a row in All.
package workloads
