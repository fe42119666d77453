/* Litmus tests: small programs of which the architecture forbids some outcomes. Threads run over arrays of places without
 * waiting for each other, so that their accesses meet in all ways; after each array they compare. */
#include "smp.h"

#include <linux/futex.h>
#include <sys/syscall.h>

enum { PLACES = 1024 };

/* One cache line for each variable. */
struct line {
	volatile uint64_t v;
	char pad[56];
};

static struct line x[PLACES], y[PLACES];
static uint64_t r[2][PLACES], q[2][PLACES];
static struct barrier together;
static uint64_t rounds, bad, weak;
static volatile uint64_t reached; /* thread 0's round, now and then */
static int threads;

/* begin is the first thing that a thread does. Linux/Alpha 6.1 forgets to clear asn_lock for a thread that has just been
 * made (ret_from_fork, where others pass check_mmu_context): until it is scheduled away once, its CPU ignores requests to
 * flush the TLB, and goes on reading pages that were replaced. That is not what is tested here. */
static void begin(int who) {
	pin(who);
	usleep(1000);
}

static void wrong(uint64_t n) { __atomic_add_fetch(&bad, n, __ATOMIC_RELAXED); }

/* A test whose threads 0 and 1 each do something at every place, and thread 0 judges; so it runs a multiple of PLACES
 * rounds. */
struct pair {
	void (*act)(int who, int i);
	int (*judge)(int i); /* 1: not allowed, 2: weak, but allowed */
};
static const struct pair *current;

static void *pair_thread(void *arg) {
	int who = (int)(intptr_t)arg;
	begin(who);
	for (uint64_t done = 0; done < rounds; done += PLACES) {
		await_all(&together, 0);
		await_all(&together, 5000000); /* to leave it together is what matters */
		for (int i = 0; i < PLACES; i++)
			current->act(who, i);
		await_all(&together, 0);
		if (who != 0)
			continue;
		reached = done;
		for (int i = 0; i < PLACES; i++) {
			int outcome = current->judge(i);
			bad += outcome == 1;
			weak += outcome == 2;
			x[i].v = y[i].v = 0;
			r[0][i] = r[1][i] = q[0][i] = q[1][i] = 0;
		}
	}
	return NULL;
}

/* Message passing: who sees the flag sees the message. */
static void mp_act(int who, int i) {
	if (who == 0) {
		x[i].v = 1;
		wmb();
		y[i].v = 1;
	} else {
		r[1][i] = y[i].v;
		mb();
		q[1][i] = x[i].v;
	}
}
static int mp_judge(int i) { return r[1][i] == 1 && q[1][i] == 0; }

/* Store buffering: with barriers somebody sees the other's store. */
static void sb_act(int who, int i) {
	struct line *mine = who ? y : x, *other = who ? x : y;
	mine[i].v = 1;
	mb();
	r[who][i] = other[i].v;
}
static int sb_judge(int i) { return r[0][i] == 0 && r[1][i] == 0; }

/* The same without barriers: it is allowed then. */
static void sbw_act(int who, int i) {
	struct line *mine = who ? y : x, *other = who ? x : y;
	mine[i].v = 1;
	r[who][i] = other[i].v;
}
static int sbw_judge(int i) { return r[0][i] == 0 && r[1][i] == 0 ? 2 : 0; }

/* Load buffering: nobody sees what will be stored because of what was seen. */
static void lb_act(int who, int i) {
	struct line *mine = who ? y : x, *other = who ? x : y;
	r[who][i] = other[i].v;
	mb();
	mine[i].v = 1;
}
static int lb_judge(int i) { return r[0][i] == 1 && r[1][i] == 1; }

/* Coherence: the stores of one CPU to a place are seen in their order. */
enum { COHERENT = 8 };
static void co_act(int who, int i) {
	uint64_t last = 0, back = 0;
	for (uint64_t k = 1; k <= COHERENT; k++) {
		if (who == 0) {
			x[i].v = k;
			continue;
		}
		uint64_t v = x[i].v;
		back += v < last;
		last = v;
	}
	r[who][i] = back;
}
static int co_judge(int i) { return r[1][i] != 0; }

