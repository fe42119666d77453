/* Threads, futexes, and the loops of locked loads and conditional stores beneath them. */
#include "suite.h"

#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <sys/syscall.h>

enum { THREADS = 4, ROUNDS = 2000 };

static long counter, sums[THREADS];
static int byte_counter_room[2];
static __thread long mine = 5;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;

/* start runs body in THREADS threads and returns when they have ended. */
static void start(void *(*body)(void *)) {
	pthread_t t[THREADS];
	void *value;
	for (long i = 0; i < THREADS; i++)
		if (pthread_create(&t[i], NULL, body, (void *)i))
			fail("pthread_create");
	for (long i = 0; i < THREADS; i++) {
		pthread_join(t[i], &value);
		EQUAL(value, i + 100);
	}
}

static void *with_mutex(void *n) {
	for (int i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&mutex);
		long x = counter;
		if (i % 64 == 0)
			sched_yield();
		counter = x + 1;
		pthread_mutex_unlock(&mutex);
	}
	return (char *)n + 100;
}

CHECK(thread_mutex) {
	start(with_mutex);
	EQUAL(counter, THREADS * ROUNDS);
}

/* add_locked is the loop as the kernel and the C library write it. */
static void add_locked(long *p, long n) {
	long x;
	__asm__ volatile("1:\tldq_l %0,0(%1)\n\taddq %0,%2,%0\n\tstq_c %0,0(%1)\n\tbeq %0,1b\n\tmb" : "=&r"(x) : "r"(p), "r"(n) : "memory");
}

