package pass

import (
	"fmt"
	"math/rand"
	"testing"

	"axpress/ir"
)

// generateLarge makes a unit of n blocks of 8 guest instructions, mostly forward
// flow with some loops and calls, as compiled code has.
func generateLarge(n int) *ir.Func {
	g := &generator{rnd: rand.New(rand.NewSource(1)), f: &ir.Func{Name: fmt.Sprintf("large %d", n), PC: genBase}}
	for i := 0; i < n; i++ {
		g.blocks = append(g.blocks, g.f.NewBlock(genBase+uint64(i)*0x100))
	}
	g.entry(g.blocks[0])
	at := func(i int) ir.Edge { return ir.Edge{Block: g.blocks[max(0, min(i, n-1))]} }
	for i, b := range g.blocks {
		g.bld, g.ints = &ir.Builder{F: g.f, B: b, PC: b.PC}, nil
		for range 8 {
			g.instruction()
			g.bld.Retire()
			g.bld.PC += 4
		}
		b.Term.PC = g.bld.PC
		switch k := g.rnd.Intn(10); {
		case i == n-1:
			b.Term.Kind, b.Term.Target = ir.TermRet, g.int()
		case k < 5:
			b.Term.Kind, b.Term.Cond = ir.TermBr, g.cond()
			b.Term.Succs = []ir.Edge{at(i + 2 + g.rnd.Intn(4)), at(i + 1)}
		case k < 6:
			b.Term.Kind, b.Term.Cond = ir.TermBr, g.cond()
			b.Term.Succs = []ir.Edge{at(i - g.rnd.Intn(10)), at(i + 1)}
		case k < 8:
			g.entry(g.blocks[i+1])
			b.Term.Kind, b.Term.Target, b.Term.ReturnPC = ir.TermCall, g.int(), g.blocks[i+1].PC
			b.Term.Succs = []ir.Edge{at(i + 1)}
		default:
			b.Term.Kind, b.Term.Succs = ir.TermJump, []ir.Edge{at(i + 1)}
		}
	}
	return g.f
}

// BenchmarkRun reports the time of all passes per guest instruction.
func BenchmarkRun(b *testing.B) {
	for _, blocks := range []int{5, 50, 500} {
		b.Run(fmt.Sprintf("%dinstructions", 8*blocks), func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				b.StopTimer()
				f := generateLarge(blocks)
				b.StartTimer()
				if err := Run(f, Options{Pinned: 1<<30 | 1<<16 | 1<<26}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*8*blocks), "ns/instr")
		})
	}
}

// BenchmarkPass reports the time of each pass.
func BenchmarkPass(b *testing.B) {
	for i := range passes {
		b.Run(passes[i].Name, func(b *testing.B) {
			for range b.N {
				b.StopTimer()
				f := generateLarge(200)
				for j := range i {
					if err := passes[j].Fn(f, &Options{}); err != nil {
						b.Fatal(err)
					}
				}
				b.StartTimer()
				if err := passes[i].Fn(f, &Options{}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*1600), "ns/instr")
		})
	}
}

func TestLarge(t *testing.T) {
	f := generateLarge(500)
	if err := Run(f, Options{Check: true, Pinned: 1 << 30}); err != nil {
		t.Fatal(err)
	}
}
