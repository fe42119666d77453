#!/usr/bin/env bash
# GNU as for Alpha aligns data by itself, and takes only the nearest label along.
#
# Guess: data directives of GNU as lay bytes where the location counter stands, whatever the target: a .quad
# after a .byte is at offset 1, and so are all labels in front of it.
# Seen (binutils 2.40): .quad, .long and .double are moved to their natural alignment, .8byte is not. Of two
# labels in front of a .quad the second moves with it, while the first is left behind on the padding and names
# another address. `.align 0` ends it for the rest of the section.
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
as=usr/bin/alpha-linux-gnu-as
nm=usr/bin/alpha-linux-gnu-nm

cat >data.s <<'EOF'
	.data
	.byte	1
first:
second:
	.quad	2
	.byte	3
long:	.long	4
	.byte	5
eight:	.8byte	6
	.byte	7
double:	.double	1
	.align	0
	.byte	8
packed:	.quad	9
EOF

{
	$as --version | head -n 1
	$as data.s -o data.o
	$nm -n data.o
} >seen
cat seen

cat >expected <<'EOF'
GNU assembler (GNU Binutils for Debian) 2.40
0000000000000001 d first
0000000000000008 d second
0000000000000014 d long
0000000000000019 d eight
0000000000000028 d double
0000000000000031 d packed
EOF
diff -u expected seen
