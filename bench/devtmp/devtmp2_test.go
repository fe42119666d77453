package devtmp

import (
	"fmt"
	"os"
	"testing"

	"axpress/ir/pass"
	"axpress/lifter/discover"
	"axpress/lifter/image"
	"axpress/lifter/lift"
	"axpress/ir"
	"axpress/runtime/abi"
	"axpress/translator/llvm"
)

func TestDevEmit(t *testing.T) {
	img, err := image.Open(os.Getenv("IMG"))
	if err != nil {
		t.Fatal(err)
	}
	k := img.Kind == image.Kernel
	r, err := discover.Discover(img, discover.Options{PageLimited: !k})
	if err != nil {
		t.Fatal(err)
	}
	var us []*ir.Func
	cnt, insts := 0, 0
	defer func() { fmt.Println("insts", insts) }()
	for _, f := range r.Functions {
		if os.Getenv("FN") != "" && f.Name != os.Getenv("FN") {
			continue
		}
		if os.Getenv("FN") == "" {
			cnt++
			if cnt < 3000 || cnt > 3060 {
				continue
			}
			for _, b := range f.Blocks { insts += int(b.End-b.Start)/4 }
		}
		base := uint64(0)
		if !k {
			base = f.Start & abi.PageMask
		}
		u, err := lift.Lift(f, img, lift.Options{Kernel: k, Relocatable: !k, Base: base})
		if err != nil {
			t.Fatal(err)
		}
		if os.Getenv("SHOW") != "" {
			fmt.Println(f.String())
			fmt.Println(u.String())
		}
		if err := pass.Run(u, pass.Options{Check: true, Pinned: abi.PinnedRegs()}); err != nil {
			t.Fatal(err)
		}
		if os.Getenv("SHOW") != "" {
			fmt.Println(u.String())
		}
		us = append(us, u)
	}
	text, err := llvm.Emit(us, llvm.Options{Link: func(pc uint64) (llvm.UnitRef, bool) { return llvm.UnitRef{Symbol: llvm.Symbol(pc), Relocatable: !k}, true }})
	if err != nil {
		t.Fatal(err)
	}
	os.WriteFile("/tmp/dev/x.ll", []byte(text), 0o644)
}