/* Two quadwords of one block, written by two CPUs, both by store-conditional: none gets lost. */
static void ll_act(int who, int i) {
	volatile uint64_t *p = (volatile uint64_t *)&x[i] + who;
	uint64_t v;
	__asm__ __volatile__("1:	ldq_l %0,%1\n	addq %0,3,%0\n	stq_c %0,%1\n	beq %0,1b" : "=&r"(v), "+m"(*p) : : "memory");
}
static int ll_judge(int i) {
	volatile uint64_t *p = (volatile uint64_t *)&x[i];
	int wrong = p[0] != 3 || p[1] != 3;
	p[1] = 0;
	return wrong;
}

/* A test whose threads each do the rounds by themselves, and wait for each other now and then, so that they do meet; finish
 * says at the end how many outcomes were wrong. */
struct crowd {
	void (*act)(int who, uint64_t round);
	uint64_t (*finish)(void);
};
static const struct crowd *crowd;

static void *crowd_thread(void *arg) {
	int who = (int)(intptr_t)arg;
	begin(who);
	for (uint64_t i = 0; i < rounds; i++) {
		if (i % PLACES == 0) {
			await_all(&together, 50000);
			if (who == 0)
				reached = i;
		}
		crowd->act(who, i);
	}
	return NULL;
}

static volatile uint64_t guarded, copy;
static uint64_t all_counted(void) { return guarded != rounds * (uint64_t)threads || copy != guarded; }

/* critical must never be run by two at once. */
static void critical(void) {
	uint64_t v = guarded;
	if (copy != v)
		wrong(1);
	guarded = v + 1;
	copy = v + 1;
}

/* Dekker's mutual exclusion of two. */
static volatile int wants[2], turn_of;
static void dekker_act(int who, uint64_t round) {
	(void)round;
	if (who > 1)
		return;
	wants[who] = 1;
	mb();
	while (wants[1 - who]) {
		if (turn_of == who) {
			again(threads);
			continue;
		}
		wants[who] = 0;
		while (turn_of != who)
			again(threads);
		wants[who] = 1;
		mb();
	}
	mb();
	critical();
	mb();
	turn_of = 1 - who;
	mb();
	wants[who] = 0;
}
static uint64_t dekker_finish(void) { return guarded != 2 * rounds || copy != guarded; }

static volatile uint32_t next_ticket, serving;
static void ticket_act(int who, uint64_t round) {
	(void)who;
	(void)round;
	uint32_t mine = __atomic_fetch_add(&next_ticket, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&serving, __ATOMIC_ACQUIRE) != mine)
		again(threads);
	critical();
	__atomic_store_n(&serving, mine + 1, __ATOMIC_RELEASE);
}

static volatile int held;
static void tas_act(int who, uint64_t round) {
	(void)who;
	(void)round;
	while (__atomic_exchange_n(&held, 1, __ATOMIC_SEQ_CST))
		while (held)
			again(threads);
	critical();
	__atomic_store_n(&held, 0, __ATOMIC_RELEASE);
}

