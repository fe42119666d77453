/* Strings and bytes, one at a time: words are counted, turned to upper case, reversed, searched and encoded. Compiled
 * twice for Alpha, as RUN says: for EV4, which has no byte loads and stores, and for EV67, which has. */
#include "axbench.h"

enum { SIZE = 256 << 10, ROUNDS = 48 };

static unsigned char *make_text(void) {
	static const char letters[] = "etaoinshrdlucmfwypvbgkqjxz";
	unsigned char *text = allocate(SIZE);
	uint64_t state = 3;
	for (int i = 0; i < SIZE - 1; i++) {
		uint64_t r = rng(&state) >> 40;
		text[i] = (unsigned char)(r % 6 == 0 ? ' ' : letters[(r >> 4) % 26 * ((r >> 12) % 26) / 26]);
	}
	text[SIZE - 1] = 0;
	return text;
}

/* upper copies a string in upper case and returns the number of words. */
static long upper(unsigned char *to, const unsigned char *from) {
	long words = 0;
	unsigned char before = ' ';
	for (; *from; from++) {
		unsigned char c = *from;
		if (c != ' ' && before == ' ')
			words++;
		before = c;
		*to++ = c >= 'a' && c <= 'z' ? (unsigned char)(c - 'a' + 'A') : c;
	}
	*to = 0;
	return words;
}

static void reverse(unsigned char *s, long n) {
	for (long i = 0, j = n - 1; i < j; i++, j--) {
		unsigned char t = s[i];
		s[i] = s[j];
		s[j] = t;
	}
}

/* count returns how often a word occurs. */
static long count(const unsigned char *s, const char *word) {
	long n = 0;
	for (; *s; s++) {
		long i = 0;
		while (word[i] && s[i] == (unsigned char)word[i])
			i++;
		n += !word[i];
	}
	return n;
}

static long base64(unsigned char *to, const unsigned char *from, long n) {
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned char *start = to;
	for (; n >= 3; n -= 3, from += 3) {
		uint32_t v = (uint32_t)from[0] << 16 | (uint32_t)from[1] << 8 | from[2];
		*to++ = (unsigned char)digits[v >> 18];
		*to++ = (unsigned char)digits[v >> 12 & 63];
		*to++ = (unsigned char)digits[v >> 6 & 63];
		*to++ = (unsigned char)digits[v & 63];
	}
	return to - start;
}

void RUN(void) {
	unsigned char *text = make_text(), *copy = allocate(SIZE), *coded = allocate(SIZE * 4 / 3 + 4);
	uint64_t sum = 0;
	for (int round = 0; round < ROUNDS; round++) {
		sum = mix(sum, (uint64_t)upper(copy, text));
		reverse(copy, SIZE - 1);
		sum = mix(sum, (uint64_t)count(copy, "EHT"));
		long n = base64(coded, copy, SIZE - 1);
		uint32_t adler = 1, high = 0;
		for (long i = 0; i < n; i++) {
			adler += coded[i];
			high += adler;
		}
		sum = mix(sum, (uint64_t)high << 32 | adler);
		reverse(text, SIZE - 1);
	}
	result("sum", sum);
	free(coded);
	free(copy);
	free(text);
}
