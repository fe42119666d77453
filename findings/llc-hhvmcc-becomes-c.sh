#!/usr/bin/env bash
# A calling convention that LLVM no longer has is still read, and compiled as C's.
#
# Guess: hhvmcc went out of LLVM's x86 back end long ago (its user had gone), so the IR reader of a later release refuses the word,
# or at least says something; and the typed pointer in the same file is refused in any case, as pointers are opaque there.
# Seen (llc 14.0.6 and 19.1.7): 14 takes the second argument from R12 and returns in RBX. 19 reads the same file, typed pointer
# and all, prints nothing, ends with status 0, and takes it from RSI and returns in RAX, as C does. Code of the two does
# not work together, and nobody is told.
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

get llvm-14=1:14.0.6-12 libllvm14=1:14.0.6-12 llvm-19=1:19.1.7-3~deb12u1 libllvm19=1:19.1.7-3~deb12u1 \
	libedit2=3.1-20221030-2 libz3-4=4.8.12-3.1 libbsd0=0.11.7-2 libmd0=1.0.4-2 libxml2=2.9.14+dfsg-1.3~deb12u6 \
	libicu72=72.1-3+deb12u1 libffi8=3.4.4-1

cat >second.ll <<'EOT'
target triple = "x86_64-unknown-linux-gnu"
define hhvmcc i64 @second(i64 %a, i64 %b) nounwind {
  ret i64 %b
}
define hhvmcc i8* @first(i8* %p) nounwind {
  ret i8* %p
}
EOT

for v in 14 19; do
	llc=usr/lib/llvm-$v/bin/llc
	$llc --version | grep -o 'LLVM version [0-9.]*'
	status=0
	$llc -O2 second.ll -o second.s 2>said || status=$?
	sed -n 's/^\([a-z]*\):.*/\1:/p; s/^\t\([a-z]\)/  \1/p' second.s | sed 's/\t/ /g'
	echo "status $status, $(wc -c <said) bytes on standard error"
done >seen
cat seen

cat >expected <<'EOT'
LLVM version 14.0.6
second:
  movq %r12, %rbx
  retq
first:
  retq
status 0, 0 bytes on standard error
LLVM version 19.1.7
second:
  movq %rsi, %rax
  retq
first:
  movq %rdi, %rax
  retq
status 0, 0 bytes on standard error
EOT
diff -u expected seen
