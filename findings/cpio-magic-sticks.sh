#!/usr/bin/env bash
# One archive written with a checksum changes all later archives of the process (cavaliergopher/cpio).
#
# Guess: Header.Checksum makes that entry one of the "crc" format (magic 070702), and what other Writers write
# has the plain magic 070701 as before.
# Seen (v1.0.1): from the first entry with a checksum on, every entry of every Writer starts with 070702, and
# one without a checksum says that its bytes add up to 0. GNU cpio reports a checksum error for such a file, in
# an archive whose writer never asked for checksums; before, the same calls wrote one that it takes.
set -eu
export LC_ALL=C TZ=UTC
t=$(mktemp -d)
trap 'rm -rf "$t"' EXIT
cd "$t"
# Modules go to the temporary folder too.
export GOMODCACHE=$t/mod GOFLAGS='-mod=mod -modcacherw' GOTOOLCHAIN=local GOWORK=off

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

get cpio=2.13+dfsg-7.1

cat >go.mod <<'EOF'
module seen
go 1.21
EOF
go get github.com/cavaliergopher/cpio@v1.0.1 2>/dev/null

cat >main.go <<'EOF'
package main

import (
	"fmt"
	"os"

	"github.com/cavaliergopher/cpio"
)

// archive writes one file into a new archive by a new Writer, and says how the entry starts.
func archive(name string, sum uint32) {
	f, err := os.Create(name)
	if err != nil {
		panic(err)
	}
	w := cpio.NewWriter(f)
	h := cpio.Header{Name: "motd", Mode: cpio.TypeReg | 0o644, Size: 6, Links: 1, Checksum: sum}
	if err := w.WriteHeader(&h); err != nil {
		panic(err)
	}
	if _, err := w.Write([]byte("Alpha\n")); err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	if err := f.Close(); err != nil {
		panic(err)
	}
	b, err := os.ReadFile(name)
	if err != nil {
		panic(err)
	}
	fmt.Printf("%s: magic %s, check %s\n", name, b[:6], b[102:110])
}

func main() {
	sum := uint32(0)
	for _, b := range []byte("Alpha\n") {
		sum += uint32(b)
	}
	archive("1-plain", 0)
	archive("2-summed", sum)
	archive("3-plain", 0)
}
EOF
{
	echo "github.com/cavaliergopher/cpio $(go list -m -f '{{.Version}}' github.com/cavaliergopher/cpio)"
	bin/cpio --version | head -n 1
	go run .
	for archive in 1-plain 2-summed 3-plain; do
		echo "cpio of $archive: $(bin/cpio --quiet -i --to-stdout <$archive 2>&1 | tr '\n' ' ' | sed 's,bin/cpio: ,, ; s/ $//')"
	done
} >seen
cat seen

cat >expected <<'EOF'
github.com/cavaliergopher/cpio v1.0.1
cpio (GNU cpio) 2.13
1-plain: magic 070701, check 00000000
2-summed: magic 070702, check 000001F0
3-plain: magic 070702, check 00000000
cpio of 1-plain: Alpha
cpio of 2-summed: Alpha
cpio of 3-plain: Alpha motd: checksum error (0x1f0, should be 0x0)
EOF
diff -u expected seen
