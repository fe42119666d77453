package lockstep

import (
	"context"
	"fmt"
	"math"
	"testing"

	"axpress/lifter/image"
	"axpress/lifter/isa"
	"axpress/runtime/abi"
	"axpress/runtime/dispatch"
	"axpress/runtime/machine"
	"axpress/runtime/trace"
	"axpress/runtime/vcpu"
)

// fpSetup enables floating point, and loads f1 to f3 and the FPCR from the data.
const fpSetup = `entry:
	li sp,%d
	bsr ra,@setup
	lda a0,1(zero)
	call_pal 0x2b               # wrfen
	li s0,%d
	ldt $f1,0(s0)
	ldt $f2,8(s0)
	ldt $f3,16(s0)
	ldt $f4,24(s0)
	mt_fpcr $f4
	li s1,%d
next:
`

// fpGuest is a kernel that executes code rounds times, with f1 = 1.5, f2 = 2.5 and
// f3 = the integer 5, which are numbers in VAX formats too.
func fpGuest(t testing.TB, fpcr uint64, rounds int, code []isa.Inst) *image.Image {
	p := &program{at: kernelVA}
	p.assemble(t, kernelText)
	start := p.here()
	p.assemble(t, fmt.Sprintf(fpSetup, uint64(stackVA), uint64(dataVA), rounds))
	for _, in := range code {
		p.words = append(p.words, isa.Encode(in))
	}
	p.assemble(t, "subq s1,1,s1\nbne s1,@next\nbr zero,@poweroff\n")
	p.function("entry", start)
	p.function("kernel", kernelVA)
	p.symbol["kernel"] = [2]uint64{kernelVA, start}
	data := quads(math.Float64bits(1.5), math.Float64bits(2.5), 5, fpcr)
	return p.image(t, "floating point", p.labels["entry"], map[uint64][]byte{dataVA: data})
}

// fpForms are all forms of the floating-point operations, on f1 to f3, to f4.
func fpForms(t testing.TB) (list []isa.Inst) {
	fromInt := map[isa.Op]bool{isa.OpCVTQS: true, isa.OpCVTQT: true, isa.OpCVTQF: true, isa.OpCVTQG: true, isa.OpCVTQL: true}
	for _, r := range isa.Table() {
		if r.Class != isa.ClassFPOp {
			continue
		}
		for _, in := range r.Op.Samples() {
			in.Rb, in.Rc = 2, 4
			if in.Ra != 31 {
				in.Ra = 1
			}
			if fromInt[in.Op] {
				in.Rb = 3
			}
			list = append(list, in)
		}
	}
	if len(list) < 300 {
		t.Fatalf("only %d forms", len(list))
	}
	return list
}

// With ordinary operands, and traps for inexact results disabled, no form leaves
// native code, however the FPCR rounds; and all do what the interpreter does.
func TestFloatingPointStaysNative(t *testing.T) {
	const rounds = 50
	forms := fpForms(t)
	for dyn := range uint64(4) {
		img := fpGuest(t, 1<<62|dyn<<58, rounds, forms)
		code := []*abi.Code{translated(t, img).Code()}
		cfg := machine.Config{Segments: segments(img), Entry: img.Entry, Memory: kernelRAM}
		g := newGuest(t, cfg, trace.Config{Code: code, Symbol: symbols(img), ScanEvery: 16}, 3)
		g.checked(t, int64(dyn))

		stats := runNative(t, cfg, code)
		called, left := stats.Helpers[abi.ThunkFPOperate], stats.Exits[abi.ExitInterpret]
		t.Logf("FPCR<DYN> %d: of %d executed, %d by the runtime; %d exits", dyn, rounds*len(forms), called, left)
		if called < rounds*150 || called > uint64(rounds*len(forms)) || left > rounds {
			t.Errorf("FPCR<DYN> %d: of %d executed, %d by the runtime; %d exits", dyn, rounds*len(forms), called, left)
		}
	}
}

// runNative runs a guest on the native engine to its power-off.
func runNative(t testing.TB, cfg machine.Config, code []*abi.Code) vcpu.Counters {
	t.Helper()
	var engine *nativeEngine
	cfg.Clock = machine.ClockDeterministic
	cfg.NewEngine = func(c *machine.CPU) (vcpu.Engine, error) {
		var err error
		engine, err = newNative(c, dispatch.Config{Code: code})
		return engine, err
	}
	m, err := machine.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), hang)
	defer cancel()
	stop, err := m.Run(ctx)
	if err != nil || stop.Reason != machine.PowerOff {
		t.Fatalf("%v at %#x: %s; %v", stop.Reason, stop.PC, stop.Detail, err)
	}
	return engine.Counters()
}

// BenchmarkFPOperate measures loops with operations that the runtime executes: of
// nothing else, and one among integer instructions. The last is one of the host's.
func BenchmarkFPOperate(b *testing.B) {
	const length = 32
	addg := isa.Inst{Op: isa.OpADDG, Ra: 1, Rb: 2, Rc: 4, Round: isa.RoundNormal}
	sui := isa.Inst{Op: isa.OpADDT, Ra: 1, Rb: 2, Rc: 4, Round: isa.RoundNormal, Trap: isa.TrapS | isa.TrapU | isa.TrapI}
	addt := isa.Inst{Op: isa.OpADDT, Ra: 1, Rb: 2, Rc: 4, Round: isa.RoundNormal}
	addq := isa.Inst{Op: isa.OpADDQ, Ra: 1, Rb: 2, Rc: 1}
	for _, tt := range []struct {
		name      string
		in, other isa.Inst
	}{{"addg", addg, addg}, {"addg among addq", addg, addq}, {"addt/sui", sui, sui}, {"addt", addt, addt}} {
		loop := []isa.Inst{tt.in}
		for len(loop) < length {
			loop = append(loop, tt.other)
		}
		b.Run(tt.name, func(b *testing.B) {
			img := fpGuest(b, 1<<62|2<<58, b.N/length+1, loop)
			code := []*abi.Code{translated(b, img).Code()}
			b.ResetTimer()
			runNative(b, machine.Config{Segments: segments(img), Entry: img.Entry, Memory: kernelRAM}, code)
		})
	}
}
