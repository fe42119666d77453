/* The driver runs workloads on request. It is the guest's init; on the host, and under an emulator of single programs,
 * it is started as "axbench driver OPTION=VALUE...". It reads lines from standard input:
 *
 *	run SEQ NAME    run a workload of the list
 *	ping SEQ        answer: the host asks after it had stopped the machine, to know that it runs again
 *	quit            power off, or end
 *
 * and answers with lines on standard output:
 *
 *	@axbench ready
 *	@axbench pong SEQ
 *	@axbench start SEQ NAME             the workload starts when this line has left
 *	@axbench end SEQ STATUS TIME CPU    it has ended; nanoseconds by the driver's own clock, and of processor time
 *	@axbench sum SEQ HASH BYTES         the hash (FNV-1a) and the size of what it wrote to standard output
 *	@axbench said SEQ TEXT              a line that it wrote to standard error
 *	@axbench error SEQ TEXT             the driver cannot do it
 *
 * A line of the list is "NAME|INPUT|PROGRAM ARGUMENT...": INPUT is standard input, a file of the data folder, or -;
 * an ARGUMENT that begins with @ is a file of the data folder.
 *
 * For a person, the kernel's parameter axbench=NAME,NAME... runs these workloads with their output on the console, and
 * powers off.
 */
#include "axbench.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/random.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { MAX_WORKLOADS = 128, MAX_ARGS = 32, LINE = 1024 };

static const char *bin = "/bin", *data = "/data", *list = "/etc/axbench", *via = "", *work = "/tmp";
static int is_init;

/* One workload: the list's line, cut into pieces. */
struct workload {
	char *name, *input, *args[MAX_ARGS];
};

static struct workload workloads[MAX_WORKLOADS];
static int count;

static const char *in_folder(const char *folder, const char *name) {
	char path[LINE];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	return strdup(path);
}

/* add cuts a line of the list. */
static void add(char *line) {
	struct workload *w = &workloads[count];
	char *rest = line;
	int n = 0;
	w->name = strsep(&rest, "|");
	w->input = strsep(&rest, "|");
	if (!w->input || !rest || !*rest)
		die("a line of the list has no program");
	if (*via)
		w->args[n++] = (char *)via;
	int program = n;
	for (char *word; (word = strsep(&rest, " ")) && n < MAX_ARGS - 1; n++) {
		w->args[n] = word;
		if (n == program)
			w->args[n] = (char *)in_folder(bin, word);
		else if (*word == '@')
			w->args[n] = (char *)in_folder(data, word + 1);
	}
	if (strcmp(w->input, "-") != 0)
		w->input = (char *)in_folder(data, w->input);
	count++;
}

static void read_list(void) {
	char line[LINE];
	FILE *f = fopen(list, "r");
	if (!f)
		die(list);
	while (count < MAX_WORKLOADS && fgets(line, sizeof line, f)) {
		line[strcspn(line, "\n")] = 0;
		if (*line)
			add(strdup(line));
	}
	fclose(f);
}

static const struct workload *find(const char *name) {
	for (int i = 0; i < count; i++)
		if (strcmp(workloads[i].name, name) == 0)
			return &workloads[i];
	return NULL;
}

static uint64_t now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void redirect(const char *path, int flags, int fd) {
	int f = open(path, flags, 0600);
	if (f < 0)
		die(path);
	if (f != fd) {
		dup2(f, fd);
		close(f);
	}
}

static uint64_t nanoseconds(struct timeval t) {
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_usec * 1000;
}

/* execute runs a workload to its end and returns its exit status, or 128 and the signal that ended it. Its output goes
 * to the files out and err of the working folder, or where the driver's goes. cpu is the processor time it took. */
static int execute(const struct workload *w, int to_files, uint64_t *cpu) {
	struct rusage usage;
	int status;
	fflush(stdout);
	pid_t pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0) {
		redirect(strcmp(w->input, "-") ? w->input : "/dev/null", O_RDONLY, 0);
		if (to_files) {
			redirect("out", O_WRONLY | O_CREAT | O_TRUNC, 1);
			redirect("err", O_WRONLY | O_CREAT | O_TRUNC, 2);
		}
		execvp(w->args[0], w->args);
		die(w->args[0]);
	}
	while (wait4(pid, &status, 0, &usage) != pid)
		if (errno != EINTR)
			die("wait4");
	*cpu = nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void sum_output(const char *seq) {
	static unsigned char buffer[64 << 10];
	uint64_t hash = 0xcbf29ce484222325ULL, bytes = 0;
	int f = open("out", O_RDONLY);
	for (ssize_t n; f >= 0 && (n = read(f, buffer, sizeof buffer)) > 0; bytes += (uint64_t)n)
		for (ssize_t i = 0; i < n; i++)
			hash = (hash ^ buffer[i]) * 0x100000001b3ULL;
	close(f);
	printf("@axbench sum %s %016llx %llu\n", seq, (unsigned long long)hash, (unsigned long long)bytes);
}

