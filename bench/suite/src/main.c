/* suite runs checks: as the guest's init those that the kernel's parameters choose, then powers off.
 *
 *	only=REGULAR-EXPRESSION  of VARIANT/NAME (default: all)
 *	seed=N, children=N       for the checks of hostile.c: where chance begins, how many programs each of them starts
 *
 * As a program it takes these parameters as arguments. Each check is one line:
 *
 *	ok VARIANT/NAME[: RESULT]
 *	FAIL VARIANT/NAME: WHAT
 *
 * and the last line is "suite: N checks, M failed".
 */
#include "suite.h"

#include <fcntl.h>
#include <regex.h>
#include <stdarg.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <termios.h>

/* The linker makes these: the bounds of the section. */
extern const struct check __start_checks[], __stop_checks[];

/* patience is how long a check may take before it counts as hung, in seconds. No check takes a tenth of it anywhere. */
enum { patience = 240, TEXT = 512 };

/* shared is where a check's process leaves its result. */
static struct shared {
	char failure[TEXT], result[TEXT];
} *shared;

_Noreturn void fail(const char *format, ...) {
	va_list list;
	va_start(list, format);
	if (!shared->failure[0])
		vsnprintf(shared->failure, TEXT, format, list);
	va_end(list);
	_exit(1);
}

void result(const char *format, ...) {
	va_list list;
	va_start(list, format);
	vsnprintf(shared->result, TEXT, format, list);
	va_end(list);
}

void disown(void) {
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		_exit(1);
}

uint64_t hostile_seed = 1, hostile_children = 40;

struct caught caught;

static void record(int number, siginfo_t *info, void *context) {
	ucontext_t *u = context;
	caught.count++;
	caught.signal = number;
	caught.code = info->si_code;
	caught.address = (unsigned long)info->si_addr;
	caught.pc = (unsigned long)u->uc_mcontext.sc_pc;
	int at_fault = number == SIGSEGV || number == SIGBUS; /* the others say where to go on */
	u->uc_mcontext.sc_pc = (long)(caught.resume_at ? caught.resume_at : caught.pc + (at_fault ? 4 : 0));
}

void catch_signals(int first, ...) {
	struct sigaction a = {.sa_sigaction = record, .sa_flags = SA_SIGINFO | SA_NODEFER};
	va_list list;
	va_start(list, first);
	for (int number = first; number; number = va_arg(list, int))
		if (sigaction(number, &a, NULL))
			fail("sigaction: %s", strerror(errno));
	va_end(list);
}

int run_child(void (*body)(void *), void *argument) {
	int status;
	pid_t pid = fork();
	if (pid < 0)
		fail("fork: %s", strerror(errno));
	if (pid == 0) {
		body(argument);
		_exit(0);
	}
	while (waitpid(pid, &status, 0) != pid)
		if (errno != EINTR)
			fail("waitpid: %s", strerror(errno));
	return status;
}

/* run runs one check and says how it went. */
static int run(const struct check *c) {
	int status;
	memset(shared, 0, sizeof *shared);
	pid_t pid = fork();
	if (pid < 0) {
		printf("FAIL %s/%s: fork: %s\n", c->variant, c->name, strerror(errno));
		return 1;
	}
	if (pid == 0) {
		setpgid(0, 0);
		alarm(patience);
		c->run();
		_exit(0);
	}
	while (waitpid(pid, &status, 0) != pid)
		;
	kill(-pid, SIGKILL); /* what it may have left behind */
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && !shared->failure[0]) {
		printf("ok %s/%s%s%s\n", c->variant, c->name, shared->result[0] ? ": " : "", shared->result);
		return 0;
	}
	if (!shared->failure[0])
		snprintf(shared->failure, TEXT, WIFSIGNALED(status) ? "ended by signal %d" : "exit status %d",
			WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	printf("FAIL %s/%s: %s\n", c->variant, c->name, shared->failure);
	return 1;
}

/* chosen says whether the check is one that the expression names. */
static int chosen(const regex_t *only, const struct check *c) {
	char name[100];
	snprintf(name, sizeof name, "%s/%s", c->variant, c->name);
	return !only || regexec(only, name, 0, NULL, 0) == 0;
}

/* start_guest makes of the initramfs a system. */
static void start_guest(void) {
	struct termios t;
	mkdir("/proc", 0755);
	mkdir("/dev", 0755);
	mkdir("/tmp", 01777);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	mount("tmpfs", "/tmp", "tmpfs", 0, NULL);
	if (fcntl(0, F_GETFD) < 0) { /* the initramfs had no /dev/console when the kernel opened it for us */
		if (open("/dev/console", O_RDWR) == 0) {
			dup2(0, 1);
			dup2(0, 2);
		}
	}
	if (tcgetattr(0, &t) == 0) {
		t.c_oflag &= (tcflag_t)~OPOST;
		tcsetattr(0, TCSANOW, &t);
	}
	klogctl(8, NULL, 1); /* only emergencies may write between our lines */
}

static const char *parameter(int argc, char **argv, const char *name) {
	size_t n = strlen(name);
	for (int i = 1; i < argc; i++)
		if (strncmp(argv[i], name, n) == 0 && argv[i][n] == '=')
			return argv[i] + n + 1;
	return getpid() == 1 ? getenv(name) : NULL;
}

int main(int argc, char **argv) {
	struct rlimit no_core = {0, 0};
	int is_init = getpid() == 1, count = 0, failed = 0;
	if (argc == 3 && strcmp(argv[1], "exit") == 0)
		return atoi(argv[2]); /* what process.c executes */
	const char *expression = parameter(argc, argv, "only"), *seed = parameter(argc, argv, "seed"), *children = parameter(argc, argv, "children");
	regex_t only;
	if (seed)
		hostile_seed = strtoul(seed, NULL, 0);
	if (children)
		hostile_children = strtoul(children, NULL, 0);
	if (is_init)
		start_guest();
	if (chdir("/tmp"))
		return 1;
	setrlimit(RLIMIT_CORE, &no_core);
	setvbuf(stdout, NULL, _IOLBF, 0);
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED || (expression && regcomp(&only, expression, REG_EXTENDED | REG_NOSUB)))
		return 1;
	for (const struct check *c = __start_checks; c < __stop_checks; c++) {
		if (!chosen(expression ? &only : NULL, c))
			continue;
		count++;
		failed += run(c);
	}
	printf("suite: %d checks, %d failed\n", count, failed);
	if (is_init) {
		tcdrain(1);
		reboot(RB_POWER_OFF);
	}
	return failed != 0;
}
