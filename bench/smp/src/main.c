/* The program for guests with several CPUs. As init it does what the kernel's parameter smp=ITEM,ITEM... says, and
 * powers off; otherwise its arguments are the items:
 *
 *	litmus:NAMES:ROUNDS   these litmus tests (joined by +), or all
 *	stress:KINDS:SECONDS  workers of these kinds (joined by +), or all, at once
 *
 * The last line is "smp: passed" or "smp: FAILED". */
#include "smp.h"

#include <fcntl.h>
#include <stdarg.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>

int cpus;

void die(const char *what) {
	say("FAILED: %s: %s", what, strerror(errno));
	if (getpid() == 1)
		reboot(RB_POWER_OFF);
	_exit(1);
}

void say(const char *format, ...) {
	char line[512];
	va_list list;
	int n = snprintf(line, sizeof line, "smp: ");
	va_start(list, format);
	n += vsnprintf(line + n, sizeof line - (size_t)n - 1, format, list);
	va_end(list);
	if (n > (int)sizeof line - 2)
		n = sizeof line - 2;
	line[n++] = '\n';
	if (write(1, line, (size_t)n) != n)
		_exit(1);
}

void pin(int cpu) {
	cpu_set_t set;
	CPU_ZERO(&set);
	CPU_SET(cpu % cpus, &set);
	if (sched_setaffinity(0, sizeof set, &set))
		die("sched_setaffinity");
}

void await_all(struct barrier *b, int eager) {
	int round = b->round;
	if (__atomic_add_fetch(&b->waiting, 1, __ATOMIC_SEQ_CST) == b->n) {
		b->waiting = 0;
		__atomic_store_n(&b->round, round + 1, __ATOMIC_SEQ_CST);
		return;
	}
	for (int i = 0; b->n <= cpus && i < eager; i++)
		if (__atomic_load_n(&b->round, __ATOMIC_SEQ_CST) != round)
			return;
	while (__atomic_load_n(&b->round, __ATOMIC_SEQ_CST) == round)
		again(b->n);
}

int wanted(const char *list, const char *name) {
	size_t n = strlen(name);
	for (const char *p = list; (p = strstr(p, name)); p += n)
		if ((p == list || p[-1] == '+') && (p[n] == 0 || p[n] == '+'))
			return 1;
	return strcmp(list, "all") == 0;
}

static uint64_t item(char *text) {
	char *what = strsep(&text, ":"), *which = strsep(&text, ":");
	if (!which || !text)
		return 1;
	if (strcmp(what, "litmus") == 0)
		return litmus(which, strtoull(text, NULL, 0));
	if (strcmp(what, "stress") == 0)
		return stress(which, atoi(text));
	say("no item %s", what);
	return 1;
}

/* parameter returns what follows name in the kernel's command line. */
static char *parameter(const char *name) {
	static char text[512];
	int f = open("/proc/cmdline", O_RDONLY);
	ssize_t n = f < 0 ? -1 : read(f, text, sizeof text - 1);
	if (n < 0)
		die("/proc/cmdline");
	text[n] = 0;
	char *at = strstr(text, name);
	if (!at)
		return NULL;
	at += strlen(name);
	at[strcspn(at, " \n")] = 0;
	return at;
}

int main(int argc, char **argv) {
	if (argc == 2 && strcmp(argv[1], "nothing") == 0)
		return 42; /* what the worker exec executes */
	int init = getpid() == 1;
	if (init) {
		mkdir("/proc", 0755);
		mkdir("/tmp", 0755);
		if (mount("proc", "/proc", "proc", 0, NULL) || mount("tmp", "/tmp", "tmpfs", 0, NULL))
			die("mount");
	}
	cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);
	if (cpus > MAX_CPUS)
		cpus = MAX_CPUS;
	uint64_t failures = 0;
	if (init) {
		char *list = parameter("smp="), *one;
		while ((one = strsep(&list, ",")))
			failures += item(one);
	} else {
		for (int i = 1; i < argc; i++)
			failures += item(argv[i]);
	}
	say("%s", failures ? "FAILED" : "passed");
	if (init)
		reboot(RB_POWER_OFF);
	return failures != 0;
}