/* say_errors repeats the first lines that a workload wrote to standard error. */
static void say_errors(const char *seq) {
	char line[200];
	FILE *f = fopen("err", "r");
	for (int i = 0; f && i < 5 && fgets(line, sizeof line, f); i++) {
		line[strcspn(line, "\n")] = 0;
		printf("@axbench said %s %s\n", seq, line);
	}
	if (f)
		fclose(f);
}

static void run(const char *seq, const char *name) {
	const struct workload *w = name ? find(name) : NULL;
	if (!w) {
		printf("@axbench error %s there is no workload %s\n", seq, name ? name : "");
		return;
	}
	printf("@axbench start %s %s\n", seq, name);
	fflush(stdout);
	tcdrain(1);
	uint64_t start = now(), cpu;
	int status = execute(w, 1, &cpu);
	uint64_t took = now() - start;
	printf("@axbench end %s %d %llu %llu\n", seq, status, (unsigned long long)took, (unsigned long long)cpu);
	fflush(stdout);
	say_errors(seq);
	sum_output(seq);
	unlink("out");
	unlink("err");
}

/* quit ends the driver, and the guest. */
static _Noreturn void quit(void) {
	fflush(stdout);
	if (is_init) {
		tcdrain(1);
		sync();
		reboot(RB_POWER_OFF);
	}
	exit(0);
}

/* by_hand runs the workloads that the kernel's parameter axbench names. */
static void by_hand(char *names) {
	for (char *name; (name = strsep(&names, ","));) {
		const struct workload *w = find(name);
		if (!w) {
			printf("axbench: there is no workload %s; there are:", name);
			for (int i = 0; i < count; i++)
				printf(" %s", workloads[i].name);
			printf("\n");
			continue;
		}
		uint64_t start = now(), cpu;
		int status = execute(w, 0, &cpu);
		printf("axbench: %s: exit status %d, %.3f s\n", name, status, (double)(now() - start) / 1e9);
		fflush(stdout);
	}
	quit();
}

/* seed_random gives the kernel's random generator a seed, as a distribution does when it boots. Without one the first
 * program that asks for random bytes (SQLite) waits for a few hundred ticks of the clock. */
static void seed_random(void) {
	static const struct {
		int bits, size;
		unsigned char seed[64];
	} pool = {8 * 64, 64, {1}};
	int fd = open("/dev/urandom", O_WRONLY);
	if (fd < 0 || ioctl(fd, RNDADDENTROPY, &pool))
		die("/dev/urandom");
	close(fd);
}

/* start_guest makes of the initramfs a system: file systems, and a console that passes bytes on as they are. */
static void start_guest(void) {
	struct termios t;
	is_init = 1;
	mkdir("/proc", 0755);
	mkdir("/dev", 0755);
	mkdir("/tmp", 0777);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	mount("tmpfs", "/tmp", "tmpfs", 0, NULL);
	seed_random();
	if (fcntl(0, F_GETFD) < 0) { /* the initramfs had no /dev/console when the kernel opened it for us */
		redirect("/dev/console", O_RDWR, 0);
		dup2(0, 1);
		dup2(0, 2);
	}
	if (tcgetattr(0, &t) == 0) {
		t.c_lflag &= (tcflag_t)~(ECHO | ECHONL | ISIG);
		t.c_oflag &= (tcflag_t)~OPOST;
		tcsetattr(0, TCSANOW, &t);
	}
	klogctl(8, NULL, 1); /* only emergencies may write between our lines */
}

static void options(int argc, char **argv) {
	static const struct {
		const char *name;
		const char **value;
	} known[] = {{"bin=", &bin}, {"data=", &data}, {"list=", &list}, {"via=", &via}, {"work=", &work}};
	for (int i = 2; i < argc; i++)
		for (size_t k = 0; k < sizeof known / sizeof *known; k++)
			if (strncmp(argv[i], known[k].name, strlen(known[k].name)) == 0)
				*known[k].value = argv[i] + strlen(known[k].name);
}

int drive(int argc, char **argv) {
	char line[LINE];
	if (getpid() == 1)
		start_guest();
	else
		options(argc, argv);
	read_list();
	if (chdir(work))
		die(work);
	char *names = getenv("axbench");
	if (is_init && names && *names)
		by_hand(names);
	printf("@axbench ready\n");
	fflush(stdout);
	while (fgets(line, sizeof line, stdin)) {
		line[strcspn(line, "\r\n")] = 0;
		char *rest = line, *command = strsep(&rest, " "), *seq = strsep(&rest, " ");
		if (strcmp(command, "quit") == 0)
			break;
		if (strcmp(command, "ping") == 0)
			printf("@axbench pong %s\n", seq ? seq : "0");
		else if (strcmp(command, "run") == 0)
			run(seq ? seq : "0", rest);
		else if (*command)
			printf("@axbench error 0 unknown command %s\n", command);
		fflush(stdout);
	}
	quit();
}
