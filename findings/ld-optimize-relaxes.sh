#!/usr/bin/env bash
# On Alpha `ld -O1` rewrites instructions.
#
# Guess: -O of GNU ld is about hash tables and merged strings of what is linked dynamically; code only changes
# with --relax, so -Wl,-O1 (which distributions pass everywhere) leaves .text of a static program as assembled.
# Seen (binutils 2.40): for Alpha -O1 and above turn --relax on. The load of a function's address becomes a `unop`,
# its `jsr` a `bsr` to behind the two instructions by which the callee sets gp (its entry is
# passed by), gp is not set again after the call, and a load through an address in the GOT becomes one off gp.
# The GOT is left empty. Only --no-relax, given too, keeps the code as it was.
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

get binutils-alpha-linux-gnu=2.40-2 libbinutils=2.40-2 libjansson4=2.14-2
bin=usr/bin/alpha-linux-gnu

cat >call.s <<'EOF'
	.set	noreorder
	.text
	.align	4
	.globl	_start
	.ent	_start
_start:	br	$27, 1f
1:	ldgp	$29, 0($27)
	ldq	$27, callee($29)	!literal!1
	jsr	$26, ($27), callee	!lituse_jsr!1
	ldgp	$29, 0($26)
	bis	$31, 1, $0
	call_pal 0x83
	.end	_start
	.section .note.GNU-stack, "", @progbits
EOF
cat >callee.s <<'EOF'
	.set	noreorder
	.text
	.align	4
	.globl	callee
	.ent	callee
callee:	ldgp	$29, 0($27)
	.prologue 1
	ldq	$1, datum($29)		!literal!2
	ldl	$16, 0($1)		!lituse_base!2
	ret
	.end	callee
	.section .sdata, "aw"
datum:	.long	42
	.section .note.GNU-stack, "", @progbits
EOF
$bin-as call.s -o call.o
$bin-as callee.s -o callee.o

{
	$bin-ld --version | head -n 1
	for options in '-O0' '-O1' '-O1 --no-relax'; do
		echo "ld $options:"
		# shellcheck disable=SC2086
		$bin-ld $options call.o callee.o -o linked
		# Each function's mnemonics on a line, and where a bsr goes.
		$bin-objdump -d --no-show-raw-insn linked | awk '
			/^[0-9a-f]+ <.*>:$/ { printf "%s  %s", n++ ? "\n" : "", $2 }
			/^ +[0-9a-f]+:/ && n { printf " %s%s", $2, $2 == "bsr" ? $NF : "" }
			END { print "" }'
		$bin-objdump -h linked | awk '$2 == ".got" { print "  bytes of .got: 0x" $3; got = 1 } END { if (!got) print "  no .got" }'
	done
} >seen
cat seen

cat >expected <<'EOF'
GNU ld (GNU Binutils for Debian) 2.40
ld -O0:
  <_start>: br ldah lda ldq jsr ldah lda mov callsys unop nop unop
  <callee>: ldah lda ldq ldl ret unop nop unop
  bytes of .got: 0x00000010
ld -O1:
  <_start>: br ldah lda unop bsr<callee+0x8> unop unop mov callsys unop nop unop
  <callee>: ldah lda unop ldl ret unop nop unop
  bytes of .got: 0x00000000
ld -O1 --no-relax:
  <_start>: br ldah lda ldq jsr ldah lda mov callsys unop nop unop
  <callee>: ldah lda ldq ldl ret unop nop unop
  bytes of .got: 0x00000010
EOF
diff -u expected seen
