#!/usr/bin/env bash
# patchelf makes an Alpha program that no Alpha can load, unless it is told the page size.
#
# Guess: patchelf keeps the alignment of the segments as the linker had it (64 KiB), or knows that Alpha's
# smallest page has 8 KiB as it knows other machines' pages; a longer RPATH makes a program that runs.
# Seen (patchelf 0.14.3): without a word it takes 4 KiB pages, and writes that into every PT_LOAD, those of the
# linker too. Offset and address of the text then differ by 4 KiB within a page of 8 KiB, and the loader
# (here QEMU's) refuses the file. With --page-size 8192 it runs.
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

get binutils-alpha-linux-gnu=2.40-2 libbinutils=2.40-2 libjansson4=2.14-2 libc6.1-alpha-cross=2.36-8cross1 \
	patchelf=0.14.3-1+b1 qemu-user-static=1:7.2+dfsg-7+deb12u18+b3
bin=usr/bin/alpha-linux-gnu

# A program that calls getpid of the C library and exits with 0.
cat >program.s <<'EOF'
	.set	noreorder
	.text
	.globl	_start
	.ent	_start
_start:	br	$27, 1f
1:	ldgp	$29, 0($27)
	jsr	$26, getpid
	bis	$31, $31, $16
	bis	$31, 1, $0
	call_pal 0x83
	.end	_start
	.section .note.GNU-stack, "", @progbits
EOF
$bin-as program.s -o program.o
$bin-ld --dynamic-linker=/lib/ld-linux.so.2 program.o usr/alpha-linux-gnu/lib/libc.so.6.1 \
	-rpath-link usr/alpha-linux-gnu/lib -o linked

try() {
	echo "$1:"
	$bin-readelf -lW "$1" | awk '$1 == "LOAD" { print "  offset", $2, "address", $3, "align", $NF }'
	status=0
	usr/bin/qemu-alpha-static -L usr/alpha-linux-gnu "$1" 2>&1 | sed 's/^/  /' || status=$?
	echo "  status $status"
}
set -o pipefail
{
	usr/bin/patchelf --version
	usr/bin/qemu-alpha-static --version | sed -nE '1s/ \(.*//p'
	try linked
	cp linked patched
	usr/bin/patchelf --set-rpath /opt/alpha/lib:/opt/alpha/usr/lib patched
	try patched
	cp linked paged
	usr/bin/patchelf --page-size 8192 --set-rpath /opt/alpha/lib:/opt/alpha/usr/lib paged
	try paged
} >seen
cat seen

cat >expected <<'EOF'
patchelf 0.14.3
qemu-alpha version 7.2.22
linked:
  offset 0x000000 address 0x0000000120000000 align 0x10000
  offset 0x00fe70 address 0x000000012001fe70 align 0x10000
  status 0
patched:
  offset 0x000000 address 0x000000011ffff000 align 0x1000
  offset 0x001000 address 0x0000000120000000 align 0x1000
  offset 0x010e70 address 0x000000012001fe70 align 0x1000
  qemu-alpha-static: patched: Error mapping file: Invalid argument
  status 255
paged:
  offset 0x000000 address 0x000000011fffe000 align 0x2000
  offset 0x002000 address 0x0000000120000000 align 0x2000
  offset 0x011e70 address 0x000000012001fe70 align 0x2000
  status 0
EOF
diff -u expected seen
