// Package sched lets the CPUs of a machine run: in turn on one goroutine, or in
// parallel, each on a thread of the host.
//
// In: functions that run a CPU, and numbers. Out: whose turn it is and for how long
// (Policy, Slice), threads (Parallel), and what CPUs that run in parallel need of each
// other: to stop the world (StopTheWorld), to sleep until somebody has something
// for them (Parker), and to know that there are more of them than processors
// (Oversubscription). It must not know what a CPU is, nor what it runs.
package sched
