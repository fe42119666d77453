/* A small bytecode interpreter: one jump through a table for each instruction it executes. */
#include "axbench.h"

enum op { LOAD, ADD, SUB, XOR, AND, SHL, SHR, MOVE, ADDI, LESS, JUMP, JUMPNZ, JUMPZ, GET, PUT, CALL, RETURN, HALT };

struct code {
	uint8_t op, a, b, c;
};

#define IMMEDIATE(b, c) ((b) & 255), ((c) & 255)

/* Collatz lengths of the numbers below a limit, with a table of how often each length came. */
static const struct code program[] = {
	/*  0 */ {LOAD, 0, IMMEDIATE(1, 0)},  /* n = 1 */
	/*  1 */ {LOAD, 1, IMMEDIATE(0x88, 0x13)}, /* limit (times 8) */
	/*  2 */ {LOAD, 9, IMMEDIATE(3, 0)},
	/*  3 */ {SHL, 1, 1, 9},
	/*  4 */ {LOAD, 7, IMMEDIATE(1, 0)},
	/*  5 */ {MOVE, 2, 0, 0},             /* loop: x = n */
	/*  6 */ {LOAD, 3, IMMEDIATE(0, 0)},  /* length = 0 */
	/*  7 */ {SUB, 4, 2, 7},              /* step: while x != 1 */
	/*  8 */ {JUMPZ, 4, 13, 0},
	/*  9 */ {CALL, 0, 20, 0},
	/* 10 */ {ADDI, 3, 1, 0},
	/* 11 */ {JUMP, 0, 7, 0},
	/* 12 */ {HALT, 0, 0, 0},
	/* 13 */ {GET, 5, 3, 0},              /* counts[length]++ */
	/* 14 */ {ADDI, 5, 1, 0},
	/* 15 */ {PUT, 5, 3, 0},
	/* 16 */ {ADDI, 0, 1, 0},
	/* 17 */ {LESS, 6, 0, 1},
	/* 18 */ {JUMPNZ, 6, 5, 0},
	/* 19 */ {HALT, 0, 0, 0},
	/* 20 */ {AND, 6, 2, 7},              /* one step of x */
	/* 21 */ {JUMPNZ, 6, 24, 0},
	/* 22 */ {SHR, 2, 2, 7},
	/* 23 */ {RETURN, 0, 0, 0},
	/* 24 */ {SHL, 6, 2, 7},
	/* 25 */ {ADD, 2, 2, 6},
	/* 26 */ {ADDI, 2, 1, 0},
	/* 27 */ {XOR, 8, 8, 2},
	/* 28 */ {RETURN, 0, 0, 0},
};

static uint64_t registers[16], counts[1024];

/* interpret runs the program and returns how many instructions it executed. */
static uint64_t interpret(const struct code *code) {
	uint64_t executed = 0, *r = registers;
	unsigned stack[16], depth = 0, pc = 0;
	for (;;) {
		struct code i = code[pc++];
		executed++;
		switch ((enum op)i.op) {
		case LOAD: r[i.a] = (uint64_t)i.c << 8 | i.b; break;
		case ADD: r[i.a] = r[i.b] + r[i.c]; break;
		case SUB: r[i.a] = r[i.b] - r[i.c]; break;
		case XOR: r[i.a] = r[i.b] ^ r[i.c]; break;
		case AND: r[i.a] = r[i.b] & r[i.c]; break;
		case SHL: r[i.a] = r[i.b] << (r[i.c] & 63); break;
		case SHR: r[i.a] = r[i.b] >> (r[i.c] & 63); break;
		case MOVE: r[i.a] = r[i.b]; break;
		case ADDI: r[i.a] += i.b; break;
		case LESS: r[i.a] = r[i.b] < r[i.c]; break;
		case JUMP: pc = i.b; break;
		case JUMPNZ: if (r[i.a]) pc = i.b; break;
		case JUMPZ: if (!r[i.a]) pc = i.b; break;
		case GET: r[i.a] = counts[r[i.b] & 1023]; break;
		case PUT: counts[r[i.b] & 1023] = r[i.a]; break;
		case CALL: stack[depth++ & 15] = pc; pc = i.b; break;
		case RETURN: pc = stack[--depth & 15]; break;
		case HALT: return executed;
		}
	}
}

void run_dispatch(void) {
	result("executed", interpret(program));
	uint64_t sum = registers[8];
	for (int i = 0; i < 1024; i++)
		sum = mix(sum, counts[i]);
	result("sum", sum);
}
