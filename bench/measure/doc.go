// Package measure runs the workloads of bench/workloads on several engines and takes their times.
//
// In: a Config (what was built, which workloads, which engines). Out: a Result, which is also the JSON file of
// `axpress bench --json`. bench/report shows it.
//
// Every engine is one session that lives as long as the whole measurement: a guest that was booted once, or a plain
// process on the host, with the driver of bench/workloads/src/driver.c at the other end of a pipe. A workload's time is
// the time on the host between the arrival of the driver's two lines "start" and "end"; what the guest's own clock says
// is kept beside it. The engines take turns, workload by workload and run by run, so that a change in the machine's
// speed meets all of them. Only the session whose turn it is runs: the others are stopped (SIGSTOP), because an idle
// Alpha in QEMU keeps a processor busy. A workload on two CPUs takes turns with the same on one, too, for which an engine has
// two sessions; before each of these runs all processors are kept busy for a while. Outputs are compared across engines before
// times count.
package measure
