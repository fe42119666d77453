/* A load of every kind at once, in the manner of stress-ng. Each worker is a process that does its thing until the time is
 * over, and checks what it gets back. */
#include "smp.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

static volatile int *over;     /* shared by all: the time is over */
static uint64_t *work, *error; /* of this worker, shared with the parent */

enum { PAGE = 8192 };

static void check(int ok, const char *what) {
	if (ok)
		return;
	say("stress: %s: wrong (errno %d)", what, errno);
	++*error;
}

static void *anonymous(size_t size, int flags) {
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		die("mmap");
	return p;
}

static int await_child(pid_t pid) {
	int status;
	if (pid < 0)
		die("fork");
	while (waitpid(pid, &status, 0) != pid)
		if (errno != EINTR)
			die("waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Integers, floating point, strings: the same results each time. */
static uint64_t compute(void) {
	uint64_t s = 88172645463325252ull, sum = 0;
	double f = 1;
	char text[64];
	for (int i = 0; i < 20000; i++) {
		sum = sum * 31 + rng(&s) % 1000003;
		f = f * 1.0000001 + (double)(s & 1023) / 7;
	}
	snprintf(text, sizeof text, "%llx %.17g", (unsigned long long)sum, f);
	for (char *p = text; *p; p++)
		sum = sum * 131 + (uint8_t)*p;
	return sum;
}
static void do_cpu(void) {
	static uint64_t first;
	uint64_t now = compute();
	if (!first)
		first = now;
	check(now == first, "cpu");
}

/* Memory is mapped, filled, moved, checked and unmapped. */
static void do_vm(void) {
	enum { SIZE = 64 * PAGE };
	uint64_t seed = *work + 1, s = seed, n = SIZE / 8;
	uint64_t *p = anonymous(SIZE, MAP_PRIVATE);
	for (uint64_t i = 0; i < n; i++)
		p[i] = rng(&s);
	p = mremap(p, SIZE, 2 * SIZE, MREMAP_MAYMOVE);
	if (p == MAP_FAILED)
		die("mremap");
	s = seed;
	for (uint64_t i = 0; i < n; i++)
		if (p[i] != rng(&s)) {
			check(0, "vm");
			break;
		}
	check(p[n] == 0 && p[2 * n - 1] == 0, "vm, new pages");
	munmap(p, 2 * SIZE);
}

static void do_fork(void) {
	volatile uint64_t mine = *work;
	pid_t pid = fork();
	if (pid == 0) {
		mine += 5;
		_exit((int)(mine & 63));
	}
	check(await_child(pid) == (int)((*work + 5) & 63) && mine == *work, "fork");
}

static void do_exec(void) {
	pid_t pid = fork();
	if (pid == 0) {
		execl("/proc/self/exe", "smp", "nothing", (char *)NULL);
		_exit(1);
	}
	check(await_child(pid) == 42, "exec");
}

/* Two processes pass a number to and fro. */
static void pass_on(int in, int out, uint64_t rounds) {
	uint64_t v;
	for (uint64_t i = 0; i < rounds; i++) {
		if (read(in, &v, sizeof v) != sizeof v)
			_exit(1);
		v += 3;
		if (write(out, &v, sizeof v) != sizeof v)
			_exit(1);
	}
	_exit(0);
}
static void ping_pong(int there[2], int back[2], const char *what) {
	enum { ROUNDS = 50 };
	pid_t pid = fork();
	if (pid == 0)
		pass_on(there[0], back[1], ROUNDS);
	uint64_t v = *work;
	for (int i = 0; i < ROUNDS; i++) {
		uint64_t sent = v;
		check(write(there[1], &v, sizeof v) == sizeof v && read(back[0], &v, sizeof v) == sizeof v && v == sent + 3, what);
	}
	check(await_child(pid) == 0, what);
}
static void do_pipe(void) {
	int there[2], back[2];
	if (pipe(there) || pipe(back))
		die("pipe");
	ping_pong(there, back, "pipe");
	close(there[0]), close(there[1]), close(back[0]), close(back[1]);
}
static void do_socket(void) {
	int s[2];
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, s))
		die("socketpair");
	int there[2] = {s[1], s[0]}, back[2] = {s[0], s[1]};
	ping_pong(there, back, "socket");
	close(s[0]), close(s[1]);
}

