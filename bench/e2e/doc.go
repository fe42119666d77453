// Package e2e holds the tests that boot real kernels: Debian's Linux with the
// reference interpreter, with translated code, and on qemu-system-alpha.
//
// They use the product as a user does, as one command built here, and the guests of
// bench/guest. Guests and translations come from the user's caches; without them the
// tests build and translate first, which takes most of their time. What is missing
// on the machine is installed if root runs the tests, else named. So they run where
// 'make test' runs them (lifter/image/guesttest), and are skipped elsewhere.
//
// console_test.go compares what the engines print, oldbug_test.go shows a kernel
// bug that depends on exact faults, demo_test.go runs the demo, bench_test.go a
// small bench, suite_test.go a slice of the suite and what code that changes costs, interrupt_test.go interrupts a translation, profile_test.go profiles
// a boot. normalise_test.go says what may differ in a console text, and why.
package e2e