static void *with_locks(void *n) {
	static int word, half_room[2];
	for (int i = 0; i < ROUNDS; i++) {
		add_locked(&counter, 1);
		__atomic_add_fetch(&word, 1, __ATOMIC_SEQ_CST);
		__atomic_add_fetch((uint8_t *)byte_counter_room + 1, 1, __ATOMIC_SEQ_CST);
		__atomic_fetch_xor((uint16_t *)half_room + 1, (uint16_t)(i + (long)n), __ATOMIC_SEQ_CST);
		long seen = __atomic_load_n(&sums[0], __ATOMIC_RELAXED);
		while (!__atomic_compare_exchange_n(&sums[0], &seen, seen + 3, 0, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
			;
	}
	return (char *)n + 100;
}

CHECK(thread_locked) {
	start(with_locks);
	EQUAL(counter, THREADS * ROUNDS);
	EQUAL(sums[0], 3 * THREADS * ROUNDS);
	EQUAL(((uint8_t *)byte_counter_room)[1], (uint8_t)(THREADS * ROUNDS));
	EXPECT(((uint8_t *)byte_counter_room)[0] == 0 && ((uint8_t *)byte_counter_room)[2] == 0);
}

/* What a conditional store must refuse. */
CHECK(thread_store_conditional) {
	long cell = 5, got, other;
	got = 7;
	__asm__ volatile("ldq_l %1,0(%2)\n\tstq_c %0,0(%2)" : "+&r"(got), "=&r"(other) : "r"(&cell) : "memory");
	EXPECT(got == 1 && other == 5 && cell == 7);
	for (int i = 0; i < 20; i++) {
		/* a second one without a locked load of its own */
		got = 9;
		__asm__ volatile("ldq_l %1,0(%2)\n\tmov 8,%1\n\tstq_c %1,0(%2)\n\tstq_c %0,0(%2)" : "+&r"(got), "=&r"(other) : "r"(&cell) : "memory");
		EXPECT(other == 1 && got == 0 && cell == 8);
		/* a system call in between: the kernel's return ends the lock */
		register long v0 __asm__("$0") = SYS_getpid;
		got = 11;
		__asm__ volatile("ldq_l %2,0(%3)\n\tcallsys\n\tstq_c %1,0(%3)"
			: "+&r"(v0), "+&r"(got), "=&r"(other)
			: "r"(&cell)
			: "$1", "$2", "$3", "$4", "$5", "$6", "$7", "$8", "$16", "$17", "$18", "$19", "$20", "$21", "$22", "$23", "$24", "$25", "$26", "$27", "$28", "memory");
		EXPECT(got == 0 && cell == 8);
	}
	int word = -5;
	__asm__ volatile("1:\tldl_l %0,0(%2)\n\tmov %0,%1\n\tsubl %0,1,%0\n\tstl_c %0,0(%2)\n\tbeq %0,1b" : "=&r"(got), "=&r"(other) : "r"(&word) : "memory");
	EXPECT(word == -6 && other == -5);
}

static long turn;

static void *take_turns(void *n) {
	pthread_mutex_lock(&mutex);
	for (int i = 0; i < 100; i++) {
		while (turn % THREADS != (long)n)
			pthread_cond_wait(&condition, &mutex);
		turn++;
		pthread_cond_broadcast(&condition);
	}
	pthread_mutex_unlock(&mutex);
	return (char *)n + 100;
}

CHECK(thread_condition) {
	start(take_turns);
	EQUAL(turn, THREADS * 100);
}

static void *meet(void *n) {
	for (int i = 0; i < 50; i++) {
		sums[(long)n] = i;
		pthread_barrier_wait(&barrier);
		for (int k = 0; k < THREADS; k++)
			EQUAL(sums[k], i);
		pthread_barrier_wait(&barrier);
	}
	return (char *)n + 100;
}

CHECK(thread_barrier) {
	pthread_barrier_init(&barrier, NULL, THREADS);
	start(meet);
}

static void *own(void *n) {
	double d = 0;
	EQUAL(mine, 5);
	for (int i = 0; i < 300; i++) {
		mine += (long)n;
		d += (double)(long)n / 4;
		if (i % 10 == 0)
			sched_yield();
	}
	EQUAL(mine, 5 + 300 * (long)n);
	EXPECT(d == 75.0 * (double)(long)n);
	return (char *)n + 100;
}

CHECK(thread_local) {
	start(own);
	EQUAL(mine, 5);
}

static int futex_word;

static long futex(int operation, int value, struct timespec *limit) { return syscall(SYS_futex, &futex_word, operation, value, limit, NULL, 0); }

static void *ping(void *n) {
	for (int i = 0; i < 200; i++) {
		while (__atomic_load_n(&futex_word, __ATOMIC_ACQUIRE) != 1)
			futex(FUTEX_WAIT, 0, NULL);
		__atomic_store_n(&futex_word, 0, __ATOMIC_RELEASE);
		futex(FUTEX_WAKE, 1, NULL);
	}
	return n;
}

CHECK(thread_futex) {
	pthread_t t;
	struct timespec soon = {0, 5000000};
	EXPECT(futex(FUTEX_WAIT, 7, NULL) == -1 && errno == EAGAIN);
	EXPECT(futex(FUTEX_WAIT, 0, &soon) == -1 && errno == ETIMEDOUT);
	EXPECT(futex(FUTEX_WAKE, 1, NULL) == 0);
	pthread_create(&t, NULL, ping, NULL);
	for (int i = 0; i < 200; i++) {
		__atomic_store_n(&futex_word, 1, __ATOMIC_RELEASE);
		futex(FUTEX_WAKE, 1, NULL);
		while (__atomic_load_n(&futex_word, __ATOMIC_ACQUIRE) != 0)
			futex(FUTEX_WAIT, 1, NULL);
	}
	pthread_join(t, NULL);
}

static sem_t full, empty;
static long box;

static void *produce(void *n) {
	for (long i = 1; i <= 200; i++) {
		sem_wait(&empty);
		box = i;
		sem_post(&full);
	}
	return n;
}

CHECK(thread_semaphore) {
	pthread_t t;
	long sum = 0;
	sem_init(&empty, 0, 1);
	sem_init(&full, 0, 0);
	pthread_create(&t, NULL, produce, NULL);
	for (int i = 0; i < 200; i++) {
		sem_wait(&full);
		sum += box;
		sem_post(&empty);
	}
	pthread_join(t, NULL);
	EQUAL(sum, 200 * 201 / 2);
}

static void *wait_for_ever(void *n) {
	for (;;)
		pause();
	return n;
}

CHECK(thread_cancel) {
	for (int i = 0; i < 20; i++) {
		pthread_t t;
		void *value;
		pthread_create(&t, NULL, wait_for_ever, NULL);
		pthread_cancel(t);
		pthread_join(t, &value);
		EXPECT(value == PTHREAD_CANCELED);
	}
}

static void *write_code(void *p) {
	uint32_t *code = p;
	for (int i = 0; i < 200; i++) {
		__atomic_store_n(code, 0x201f0000 | (uint32_t)i, __ATOMIC_SEQ_CST); /* lda $0,i($31) */
		imb();
		sched_yield();
	}
	return NULL;
}

/* Code that another thread changes: each call sees a value that was written, never an older one than the last. */
CHECK(thread_code) {
	pthread_t t;
	uint32_t *code = pages(1, PROT_READ | PROT_WRITE | PROT_EXEC);
	code[0] = 0x201f0000;
	code[1] = 0x6bfa8001;
	imb();
	pthread_create(&t, NULL, write_code, code);
	for (long last = 0; last < 199;) {
		imb();
		long now = ((long (*)(void))hide((uint64_t)code))();
		EXPECT(now >= last && now < 200);
		last = now;
		sched_yield();
	}
	pthread_join(t, NULL);
}

/* Code of this program in a page of its own: a no-op, and twice the argument. */
__asm__(".text\n\t.align 13\nchanging:\n\tbis $31,$31,$31\n\taddq $16,$16,$0\n\tret $31,($26),1\n\t.align 13\n");
extern uint32_t changing[] __attribute__((visibility("hidden")));

enum { CHANGES = 2000 };
static volatile long begun, ended; /* changes */

/* call_changing calls it all the time, and knows what it must be when no change comes between. */
static void *call_changing(void *n) {
	for (long from = 0; from < CHANGES;) {
		from = __atomic_load_n(&ended, __ATOMIC_SEQ_CST);
		imb();
		long plus = ((long (*)(long))hide((uint64_t)changing))(5) / 2 - 5;
		long to = __atomic_load_n(&begun, __ATOMIC_SEQ_CST);
		if (plus != 0 && (plus < from || plus > to || plus % 2 == 0))
			fail("adds %ld between changes %ld and %ld", plus, from, to);
		if (from == to)
			EQUAL(plus, from % 2 ? from : 0);
	}
	return (char *)n + 100;
}

static void *change(void *n) {
	enum { RWX = PROT_READ | PROT_WRITE | PROT_EXEC };
	for (long i = 1; i <= CHANGES; i++) {
		__atomic_store_n(&begun, i, __ATOMIC_SEQ_CST);
		if (i % 16 == 0) { /* another page in its place */
			uint32_t *copy = pages(1, RWX);
			memcpy(copy, changing, PAGE);
			EXPECT(mremap(copy, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, changing) == changing);
		}
		/* lda $16,i($16), or what the program has there */
		__atomic_store_n(changing, i % 2 ? 0x22100000 | (uint32_t)i : 0x47ff041f, __ATOMIC_SEQ_CST);
		imb();
		__atomic_store_n(&ended, i, __ATOMIC_SEQ_CST);
		if (i % 8 == 0) {
			EXPECT(mprotect(changing, PAGE, PROT_READ | PROT_EXEC) == 0);
			EXPECT(mprotect(changing, PAGE, RWX) == 0);
			sched_yield();
		}
	}
	return call_changing(n);
}

/* Linux 6.1 does not flush the translations of a new thread on another CPU before it has been scheduled away once: the lock
 * of the address space number that switch_mm takes is released behind alpha_switch_to, to where a new thread does not return. */
static void *change_or_call(void *n) {
	usleep(3000);
	return n ? call_changing(n) : change(n);
}

/* Code that some threads run, as it stands in the program and otherwise, while another changes, protects and replaces it. */
CHECK(thread_program_changes) {
	EXPECT(mprotect(changing, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC) == 0);
	start(change_or_call);
}
