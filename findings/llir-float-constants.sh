#!/usr/bin/env bash
# llir/llvm writes a float constant towards zero, and a small one as text that LLVM refuses.
#
# Guess: constant.NewFloat(types.Float, x) rounds x to the nearest float, as float32(x) and every compiler do,
# and what it prints is a float.
# Seen (v0.3.6): the bits of the double that a float lacks are cut off, so 0.1 becomes the float below the
# nearest one. (NewFloat takes a Go float64: only a caller that wrote float64(float32(x)) is safe.) Below
# the normal range a float has fewer bits still, which are not cut: 3e-45 is printed as a number between two
# floats, for which llvm-as says "floating point constant invalid for type" (seen with LLVM 14, not run here).
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
go get github.com/llir/llvm@v0.3.6 2>/dev/null

cat >main.go <<'EOF'
package main

import (
	"fmt"
	"math"
	"strconv"

	"github.com/llir/llvm/ir/constant"
	"github.com/llir/llvm/ir/types"
)

func main() {
	for _, x := range []float64{0.5, 0.1, -0.1, 0.3, 16777219, 3e-45} {
		text := constant.NewFloat(types.Float, x).Ident()
		value, err := strconv.ParseFloat(text, 64)
		if bits, e := strconv.ParseUint(text, 0, 64); e == nil { // LLVM's 0x... are a double's bits
			value, err = math.Float64frombits(bits), nil
		}
		if err != nil {
			panic(err)
		}
		what := "the nearest float"
		if float64(float32(value)) != value {
			what = "no float"
		} else if value != float64(float32(x)) {
			what = fmt.Sprintf("%d away from the nearest float", int32(math.Float32bits(float32(value))-math.Float32bits(float32(x))))
		}
		fmt.Printf("%g: %s is %s\n", x, text, what)
	}
}
EOF
{
	echo "github.com/llir/llvm $(go list -m -f '{{.Version}}' github.com/llir/llvm)"
	go run .
} >seen
cat seen

cat >expected <<'EOF'
github.com/llir/llvm v0.3.6
0.5: 0.5 is the nearest float
0.1: 0x3FB9999980000000 is -1 away from the nearest float
-0.1: 0xBFB9999980000000 is -1 away from the nearest float
0.3: 0x3FD3333320000000 is -1 away from the nearest float
1.6777219e+07: 0x4170000020000000 is -1 away from the nearest float
3e-45: 0x36B1208140000000 is no float
EOF
diff -u expected seen
