// Package idle finds out that a CPU only waits, so that the host can rest.
//
// In: a CPU and its engine between two slices (Loop), the lengths of sleeps and turns
// (AdaptiveSpin). Out: what the CPU waits for and which words of memory can end that
// (WatchList), how much longer to go round before it sleeps, and how long its next slice
// should be (Backoff). It must not know of machines, other CPUs or time, which it is told.
package idle
