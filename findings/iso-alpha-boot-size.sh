#!/usr/bin/env bash
# genisoimage -alpha-boot leaves the end of the boot loader out of what the firmware reads.
#
# Guess: -alpha-boot of genisoimage and the option of the same name of xorriso write the same boot block: the
# loader's first block and its size in blocks of 512 bytes, rounded up.
# Seen (genisoimage 1.1.11, xorriso 1.5.4): genisoimage rounds the size down. Of a loader of 5000 bytes the
# console would read 9 blocks, 4608 bytes; xorriso writes 10, and does not take genisoimage's boot block for
# one of Alpha ("not-recognized") unless the loader fills its last block.
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

get genisoimage=9:1.1.11-3.4 xorriso=1.5.4-4 libisoburn1=1.5.4-4 libisofs6=1.5.4-1 libburn4=1.5.4-1 libjte2=1.22-3 \
	libreadline8=8.2-1.3 libmagic1=1:5.44-3 libacl1=2.3.1-3

mkdir -p tree/boot
{
	usr/bin/genisoimage --version
	usr/bin/xorriso --version 2>/dev/null | grep '^xorriso version'
	for size in 4608 5000; do
		head -c $size /dev/zero >tree/boot/bootlx
		rm -f gen.iso xorriso.iso
		usr/bin/genisoimage -quiet -R -alpha-boot boot/bootlx -o gen.iso tree 2>/dev/null
		usr/bin/xorriso -as mkisofs -quiet -R -alpha-boot boot/bootlx -o xorriso.iso tree 2>/dev/null
		echo "loader of $size bytes:"
		for iso in gen xorriso; do
			blocks=$(($(od -An -t u8 -j 480 -N 8 $iso.iso)))
			echo "  $iso.iso: $blocks blocks of 512 = $((blocks * 512)) bytes," \
				"$(usr/bin/xorriso -indev $iso.iso -report_system_area plain 2>/dev/null | sed -n 's/^System area summary: /xorriso says /p')"
		done
	done
} >seen
cat seen

cat >expected <<'EOF'
genisoimage 1.1.11 (Linux)
xorriso version   :  1.5.4
loader of 4608 bytes:
  gen.iso: 9 blocks of 512 = 4608 bytes, xorriso says DEC-Alpha
  xorriso.iso: 9 blocks of 512 = 4608 bytes, xorriso says DEC-Alpha
loader of 5000 bytes:
  gen.iso: 9 blocks of 512 = 4608 bytes, xorriso says not-recognized
  xorriso.iso: 10 blocks of 512 = 5120 bytes, xorriso says DEC-Alpha
EOF
diff -u expected seen