/* Counters of all widths that the C library's atomics have, with every operation. */
static volatile uint8_t count8;
static volatile uint16_t count16;
static volatile uint32_t count32;
static volatile uint64_t count64, bits64;
static void atomics_act(int who, uint64_t round) {
	__atomic_fetch_add(&count8, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&count16, 1, __ATOMIC_RELAXED);
	__atomic_fetch_sub(&count32, 1, __ATOMIC_RELAXED);
	uint64_t old = count64;
	while (!__atomic_compare_exchange_n(&count64, &old, old + 5, 0, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
		;
	uint64_t mine = 1ull << (who * 16 + (int)(round & 15));
	if (__atomic_fetch_xor(&bits64, mine, __ATOMIC_SEQ_CST) & mine)
		wrong(1);
	if (!(__atomic_fetch_and(&bits64, ~mine, __ATOMIC_SEQ_CST) & mine))
		wrong(1);
}
static uint64_t atomics_finish(void) {
	uint64_t n = rounds * (uint64_t)threads;
	return (count8 != (uint8_t)n) + (count16 != (uint16_t)n) + (count32 != (uint32_t)-n) + (count64 != 5 * n) + (bits64 != 0);
}

/* Sequence lock: thread 0 writes, the others read. */
static volatile uint64_t sequence, left, right;
static void seqlock_act(int who, uint64_t round) {
	if (who == 0) {
		sequence++;
		wmb();
		left = round;
		right = ~round;
		wmb();
		sequence++;
		return;
	}
	uint64_t before, a, b;
	for (;;) {
		before = sequence;
		mb();
		a = left;
		b = right;
		mb();
		if (before == sequence && !(before & 1))
			break;
		again(threads);
	}
	if (before && a != ~b)
		wrong(1);
}

/* A token goes round by futexes. */
static volatile uint32_t token;
static void futex_act(int who, uint64_t round) {
	uint32_t mine = (uint32_t)(round * (uint64_t)threads) + (uint32_t)who;
	for (;;) {
		uint32_t now = __atomic_load_n(&token, __ATOMIC_ACQUIRE);
		if (now == mine)
			break;
		syscall(SYS_futex, &token, FUTEX_WAIT_PRIVATE, now, NULL, NULL, 0);
	}
	critical();
	__atomic_store_n(&token, mine + 1, __ATOMIC_RELEASE);
	syscall(SYS_futex, &token, FUTEX_WAKE_PRIVATE, 1 << 20, NULL, NULL, 0);
}

/* A stack whose top is changed by load-locked and store-conditional, with a load in between: compare-and-exchange in
 * their place would let a top that was taken and put back (A, B, A) pass, and then hand out nodes twice. */
enum { NODES = 3 };
static struct node {
	struct node *volatile next;
	volatile uint64_t taken;
	char pad[48];
} nodes[NODES];
static struct {
	struct node *volatile top;
	char pad[56];
} stack;

static struct node *pop(void) {
	struct node *n, *next;
	__asm__ __volatile__("1:	ldq_l %0,%2\n"
			     "	beq %0,2f\n"
			     "	ldq %1,0(%0)\n"
			     "	stq_c %1,%2\n"
			     "	beq %1,1b\n"
			     "2:	mb"
			     : "=&r"(n), "=&r"(next), "+m"(stack.top)
			     :
			     : "memory");
	return n;
}

static void push(struct node *n) {
	uint64_t same;
	struct node *old;
	mb();
	__asm__ __volatile__("1:	ldq %0,%2\n"
			     "	stq %0,0(%3)\n"
			     "	wmb\n"
			     "	ldq_l %1,%2\n"
			     "	cmpeq %1,%0,%1\n"
			     "	beq %1,1b\n"
			     "	mov %3,%1\n"
			     "	stq_c %1,%2\n"
			     "	beq %1,1b\n"
			     : "=&r"(old), "=&r"(same), "+m"(stack.top)
			     : "r"(n)
			     : "memory");
}

static void aba_act(int who, uint64_t round) {
	(void)who;
	struct node *mine[2];
	int n = 0;
	while (n < 1 + (int)(round & 1) && (mine[n] = pop())) {
		if (__atomic_exchange_n(&mine[n]->taken, 1, __ATOMIC_SEQ_CST))
			wrong(1);
		n++;
	}
	/* In the order they came, so that the top comes back with another one below. */
	for (int i = 0; i < n; i++) {
		__atomic_store_n(&mine[i]->taken, 0, __ATOMIC_SEQ_CST);
		push(mine[i]);
	}
}
static uint64_t aba_finish(void) {
	int n = 0;
	while (n <= NODES && pop())
		n++;
	return n != NODES;
}

/* A store of another CPU to the block breaks a reservation, whatever it stores. */
static struct {
	volatile uint64_t v[2];
	char pad[48];
} block __attribute__((aligned(64)));
static volatile uint64_t ask, answer;
static void broken_act(int who, uint64_t round) {
	if (who == 0) {
		uint64_t v, ok = 0, want = round + 1;
		__asm__ __volatile__("	ldq_l %0,%2\n"
				     "	stq %5,%3\n"
				     "1:	ldq %1,%4\n"
				     "	cmpeq %1,%5,%1\n"
				     "	beq %1,1b\n"
				     "	mov 1,%1\n"
				     "	stq_c %1,%2\n"
				     : "=&r"(v), "=&r"(ok), "+m"(block.v[0]), "=m"(ask)
				     : "m"(answer), "r"(want)
				     : "memory");
		wrong(ok != 0);
		block.v[0] = 0;
	} else if (who == 1) {
		while (ask != round + 1)
			;
		uint64_t zero = 0, done = 0;
		switch (round % 3) {
		case 0:
			block.v[0] = 0; /* the same value */
			break;
		case 1:
			block.v[1] = round; /* its neighbour */
			break;
		case 2: /* by store-conditional, and back */
			while (!done)
				__asm__ __volatile__("	ldq_l %1,%2\n	mov 7,%0\n	stq_c %0,%2" : "=&r"(done), "=&r"(zero), "+m"(block.v[0]) : : "memory");
			block.v[0] = 0;
		}
		mb();
		answer = round + 1;
	}
}

static const struct test {
	const char *name;
	struct pair pair;
	struct crowd crowd;
	int most;  /* threads, 0: as many as there are CPUs */
	int needs; /* CPUs */
} tests[] = {
	{.name = "mp", .pair = {mp_act, mp_judge}},
	{.name = "sb", .pair = {sb_act, sb_judge}},
	{.name = "sb-weak", .pair = {sbw_act, sbw_judge}},
	{.name = "lb", .pair = {lb_act, lb_judge}},
	{.name = "coherence", .pair = {co_act, co_judge}},
	{.name = "llsc", .pair = {ll_act, ll_judge}},
	{.name = "dekker", .crowd = {dekker_act, dekker_finish}, .most = 2},
	{.name = "ticket", .crowd = {ticket_act, all_counted}},
	{.name = "tas", .crowd = {tas_act, all_counted}},
	{.name = "atomics", .crowd = {atomics_act, atomics_finish}},
	{.name = "seqlock", .crowd = {seqlock_act, NULL}},
	{.name = "futex", .crowd = {futex_act, all_counted}},
	{.name = "aba", .crowd = {aba_act, aba_finish}},
	{.name = "broken", .crowd = {broken_act, NULL}, .most = 2, .needs = 2},
};

/* reset makes everything as it was before the first test. */
static void reset(void) {
	bad = weak = reached = guarded = copy = 0;
	wants[0] = wants[1] = turn_of = held = 0;
	next_ticket = serving = token = count32 = 0;
	count8 = 0;
	count16 = 0;
	count64 = bits64 = sequence = left = right = ask = answer = 0;
	stack.top = NULL;
	for (int i = 0; i < NODES; i++) {
		nodes[i].taken = 0;
		push(&nodes[i]);
	}
}

/* join waits for a thread, and says now and then that the test goes on. */
static void join(pthread_t thread, const struct test *t) {
	struct timespec until;
	int error;
	do {
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_sec += NEWS_SECONDS;
		error = pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &until);
		if (error == ETIMEDOUT)
			say("litmus %s: round %llu of %llu", t->name, (unsigned long long)reached, (unsigned long long)rounds);
	} while (error == ETIMEDOUT);
	if (error)
		die("pthread_clockjoin_np");
}

static uint64_t run(const struct test *t) {
	pthread_t thread[MAX_CPUS];
	if (cpus < t->needs) {
		say("litmus %s: needs %d CPUs", t->name, t->needs);
		return 0;
	}
	current = &t->pair;
	crowd = &t->crowd;
	threads = t->pair.act ? 2 : t->most ? t->most : cpus;
	together = (struct barrier){.n = threads};
	reset();
	double began = seconds_now();
	for (int i = 0; i < threads; i++)
		if (pthread_create(&thread[i], NULL, t->pair.act ? pair_thread : crowd_thread, (void *)(intptr_t)i))
			die("pthread_create");
	for (int i = 0; i < threads; i++)
		join(thread[i], t);
	double took = seconds_now() - began;
	if (!t->pair.act && t->crowd.finish)
		bad += t->crowd.finish();
	uint64_t ran = t->pair.act ? (rounds + PLACES - 1) / PLACES * PLACES : rounds;
	say("litmus %s: %llu rounds, %d threads, %llu weak, %llu not allowed, %.2f s, %.0f rounds/s", t->name, (unsigned long long)ran, threads,
	    (unsigned long long)weak, (unsigned long long)bad, took, (double)ran / (took > 0.001 ? took : 0.001));
	return bad;
}

uint64_t litmus(const char *list, uint64_t n) {
	uint64_t failures = 0;
	int found = 0;
	rounds = n;
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
		if (!wanted(list, tests[i].name))
			continue;
		found = 1;
		failures += run(&tests[i]);
	}
	return failures + !found;
}
