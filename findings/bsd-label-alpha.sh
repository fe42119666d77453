#!/usr/bin/env bash
# parted and fdisk of one Debian cannot read each other's BSD disk labels: parted's are Alpha boot blocks.
#
# Guess: on a PC `parted mklabel bsd` puts the label where BSD has it on PCs, into sector 1, as fdisk expects it;
# so parted, fdisk and partx all list the partition.
# Seen (parted 3.5, util-linux 2.38.1): parted's label is at byte 64 of sector 0, as on OSF/1, and the sector ends
# with the sum over its first 63 quadwords, which Alpha's SRM console asks for. fdisk shows an empty disk. The
# same label in sector 1 is one for fdisk, and "unrecognised" for parted. partx lists the partition of both.
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

util=2.38.1-5+deb12u3
get parted=3.5-3+deb12u1 libparted2=3.5-3+deb12u1 libdevmapper1.02.1=2:1.02.185-2 libreadline8=8.2-1.3 \
	util-linux=$util fdisk=$util libfdisk1=$util libblkid1=$util libsmartcols1=$util libuuid1=$util

truncate -s 64M by-parted moved
sbin/parted -s by-parted mklabel bsd mkpart ext2 1MiB 32MiB 2>/dev/null # stderr: no udevadm
# The same label (404 bytes with 16 partitions) where a PC has it.
dd if=by-parted of=moved bs=1 skip=64 seek=512 count=404 conv=notrunc status=none

{
	sbin/parted --version | head -n 1
	sbin/fdisk --version
	sum=0
	for quad in $(od -An -v -t d8 -N 504 by-parted); do sum=$((sum + quad)); done
	stored=$(($(od -An -t d8 -j 504 -N 8 by-parted)))
	if [ "$stored" -ne 0 ] && [ "$stored" -eq $sum ]; then echo 'sector 0 of parted ends with its sum'; fi
	for disk in by-parted moved; do
		echo "$disk:"
		echo "  magic at sector 0, byte 64:$(od -An -v -t x4 -j 64 -N 4 $disk); at sector 1:$(od -An -v -t x4 -j 512 -N 4 $disk)"
		sbin/parted -sm $disk unit s print 2>&1 | sed -nE 's/^(1:.*)/  parted: \1/p; s/.*: (unrecognised.*)/  parted: \1/p'
		label=$(sbin/fdisk -l $disk | grep -E '^Disklabel|^a ' | tr -s ' ' | paste -s -d '|')
		echo "  fdisk: ${label:-no label}"
		echo "  partx:$(usr/bin/partx -g -o NR,START,END,TYPE,SCHEME $disk)"
	done
} >seen
cat seen

cat >expected <<'EOF'
parted (GNU parted) 3.5
fdisk from util-linux 2.38.1
sector 0 of parted ends with its sum
by-parted:
  magic at sector 0, byte 64: 82564557; at sector 1: 00000000
  parted: 1:2048s:65535s:63488s:::;
  fdisk: no label
  partx: 1  2048 65535  0x8 bsd
moved:
  magic at sector 0, byte 64: 00000000; at sector 1: 82564557
  parted: unrecognised disk label
  fdisk: Disklabel type: bsd|a 2048 65535 63488 31M MS-DOS 0 0 0
  partx: 1  2048 65535  0x8 bsd
EOF
diff -u expected seen
