package hostile

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"axpress/lifter/image"
	"axpress/runtime/machine"
	"axpress/translator/pipeline"
	"axpress/translator/toolchain/toolchaintest"
)

// A kernel follows from its seed, and is a file that the product takes for a kernel.
func TestKernel(t *testing.T) {
	for seed := range uint64(50) {
		data := Kernel(seed)
		if !bytes.Equal(data, Kernel(seed)) {
			t.Fatalf("seed %d: two kernels", seed)
		}
		img, err := image.Parse("hostile", data)
		if err != nil || img.Kind != image.Kernel || len(img.Segments) != 1 {
			t.Fatalf("seed %d: %+v, %v", seed, img, err)
		}
	}
	if bytes.Equal(Kernel(1), Kernel(2)) {
		t.Error("all seeds give one kernel")
	}
}

// Kernels in the interpreter, in this process: they end, and their machine can be closed. `axpress hostile` runs more
// of them, and translated.
func TestInterpreted(t *testing.T) {
	ended := 0
	for seed := range uint64(150) {
		img, err := image.Parse("hostile", Kernel(seed))
		if err != nil {
			t.Fatal(err)
		}
		s := img.Segments[0]
		m, err := machine.New(machine.Config{
			Segments: []machine.Segment{{PA: s.VAddr - kseg, Data: s.Data, MemSize: s.MemSize}}, Entry: img.Entry,
			Memory: 64 << 20, Clock: machine.ClockDeterministic,
		})
		if err != nil {
			t.Fatal(err)
		}
		// Some never end: that is no failure, and not what is looked at.
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		stop, err := m.Run(ctx)
		cancel()
		switch {
		case err != nil:
			t.Errorf("seed %d: %v", seed, err)
		case stop.Reason == machine.Halt || stop.Reason == machine.PowerOff:
			ended++
		case stop.Reason != machine.Timeout && stop.Reason != machine.Interrupted && stop.Reason != machine.Panic && stop.Reason != machine.Reboot:
			t.Errorf("seed %d: %+v", seed, stop)
		}
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	}
	if ended == 0 {
		t.Error("no kernel came to an end")
	}
}

func TestJudge(t *testing.T) {
	for status, good := range map[int]bool{0: true, 1: true, 2: false, 3: true, 4: true, 5: false, 70: false, 130: false, -1: false} {
		if why := Judge(status, "first\naxpress: last\n"); (why == "") != good || !good && !strings.HasSuffix(why, "axpress: last") {
			t.Errorf("%d: %q", status, why)
		}
	}
}

// Every unit of a kernel becomes native code, whatever its code looks like. Once, of 245 a
// unit had its entries numbered otherwise than its callers thought: there is an
// instruction that may leave the unit between its start and the second entry.
func TestKernelsAreTranslated(t *testing.T) {
	tools := toolchaintest.Find(t)
	for _, seed := range []uint64{1, 2, 3, 245} {
		img, err := image.Parse("hostile", Kernel(seed))
		if err != nil {
			t.Fatal(err)
		}
		a, err := pipeline.Translate(t.Context(), img, tools, pipeline.Options{})
		if err != nil {
			t.Errorf("seed %d: %v", seed, err)
			continue
		}
		if len(a.Missing) > 0 {
			t.Errorf("seed %d: left out: %s", seed, a.Missing[0])
		}
	}
}
