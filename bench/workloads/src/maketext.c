/* maketext BYTES writes text-like data: words of a made-up vocabulary whose frequencies fall as in a language, in
 * sentences and paragraphs, with some numbers and some repeated passages. The same bytes everywhere. */
#include "axbench.h"

void *allocate(size_t size) {
	void *p = malloc(size);
	if (!p)
		exit(1);
	return p;
}

enum { WORDS = 6000 };

static char words[WORDS][16];
static uint64_t state = 2024;

static unsigned pick(unsigned n) {
	return (unsigned)((rng(&state) >> 32) % n);
}

static void make_words(void) {
	static const char *const starts[] = {"b", "br", "c", "ch", "d", "f", "g", "gr", "h", "l", "m", "n", "p", "pl", "r", "s",
					     "st", "t", "th", "tr", "v", "w", ""};
	static const char *const middles[] = {"a", "e", "i", "o", "u", "ea", "ou", "ai"};
	static const char *const ends[] = {"", "n", "r", "s", "t", "l", "nd", "ck", "m", "ng", "st", "d"};
	for (int i = 0; i < WORDS; i++) {
		int syllables = 1 + (int)pick(2) + (i > 200);
		char *w = words[i];
		for (int k = 0; k < syllables; k++)
			w += sprintf(w, "%s%s%s", starts[pick(23)], middles[pick(8)], k == syllables - 1 ? ends[pick(12)] : "");
	}
}

/* frequent returns a word's number: the n-th word is about n times rarer than the first. */
static unsigned frequent(void) {
	unsigned bound = WORDS;
	for (int i = 0; i < 3; i++)
		bound = pick(bound) + 1;
	return bound - 1;
}

int main(int argc, char **argv) {
	long size = argc == 2 ? atol(argv[1]) : 0;
	if (size <= 0) {
		fprintf(stderr, "usage: maketext BYTES\n");
		return 2;
	}
	char *text = allocate((size_t)size + 64), *p = text, *end = text + size;
	make_words();
	while (p < end) {
		if (p - text > 100000 && pick(40) == 0) { /* something said before */
			long n = 40 + pick(400), from = (long)pick((unsigned)(p - text - n));
			if (n > end - p)
				n = end - p;
			memmove(p, text + from, (size_t)n);
			p += n;
			continue;
		}
		int n = 4 + (int)pick(16);
		for (int i = 0; i < n && p < end; i++) {
			if (pick(30) == 0)
				p += sprintf(p, "%u", pick(100000));
			else
				p += sprintf(p, "%s", words[frequent()]);
			*p++ = i == n - 1 ? '.' : pick(12) ? ' ' : ',';
		}
		*p++ = pick(5) ? ' ' : '\n';
	}
	fwrite(text, 1, (size_t)size, stdout);
	return fclose(stdout) != 0;
}
