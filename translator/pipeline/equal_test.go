package pipeline_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"axpress/lifter/asmtest"
	"axpress/lifter/image"
	"axpress/translator/pipeline"
	"axpress/translator/toolchain/toolchaintest"
)

// manyFunctions is a program large enough for several LLVM modules: functions that load,
// store, loop, and call the one before and the one behind them.
func manyFunctions() string {
	const n = 60
	var b strings.Builder
	fmt.Fprintf(&b, ".entry f0\n.text %#x\n", modes["kernel"].text)
	for i := range n {
		fmt.Fprintf(&b, ".func f%d\n\tlda sp,-16(sp)\n\tstq ra,0(sp)\n", i)
		for k := range 20 {
			fmt.Fprintf(&b, "\tldq t%d,%d(a0)\n\taddq t%d,%d,t%d\n\tstl t%d,%d(a1)\n", k%8, 8*k, k%8, k+i, (k+1)%8, (k+1)%8, 4*k)
		}
		fmt.Fprintf(&b, "loop%d:\n\tsubq a2,1,a2\n\tldbu t0,0(a0)\n\tlda a0,1(a0)\n\tbne a2,loop%d\n", i, i)
		fmt.Fprintf(&b, "\tbsr ra,f%d\n\tbsr ra,f%d\n\tldq ra,0(sp)\n\tlda sp,16(sp)\n\tret zero,(ra),1\n.end\n", max(i, 1)-1, min(i+1, n-1))
	}
	return b.String()
}

// Equal input gives equal files: today and tomorrow, with one worker and with many, and in
// whatever folder it lies.
func TestEqualArtefacts(t *testing.T) {
	if testing.Short() {
		t.Skip("translates many functions six times")
	}
	tools := toolchaintest.Find(t)
	file, _, err := asmtest.File("many", manyFunctions())
	if err != nil {
		t.Fatal(err)
	}
	for _, hot := range []bool{false, true} {
		var first []byte
		for run, jobs := range []int{1, 1, 8} {
			img, err := image.Parse(filepath.Join("/here", strings.Repeat("x", run), "vmlinux"), file)
			if err != nil {
				t.Fatal(err)
			}
			o := pipeline.Options{Jobs: jobs}
			if hot {
				for pc := modes["kernel"].text; len(o.Hot) < 10_000; pc += 4 {
					o.Hot = append(o.Hot, pc)
				}
			}
			a, err := pipeline.Translate(t.Context(), img, tools, o)
			if err != nil {
				t.Fatal(err)
			}
			if a.Insts < 4001 || len(a.Missing) > 0 {
				t.Fatalf("%d instructions do not make two modules; left out: %v", a.Insts, a.Missing)
			}
			var b bytes.Buffer
			if err := a.Write(&b); err != nil {
				t.Fatal(err)
			}
			if run == 0 {
				first = b.Bytes()
			} else if n, at := differences(first, b.Bytes()); n > 0 {
				t.Errorf("hot %v, run %d, %d workers: %d bytes differ, the first at %#x", hot, run, jobs, n, at)
			}
		}
	}
}

// differences counts the bytes that differ, what is longer among them, and says where the
// first is.
func differences(x, y []byte) (n, first int) {
	for i := range max(len(x), len(y)) {
		if i >= len(x) || i >= len(y) || x[i] != y[i] {
			if n == 0 {
				first = i
			}
			n++
		}
	}
	return n, first
}
