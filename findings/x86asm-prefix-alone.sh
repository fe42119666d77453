#!/usr/bin/env bash
# golang.org/x/arch/x86/x86asm knows AVX-512 by now, but takes ENDBR64 apart without an error.
#
# Guess: the decoder stops at VEX and EVEX, as it did for years, and for what it does not know it returns
# ErrUnrecognized; so a loop that adds up Inst.Len while err is nil stays on instruction boundaries.
# Seen (v0.32.0): VEX and EVEX are decoded, BMI2 too (v0.31.0 had "unknown AVX Opcode" for that). But of
# ENDBR64, ADCX, ADOX and RDPID, whose first byte is a mandatory prefix, it returns that byte alone as an
# instruction ("rep", "data16") with a nil error, and the next call starts amid the instruction. CLFLUSHOPT is
# another instruction with a prefix, and only RDSEED, which has none, is an error. A segment's address 0 is
# printed as nothing: `mov %gs:,%rax`.
set -eu
export LC_ALL=C TZ=UTC
t=$(mktemp -d)
trap 'rm -rf "$t"' EXIT
cd "$t"
# Modules go to the temporary folder too.
export GOMODCACHE=$t/mod GOFLAGS='-mod=mod -modcacherw' GOTOOLCHAIN=local GOWORK=off

cat >go.mod <<'EOF'
module seen
go 1.25
EOF
go get golang.org/x/arch@v0.32.0 2>/dev/null

cat >main.go <<'EOF'
package main

import (
	"fmt"

	"golang.org/x/arch/x86/x86asm"
)

func main() {
	for _, c := range []struct{ name, code string }{
		{"vaddps zmm0, zmm0, zmm0", "\x62\xf1\x7c\x48\x58\xc0"},
		{"shrx rax, rdx, rcx", "\xc4\xe2\xf3\xf7\xc2"},
		{"wrgsbase rax", "\xf3\x48\x0f\xae\xd8"},
		{"mov rax, gs:[0]", "\x65\x48\x8b\x04\x25\x00\x00\x00\x00"},
		{"endbr64", "\xf3\x0f\x1e\xfa"},
		{"adcx eax, ecx", "\x66\x0f\x38\xf6\xc1"},
		{"adox rax, rcx", "\xf3\x48\x0f\x38\xf6\xc1"},
		{"rdpid rax", "\xf3\x0f\xc7\xf8"},
		{"clflushopt [rdi]", "\x66\x0f\xae\x3f"},
		{"rdseed eax", "\x0f\xc7\xf8"},
	} {
		inst, err := x86asm.Decode([]byte(c.code), 64)
		if err != nil {
			fmt.Printf("%s: error %q\n", c.name, err)
			continue
		}
		fmt.Printf("%s: %d of %d bytes, %q\n", c.name, inst.Len, len(c.code), x86asm.GNUSyntax(inst, 0, nil))
	}
}
EOF
{
	echo "golang.org/x/arch $(go list -m -f '{{.Version}}' golang.org/x/arch)"
	go run .
} >seen
cat seen

cat >expected <<'EOF'
golang.org/x/arch v0.32.0
vaddps zmm0, zmm0, zmm0: 6 of 6 bytes, "vaddps %zmm0,%zmm0,%zmm0"
shrx rax, rdx, rcx: 5 of 5 bytes, "shrxq %rcx,%rdx,%rax"
wrgsbase rax: 5 of 5 bytes, "wrgsbase %rax"
mov rax, gs:[0]: 9 of 9 bytes, "mov %gs:,%rax"
endbr64: 1 of 4 bytes, "rep"
adcx eax, ecx: 1 of 5 bytes, "data16"
adox rax, rcx: 1 of 6 bytes, "rep"
rdpid rax: 1 of 4 bytes, "rep"
clflushopt [rdi]: 4 of 4 bytes, "data16 clflush (%rdi)"
rdseed eax: error "unrecognized instruction"
EOF
diff -u expected seen