/* A counter behind a mutex made of a futex, for several processes. */
static void lock(volatile uint32_t *l) {
	uint32_t was = 0;
	if (__atomic_compare_exchange_n(l, &was, 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return;
	while (__atomic_exchange_n(l, 2, __ATOMIC_ACQUIRE) != 0)
		syscall(SYS_futex, l, FUTEX_WAIT, 2, NULL, NULL, 0);
}
static void unlock(volatile uint32_t *l) {
	if (__atomic_exchange_n(l, 0, __ATOMIC_RELEASE) == 2)
		syscall(SYS_futex, l, FUTEX_WAKE, 1, NULL, NULL, 0);
}
static void do_futex(void) {
	enum { WORKERS = 3, ROUNDS = 600 };
	volatile struct {
		uint32_t lock, go;
		uint64_t a, b;
	} *s = anonymous(PAGE, MAP_SHARED);
	pid_t pid[WORKERS];
	for (int i = 0; i < WORKERS; i++) {
		pid[i] = fork();
		if (pid[i] != 0)
			continue;
		while (!s->go) /* the first must not be done before the last is there */
			sched_yield();
		for (int k = 0; k < ROUNDS; k++) {
			lock(&s->lock);
			uint64_t v = s->a;
			if (s->b != v)
				_exit(1);
			s->a = v + 1;
			if (k % 8 == 0) /* now the others come, and have to wait */
				sched_yield();
			s->b = v + 1;
			unlock(&s->lock);
		}
		_exit(0);
	}
	s->go = 1;
	for (int i = 0; i < WORKERS; i++)
		check(await_child(pid[i]) == 0, "futex");
	check(s->a == WORKERS * ROUNDS, "futex, count");
	munmap((void *)s, PAGE);
}

static volatile sig_atomic_t signals;
static void on_signal(int number) { signals += number == SIGUSR1 || number == SIGALRM; }

/* A child is sent signals and counts them; they may merge, but not get lost for ever. */
static void do_signal(void) {
	struct sigaction a = {.sa_handler = on_signal};
	sigset_t mask, old;
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	sigprocmask(SIG_BLOCK, &mask, &old);
	sigaction(SIGUSR1, &a, NULL);
	signals = 0;
	pid_t parent = getpid(), pid = fork();
	if (pid == 0) {
		for (int i = 0; i < 20; i++) {
			while (signals <= i)
				sigsuspend(&old);
			kill(parent, SIGUSR1);
		}
		_exit(0);
	}
	for (int i = 0; i < 20; i++) {
		kill(pid, SIGUSR1);
		while (signals <= i)
			sigsuspend(&old);
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	check(await_child(pid) == 0, "signal");
}

/* Shared file mappings of two processes are the same memory. */
static void do_mmap(void) {
	char name[64];
	snprintf(name, sizeof name, "/tmp/mmap.%d", (int)getpid());
	int f = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (f < 0 || ftruncate(f, 4 * PAGE))
		die(name);
	volatile uint64_t *p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, f, 0);
	if (p == MAP_FAILED)
		die("mmap");
	pid_t pid = fork();
	if (pid == 0) {
		volatile uint64_t *mine = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, f, 0);
		if (mine == MAP_FAILED)
			_exit(1);
		for (int i = 0; i < 4 * PAGE / 8; i += 64)
			mine[i] = *work + (uint64_t)i;
		_exit(0);
	}
	check(await_child(pid) == 0, "mmap");
	int same = 1;
	for (int i = 0; i < 4 * PAGE / 8; i += 64) {
		uint64_t v = 0;
		same &= p[i] == *work + (uint64_t)i && pread(f, &v, 8, 8l * i) == 8 && v == p[i];
	}
	check(same, "mmap, content");
	munmap((void *)p, 4 * PAGE);
	close(f);
	unlink(name);
}

/* Interval timers and sleeps: neither too early nor lost. */
static void do_timer(void) {
	struct sigaction a = {.sa_handler = on_signal};
	sigaction(SIGALRM, &a, NULL);
	signals = 0;
	struct itimerval every = {{0, 2000}, {0, 2000}}, off = {{0, 0}, {0, 0}};
	setitimer(ITIMER_REAL, &every, NULL);
	for (int i = 0; i < 5; i++) {
		int seen = signals;
		struct timespec from, to, ms = {0, 3000000};
		clock_gettime(CLOCK_MONOTONIC, &from);
		int whole = nanosleep(&ms, NULL) == 0;
		clock_gettime(CLOCK_MONOTONIC, &to);
		int64_t took = (to.tv_sec - from.tv_sec) * 1000000000l + to.tv_nsec - from.tv_nsec;
		check(took >= 0 && (!whole || took >= 3000000), "timer, sleep");
		for (int n = 0; signals == seen && n < 1000; n++)
			poll(NULL, 0, 5);
		check(signals != seen, "timer, signal");
	}
	setitimer(ITIMER_REAL, &off, NULL);
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static volatile uint64_t turns;
static void *turn_thread(void *arg) {
	uint64_t who = (uint64_t)(uintptr_t)arg;
	for (uint64_t i = 0; i < 50; i++) {
		pthread_mutex_lock(&mutex);
		while (turns % 4 != who)
			pthread_cond_wait(&changed, &mutex);
		turns++;
		pthread_cond_broadcast(&changed);
		pthread_mutex_unlock(&mutex);
	}
	return (void *)(uintptr_t)(who + 1);
}
static void do_pthread(void) {
	pthread_t t[4];
	turns = 0;
	for (uintptr_t i = 0; i < 4; i++)
		if (pthread_create(&t[i], NULL, turn_thread, (void *)i))
			die("pthread_create");
	for (uintptr_t i = 0; i < 4; i++) {
		void *r;
		pthread_join(t[i], &r);
		check((uintptr_t)r == i + 1, "pthread");
	}
	check(turns == 200, "pthread, turns");
}

/* Semaphores, shared memory and messages of System V. */
static void do_sysv(void) {
	int sem = semget(IPC_PRIVATE, 2, 0600), shm = shmget(IPC_PRIVATE, PAGE, 0600), msg = msgget(IPC_PRIVATE, 0600);
	if (sem < 0 || shm < 0 || msg < 0)
		die("System V IPC");
	volatile uint64_t *p = shmat(shm, NULL, 0);
	struct {
		long type;
		uint64_t v;
	} m = {1, 0};
	pid_t pid = fork();
	if (pid == 0) {
		for (uint64_t i = 0; i < 30; i++) {
			struct sembuf take = {0, -1, 0}, give = {1, 1, 0};
			if (semop(sem, &take, 1) || p[0] != i || msgrcv(msg, &m, sizeof m.v, 1, 0) != sizeof m.v || m.v != i * i)
				_exit(1);
			p[1] = i + 7;
			semop(sem, &give, 1);
		}
		_exit(0);
	}
	for (uint64_t i = 0; i < 30; i++) {
		struct sembuf give = {0, 1, 0}, take = {1, -1, 0};
		p[0] = i;
		m.v = i * i;
		check(msgsnd(msg, &m, sizeof m.v, 0) == 0 && semop(sem, &give, 1) == 0 && semop(sem, &take, 1) == 0 && p[1] == i + 7, "sysv");
	}
	check(await_child(pid) == 0, "sysv, child");
	shmdt((void *)p);
	shmctl(shm, IPC_RMID, NULL);
	semctl(sem, 0, IPC_RMID);
	msgctl(msg, IPC_RMID, NULL);
}

/* Threads touch pages that another one protects, unmaps and maps again all the time. */
static char *volatile target;
static volatile int stop_touching;
static void *touch_thread(void *arg) {
	uint64_t n = 0;
	while (!stop_touching) {
		volatile uint64_t *p = (volatile uint64_t *)(target + 4 * PAGE) + (n & 1023);
		if (*p != 0x5a5a)
			return (void *)1;
		n++;
	}
	return arg;
}
static void do_fault(void) {
	enum { SIZE = 8 * PAGE };
	char *p = anonymous(SIZE, MAP_PRIVATE);
	for (int i = 0; i < SIZE / 8; i++)
		((uint64_t *)p)[i] = 0x5a5a;
	target = p;
	stop_touching = 0;
	pthread_t t[2];
	for (int i = 0; i < 2; i++)
		if (pthread_create(&t[i], NULL, touch_thread, NULL))
			die("pthread_create");
	for (int i = 0; i < 50; i++) {
		mprotect(p, 4 * PAGE, PROT_READ);
		mprotect(p + 4 * PAGE, PAGE, PROT_READ);
		mprotect(p, SIZE, PROT_READ | PROT_WRITE);
		((volatile uint64_t *)p)[i] = 0x5a5a + (uint64_t)i;
		check(((volatile uint64_t *)p)[i] == 0x5a5a + (uint64_t)i, "fault, store");
		madvise(p, PAGE, MADV_DONTNEED);
		check(*(volatile uint64_t *)p == 0, "fault, zeros");
	}
	stop_touching = 1;
	for (int i = 0; i < 2; i++) {
		void *r;
		pthread_join(t[i], &r);
		check(r == NULL, "fault");
	}
	munmap(p, SIZE);
}

static void do_switch(void) {
	pid_t pid = fork();
	if (pid == 0) {
		for (int i = 0; i < 100; i++)
			sched_yield();
		_exit(7);
	}
	for (int i = 0; i < 100; i++)
		sched_yield();
	check(await_child(pid) == 7, "switch");
}

static const struct kind {
	const char *name;
	void (*act)(void);
} kinds[] = {
	{"cpu", do_cpu},       {"vm", do_vm},	    {"fork", do_fork},	   {"exec", do_exec},	{"futex", do_futex},
	{"pipe", do_pipe},     {"socket", do_socket}, {"signal", do_signal}, {"mmap", do_mmap},	{"timer", do_timer},
	{"pthread", do_pthread}, {"sysv", do_sysv},   {"fault", do_fault},   {"switch", do_switch},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* tell says how often each kind of worker has done its thing so far. */
static void tell(const pid_t pid[KINDS], const volatile uint64_t *counts, int second, int seconds) {
	char text[400] = "";
	for (int i = 0, n = 0; i < KINDS && n < (int)sizeof text; i++)
		if (pid[i])
			n += snprintf(text + n, sizeof text - (size_t)n, " %s %llu", kinds[i].name, (unsigned long long)counts[2 * i]);
	say("stress: %d of %d seconds; times:%s", second, seconds, text);
}

uint64_t stress(const char *list, int seconds) {
	uint64_t failures = 0, operations = 0, *counts = anonymous(PAGE, MAP_SHARED);
	pid_t pid[KINDS] = {0};
	int workers = 0;
	double began = seconds_now();
	over = (volatile int *)&counts[2 * KINDS];
	for (int i = 0; i < KINDS; i++) {
		if (!wanted(list, kinds[i].name))
			continue;
		workers++;
		work = &counts[2 * i];
		error = &counts[2 * i + 1];
		pid[i] = fork();
		if (pid[i] < 0)
			die("fork");
		if (pid[i] != 0)
			continue;
		while (!*over) {
			kinds[i].act();
			++*work;
		}
		_exit(0);
	}
	for (int s = 1; workers && s <= seconds; s++) {
		sleep(1);
		if (s % NEWS_SECONDS == 0 && s < seconds)
			tell(pid, counts, s, seconds);
	}
	*over = 1;
	for (int i = 0; i < KINDS; i++) {
		if (!pid[i])
			continue;
		int status = await_child(pid[i]);
		double took = seconds_now() - began;
		say("stress %s: %llu times, %llu wrong, exit status %d, %.2f s, %.1f times/s", kinds[i].name, (unsigned long long)counts[2 * i],
		    (unsigned long long)counts[2 * i + 1], status, took, (double)counts[2 * i] / took);
		operations += counts[2 * i];
		failures += counts[2 * i + 1] + (status != 0) + (counts[2 * i] == 0);
	}
	say("stress: %d kinds of workers, %llu times in all, %llu failures, %.2f s", workers, (unsigned long long)operations,
	    (unsigned long long)failures, seconds_now() - began);
	return failures + !workers;
}
