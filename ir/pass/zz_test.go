package pass

import (
	"os"
	"runtime"
	"sort"
	"testing"
	"time"

	"axpress/ir"
	"axpress/lifter/discover"
	"axpress/lifter/image"
	"axpress/lifter/lift"
)

func TestZZKernel(t *testing.T) {
	img, err := image.Open(os.Getenv("AXPRESS_GUEST_KERNEL"))
	if err != nil {
		t.Fatal(err)
	}
	found, err := discover.Discover(img, discover.Options{})
	if err != nil {
		t.Fatal(err)
	}
	per := map[string]time.Duration{}
	var lifting, verify time.Duration
	var n, vals, blocks, snaps, prm, exits, getregs, entries, consts, retires int
	type slow struct {
		d time.Duration
		name string
		b int
	}
	var slows []slow
	check := os.Getenv("ZZCHECK") != ""
	o := &Options{Pinned: 0x7f4f0001 & 0}
	fails := 0
	for _, fn := range found.Functions {
		t0 := time.Now()
		f, err := lift.Lift(fn, img, lift.Options{Kernel: true})
		if err != nil {
			t.Error(err)
			continue
		}
		lifting += time.Since(t0)
		for _, b := range fn.Blocks {
			n += int(b.End-b.Start) / 4
		}
		s0 := time.Now()
		for i := range passes {
			t1 := time.Now()
			if err := runOne(&passes[i], f, o); err != nil {
				t.Fatal(err)
			}
			per[passes[i].Name] += time.Since(t1)
			if check {
				t2 := time.Now()
				if err := ir.Verify(f); err != nil {
					t.Error("after", passes[i].Name, err)
					if fails++; fails > 3 {
						t.FailNow()
					}
					break
				}
				verify += time.Since(t2)
			}
		}
		slows = append(slows, slow{time.Since(s0), fn.Name, len(f.Blocks)})
		entries += len(f.Entries)
		for _, b := range f.Blocks {
			blocks++
			vals += len(b.Vals)
			prm += len(b.Params)
			for _, v := range b.Vals {
				if v.Op.Exits() {
					exits++
					snaps += len(v.Snap)
				}
				switch v.Op {
				case ir.OpGetReg:
					getregs++
				case ir.OpConst:
					consts++
				case ir.OpRetire:
					retires++
				}
			}
			if b.Term.Leaves() {
				exits++
				snaps += len(b.Term.Snap)
			}
		}
	}
	total := time.Duration(0)
	for _, p := range passes {
		t.Log(p.Name, per[p.Name])
		total += per[p.Name]
	}
	var ms runtime.MemStats
	runtime.ReadMemStats(&ms)
	t.Log("units", len(found.Functions), "instr", n, "lift", lifting, "passes", total, "verify", verify, "alloc", ms.TotalAlloc>>20)
	t.Log("values", vals, "blocks", blocks, "params", prm, "exits", exits, "snaps", snaps, "entries", entries, "getregs", getregs, "consts", consts, "retires", retires)
	sort.Slice(slows, func(i, j int) bool { return slows[i].d > slows[j].d })
	for _, s := range slows[:8] {
		t.Log(s)
	}
}
