#!/usr/bin/env bash
# On Alpha, long double arithmetic of GCC is not in libgcc, and not called as anything else is.
#
# Guess: x + y of two long doubles (128 bits, by software) is a call of __addtf3 in libgcc, as on other machines
# without such a unit, so it links without a C library; arguments and result go by reference, as GCC for Alpha
# hands long doubles to functions.
# Seen (gcc 12.2.0, glibc 2.36): it calls _OtsAddX, a name of the runtime of DIGITAL's compilers, with both values in
# integer registers ($16 to $19), the rounding mode as a fifth argument in $20 (2: to nearest), and takes the
# result from $16 and $17. libgcc.a has no such function but calls them itself: they are in libc.so.6.1, so
# -nostdlib -lgcc, enough elsewhere, does not link.
set -eu
export LC_ALL=C TZ=UTC
t=$(mktemp -d)
trap 'rm -rf "$t"' EXIT
cd "$t"

# get PACKAGE=VERSION... unpacks packages below $t; package lists of its own if the system's will not do.
get() {
	apt-get -qq -o APT::Sandbox::User=root download "$@" 2>/dev/null || {
		mkdir -p lists/partial cache/archives/partial
		own=(-qq -o Dir::State::Lists="$t/lists" -o Dir::Cache="$t/cache" -o APT::Sandbox::User=root)
		apt-get "${own[@]}" update
		apt-get "${own[@]}" download "$@"
	}
	for deb in *.deb; do dpkg-deb -x "$deb" .; done
	export LD_LIBRARY_PATH=$t/usr/lib/x86_64-linux-gnu:$t/lib/x86_64-linux-gnu
}

gcc=12.2.0-13cross1
get gcc-12-alpha-linux-gnu=$gcc cpp-12-alpha-linux-gnu=$gcc libgcc-12-dev-alpha-cross=$gcc \
	binutils-alpha-linux-gnu=2.40-2 libbinutils=2.40-2 libjansson4=2.14-2 libc6.1-alpha-cross=2.36-8cross1 \
	libisl23=0.25-1.1 libmpc3=1.3.1-1 libmpfr6=4.2.0-1 libgmp10=2:6.2.1+dfsg1-1.1
export PATH=$t/usr/bin:$PATH
cc=alpha-linux-gnu-gcc-12
lib=usr/lib/gcc-cross/alpha-linux-gnu/12

cat >add.c <<'EOF'
void add(long double *sum, long double *x, long double *y) { *sum = *x + *y; }
EOF
cat >start.c <<'EOF'
void add(long double *, long double *, long double *);
void _start(void) { long double x = 1; add(&x, &x, &x); }
EOF

{
	$cc --version | head -n 1 | sed 's/^[^ ]* //'
	$cc -O1 -S add.c
	grep -E '_OtsAddX|lda \$20|stq \$1[67]|ldq \$1[6-9],' add.s | sed -E 's/[ \t]*!.*//; s/^[ \t]*/  /' | sort
	$cc -O1 -c add.c start.c
	status=0
	alpha-linux-gnu-ld add.o start.o $lib/libgcc.a -o linked 2>errors || status=$?
	echo "with libgcc.a: $(grep -o 'undefined reference.*' errors | sort -u), status $status"
	echo "libgcc.a: $(alpha-linux-gnu-nm $lib/libgcc.a 2>/dev/null | grep -c ' T _Ots' || true) _Ots functions," \
		"$(alpha-linux-gnu-nm $lib/libgcc.a 2>/dev/null | grep -c ' T __addtf3' || true) of __addtf3"
	echo "libc.so.6.1: $(alpha-linux-gnu-nm -D usr/alpha-linux-gnu/lib/libc.so.6.1 | grep -c ' T _Ots') _Ots functions"
} >seen
cat seen

cat >expected <<'EOF'
(Debian 12.2.0-13) 12.2.0
  lda $20,2($31)
  ldq $16,0($17)
  ldq $17,8($17)
  ldq $18,0($18)
  ldq $19,8($18)
  ldq $27,_OtsAddX($29)
  stq $16,0($9)
  stq $17,8($9)
with libgcc.a: undefined reference to `_OtsAddX', status 1
libgcc.a: 0 _Ots functions, 0 of __addtf3
libc.so.6.1: 16 _Ots functions
EOF
diff -u expected seen
