#!/usr/bin/env bash
# Device nodes lose their numbers in cavaliergopher/cpio, both ways, without an error.
#
# Guess: Header.DeviceID holds a device node's major and minor number (it is the one field for them), so that
# an initramfs may be written with /dev/console as 5:1, and read again.
# Seen (v1.0.1): Writer takes the header without an error and writes 0 for all four device fields, and Reader
# leaves DeviceID at 0 whatever the archive says. That field is never touched, so it cannot tell two file
# systems' equal inode numbers apart either.
set -eu
export LC_ALL=C TZ=UTC
t=$(mktemp -d)
trap 'rm -rf "$t"' EXIT
cd "$t"
# Modules go to the temporary folder too.
export GOMODCACHE=$t/mod GOFLAGS='-mod=mod -modcacherw' GOTOOLCHAIN=local GOWORK=off

cat >go.mod <<'EOF'
module seen
go 1.21
EOF
go get github.com/cavaliergopher/cpio@v1.0.1 2>/dev/null

cat >main.go <<'EOF'
package main

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/cavaliergopher/cpio"
)

// fields names the device fields of a "new ASCII" header, which start at its byte 62.
var fields = []string{"dev major", "dev minor", "node major", "node minor"}

func device(entry string, field int) string { return entry[62+8*field : 70+8*field] }

func main() {
	var out bytes.Buffer
	w := cpio.NewWriter(&out)
	err := w.WriteHeader(&cpio.Header{Name: "dev/console", Mode: cpio.TypeChar | 0o600, Links: 1, Inode: 1, DeviceID: 5<<8 | 1})
	fmt.Println("written with DeviceID 5<<8 | 1, error:", err)
	if err := w.Close(); err != nil {
		panic(err)
	}
	archive := out.String()
	for i, name := range fields {
		fmt.Printf("  %s %s\n", name, device(archive, i))
	}

	// The same entry as the kernel's gen_init_cpio has it, on device 3:1.
	numbers := "00000003" + "00000001" + "00000005" + "00000001"
	read := archive[:62] + numbers + archive[62+len(numbers):]
	h, err := cpio.NewReader(strings.NewReader(read)).Next()
	if err != nil {
		panic(err)
	}
	fmt.Printf("read with node 5:1 on device 3:1: %s, mode %o, DeviceID %d\n", h.Name, h.Mode, h.DeviceID)
}
EOF
echo "github.com/cavaliergopher/cpio $(go list -m -f '{{.Version}}' github.com/cavaliergopher/cpio)" >seen
go run . >>seen
cat seen

cat >expected <<'EOF'
github.com/cavaliergopher/cpio v1.0.1
written with DeviceID 5<<8 | 1, error: <nil>
  dev major 00000000
  dev minor 00000000
  node major 00000000
  node minor 00000000
read with node 5:1 on device 3:1: dev/console, mode 20600, DeviceID 0
EOF
diff -u expected seen
