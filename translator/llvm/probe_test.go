package llvm_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"axpress/translator/llvm"
	"axpress/translator/toolchain"
	"axpress/translator/toolchain/toolchaintest"
)

// The functions of the probe move nothing with any LLVM that can be used, and the same
// functions of the convention of C are seen for what they are.
func TestProbe(t *testing.T) {
	toolchaintest.Each(t, func(t *testing.T, tools *toolchain.LLVM) {
		object, err := tools.Compile(t.Context(), llvm.Probe())
		if err != nil {
			t.Fatal(err)
		}
		if err := llvm.CheckProbe(object); err != nil {
			t.Error(err)
		}
		for _, convention := range []string{"ccc", "fastcc", "ghccc"} {
			object, err = tools.Compile(t.Context(), strings.ReplaceAll(llvm.Probe(), "hhvmcc", convention))
			if errors.Is(err, toolchain.ErrRefused) {
				continue // llc itself cannot do that with it
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := llvm.CheckProbe(object); err == nil {
				t.Errorf("%s passes for hhvmcc", convention)
			}
		}
	})
}

// LLVM 19 takes typed pointers and hhvmcc, and ends with status 0; the probe shows that it
// does something else.
func TestProbeOfLaterLLVM(t *testing.T) {
	llc, err := exec.LookPath("llc-19")
	if err != nil {
		t.Skip("LLVM 19 is not installed (apt-get install llvm-19)")
	}
	file := filepath.Join(t.TempDir(), "probe.o")
	cmd := exec.Command(llc, "-O2", "-relocation-model=pic", "-filetype=obj", "-o", file, "-")
	cmd.Stdin = strings.NewReader(llvm.Probe())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("%s refuses the module itself: %v, %s", llc, err, out)
	}
	object, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := llvm.CheckProbe(object); err == nil || !strings.Contains(err.Error(), "hhvmcc is not what it was") {
		t.Errorf("%v", err)
	}
}

func TestProbeOfNonsense(t *testing.T) {
	for _, object := range []string{"", "\x7fELF", strings.Repeat("\x7fELF\x02\x01\x01", 20)} {
		if llvm.CheckProbe([]byte(object)) == nil {
			t.Errorf("%q passes", object)
		}
	}
}
