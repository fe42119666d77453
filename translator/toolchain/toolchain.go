// Package toolchain runs the LLVM tools that turn LLVM IR text into object code
// and reports their versions for the cache key. It knows nothing of Alpha.
package toolchain

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strings"

	"golang.org/x/sys/cpu"
)

// LLVM is an installed LLVM 14.
type LLVM struct {
	llc     string
	version string
	mcpu    string
}

// ErrMissing says that no usable LLVM is installed.
var ErrMissing = errors.New("LLVM 14 not found: install it with 'apt-get install llvm'")

var versionLine = regexp.MustCompile(`LLVM version (14\.[0-9.]+)`)

// Find locates llc of LLVM 14 on PATH. Other versions read other IR.
func Find() (*LLVM, error) {
	for _, name := range []string{"llc-14", "llc"} {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		out, err := exec.Command(path, "--version").Output()
		if err != nil {
			continue
		}
		if m := versionLine.FindSubmatch(out); m != nil {
			return &LLVM{llc: path, version: string(m[1]), mcpu: hostCPU()}, nil
		}
	}
	return nil, ErrMissing
}

const levelAVX = "x86-64-v3"

// hostCPU names the x86-64 level that code is made for, as llc's -mcpu wants it.
func hostCPU() string {
	if cpu.X86.HasAVX2 && cpu.X86.HasBMI1 && cpu.X86.HasBMI2 && cpu.X86.HasFMA {
		return levelAVX
	}
	return "x86-64-v2"
}

// AVX says whether code is made for hosts with AVX.
func (l *LLVM) AVX() bool { return l.mcpu == levelAVX }

// Key identifies what influences the code: tool versions, options, host level.
func (l *LLVM) Key() string {
	return "llc " + l.version + " " + strings.Join(l.args(2), " ")
}

// args are llc's options. FMA must not be formed: guest results are rounded
// after each operation.
func (l *LLVM) args(opt int) []string {
	return []string{fmt.Sprintf("-O%d", opt), "-mcpu=" + l.mcpu, "-relocation-model=pic", "-filetype=obj", "-fp-contract=off",
		"-stack-size-section", "-x86-asm-syntax=att"}
}

// Compile turns one LLVM module into an ELF object file.
func (l *LLVM) Compile(ctx context.Context, module string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, l.llc, append(l.args(2), "-o", "-", "-")...)
	cmd.Stdin = strings.NewReader(module)
	var out, msg bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &msg
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("llc: %w: %s", err, firstLines(msg.String(), 3))
	}
	return out.Bytes(), nil
}

func firstLines(s string, n int) string {
	lines := strings.SplitN(strings.TrimSpace(s), "\n", n+1)
	return strings.Join(lines[:min(n, len(lines))], "; ")
}
