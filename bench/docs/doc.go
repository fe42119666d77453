// Package docs holds the tests of what is written about the code: that README.md,
// lifter/LIFE.md and the comments say nothing that is not so, as far as a program can tell.
//
//   - files that the documents name exist, and so do the targets of make and the commands;
//   - what they show of source and of the tools' output is what source and tools have;
//   - comments cite what a reader can find: the Handbook, Linux and QEMU by file, this tree.
package docs
