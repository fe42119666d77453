package devtmp

import (
	"context"
	"fmt"
	"os"
	"sort"
	"strings"
	"testing"
	"time"

	"axpress/lifter/image"
	"axpress/runtime/abi"
	"axpress/runtime/dispatch"
	"axpress/runtime/interp"
	"axpress/runtime/machine"
	"axpress/translator/artifact"
)

type nat struct {
	*dispatch.Engine
}

func (n nat) Stats() map[string]uint64 { return nil }

func TestDevBoot(t *testing.T) {
	im, err := image.Open(os.Getenv("IMG"))
	if err != nil {
		t.Fatal(err)
	}
	var codes []*abi.Code
	var end uint64
	for _, p := range strings.Fields(os.Getenv("AXP")) {
		a, err := artifact.Load(p)
		if err != nil {
			t.Fatal(err)
		}
		codes = append(codes, a.Code())
		end = max(end, a.CodeEnd)
	}
	var segs []machine.Segment
	for _, s := range im.Segments {
		segs = append(segs, machine.Segment{PA: s.PAddr & (1<<40 - 1), Data: s.Data, MemSize: s.MemSize})
	}
	rd, err := os.ReadFile("/tmp/guest/initramfs.cpio.gz")
	if err != nil {
		t.Fatal(err)
	}
	var eng *dispatch.Engine
	cfg := machine.Config{Segments: segs, Entry: im.Entry, Initrd: rd, Append: "console=ttyS0", Memory: 256 << 20, Console: os.Stdout, CodeEnd: end,
		NewEngine: func(c *machine.CPU) (machine.Engine, error) {
			ip := interp.New(c.S, c.MMU, interp.Config{Cycles: c.Cycles, NativeEntry: func(pc uint64) bool { return eng.HasEntry(pc) }})
			e, err := dispatch.New(dispatch.Config{State: c.S, MMU: c.MMU, RAM: c.RAM, Interpreter: ip, Cycles: c.Cycles, Code: codes})
			eng = e
			return nat{e}, err
		}}
	if os.Getenv("DET") != "" {
		cfg.Clock = machine.ClockDeterministic
	}
	m, err := machine.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	start := time.Now()
	st, err := m.Run(ctx)
	fmt.Println(st, err, time.Since(start))
	s := eng.Stats()
	fmt.Printf("native %d interp %d (%.2f%%) entries %d exits %v helpers %v\n", s.NativeInsts, s.InterpInsts, 100*float64(s.NativeInsts)/float64(s.NativeInsts+s.InterpInsts), s.Entries, s.Exits, s.Helpers)
	type pc struct{ a, n uint64 }
	var ps []pc
	for a, n := range s.Misses {
		ps = append(ps, pc{a, n})
	}
	sort.Slice(ps, func(i, j int) bool { return ps[i].n > ps[j].n })
	for i, p := range ps {
		if i < 25 {
			name := ""
			for _, y := range im.Symbols {
				if y.Addr <= p.a {
					name = y.Name
				}
			}
			fmt.Printf("%#x %d %s\n", p.a, p.n, name)
		}
	}
}
