// Package hostile makes kernels that do all they can to hurt the machine they run in: random instructions and
// CALL_PALs, wild addresses, odd page tables (that map themselves, lie in I/O space or outside memory), address spaces
// that change their numbers, user mode, devices' registers, stacks and entry points that are none, what the console told,
// code that overwrites itself, jumps into the middle of everything. A kernel follows from its seed alone.
//
// Such a kernel may end its guest in any way there is. What it must not do is end the process, hang it beyond its time
// limit, or make it end with a status that Judge does not allow; and all engines must end it at
// the same instruction, if it is Coherent. Run starts `axpress run` on many of them.
package hostile
