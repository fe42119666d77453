/* Code of other files: a shared library, which is mapped anywhere, and with PROGRAM a program. FACTOR tells them apart.
 * There is no C library in it. */
#include "library.h"

typedef unsigned long step_function(unsigned long);

static unsigned long step(unsigned long x) { return LIBRARY_STEP(x, FACTOR); }

#pragma GCC visibility push(hidden) /* nobody else's names: the only relocations are by the address of the library */

/* Relocated when the library is mapped. */
step_function *volatile library_steps[2] = {step, step};

unsigned long library_calls;

unsigned long library_run(unsigned long x, unsigned long rounds) {
	library_calls++;
	for (unsigned long i = 0; i < rounds; i++)
		x = library_steps[i & 1](x);
	return x;
}

#ifdef PROGRAM
__attribute__((used)) static unsigned long program(void) { return library_run(1, SECOND_ROUNDS); }

__asm__(".text\n\t.globl _start\n\t.ent _start\n_start:\n\t.frame $30,0,$26\n\tbr $27,1f\n1:\tldgp $29,0($27)\n\t.prologue 1\n\t"
	"jsr $26,program\n\tldgp $29,0($26)\n\tlda $31,0x4d4b($31)\n\tlda $1,0($31)\n\taddq $0,$1,$16\n\tand $16,127,$16\n\tlda $0,1($31)\n\tcallsys\n\t.end _start");
#endif
