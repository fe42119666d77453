package lift

import (
	"os"
	"testing"

	"axpress/ir"
	"axpress/lifter/discover"
	"axpress/lifter/image"
	"axpress/lifter/image/guesttest"
)

// guestEnv names a vmlinux to measure with.
const guestEnv = "AXPRESS_GUEST_KERNEL"

// TestKernel lifts and verifies every unit of a whole kernel.
func TestKernel(t *testing.T) {
	img, units := discoverKernel(t, guesttest.Kernel(t))
	for _, fn := range units {
		f, err := Lift(fn, img, Options{Kernel: true})
		if err == nil {
			err = ir.Verify(f)
		}
		if err != nil {
			t.Error(err)
		}
	}
}

func discoverKernel(t testing.TB, path string) (*image.Image, []*discover.Function) {
	t.Helper()
	img, err := image.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	found, err := discover.Discover(img, discover.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return img, found.Functions
}

// BenchmarkLift lifts a loop of mixed instructions; with a kernel at hand, that.
func BenchmarkLift(b *testing.B) {
	code := assemble(b, "ldq $1,0($16)", "addq $1,$2,$3", "extbl $3,$1,$4", "s4addq $4,$5,$6", "cmplt $6,$7,$8",
		"zapnot $8,15,$9", "stl $9,8($16)", "lda $16,16($16)", "mult $f1,$f2,$f3", "bne $9,0x1000", "ret $31,($26),1")
	var src Code = code
	units := []*discover.Function{unit(code)}
	if path := os.Getenv(guestEnv); path != "" {
		src, units = discoverKernel(b, path)
	}
	words := 0
	for _, fn := range units {
		for _, blk := range fn.Blocks {
			words += int(blk.End-blk.Start) / 4
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		for _, fn := range units {
			if _, err := Lift(fn, src, Options{Kernel: true}); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(words)*float64(b.N)/b.Elapsed().Seconds(), "instructions/s")
}
