// Package toolchaintest gives LLVM to tests, and skips by name those that want one which
// is not installed. It is imported by tests only.
package toolchaintest

import (
	"errors"
	"fmt"
	"os/exec"
	"testing"

	"axpress/translator/toolchain"
)

// Versions are the major versions of LLVM that can be used.
var Versions = [...]int{14, 15, 16}

// Find returns the LLVM that the product would take. Where there is none the test is skipped.
func Find(t testing.TB) *toolchain.LLVM {
	t.Helper()
	tools, err := toolchain.Find()
	if errors.Is(err, toolchain.ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return tools
}

// Version returns llc of that major version. Where it is not installed the test is skipped.
func Version(t testing.TB, major int) *toolchain.LLVM {
	t.Helper()
	tools, err := toolchain.At(fmt.Sprintf("llc-%d", major))
	if errors.Is(err, exec.ErrNotFound) {
		t.Skipf("LLVM %d is not installed (apt-get install llvm-%d)", major, major)
	}
	if err != nil {
		t.Fatal(err)
	}
	return tools
}

// Each runs test with every version, as a subtest; short tests with the one that the product would take.
func Each(t *testing.T, test func(t *testing.T, tools *toolchain.LLVM)) {
	for _, major := range Versions {
		t.Run(fmt.Sprintf("llc_%d", major), func(t *testing.T) {
			if taken := Find(t).Major(); testing.Short() && major != taken {
				t.Skipf("short tests take LLVM %d alone", taken)
			}
			test(t, Version(t, major))
		})
	}
}
