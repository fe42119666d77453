package lockstep

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"axpress/lifter/image"
	"axpress/runtime/abi"
	"axpress/runtime/dispatch"
	"axpress/runtime/engine"
	"axpress/runtime/machine"
	"axpress/runtime/trace"
	"axpress/runtime/vcpu"
)

// exactEntry calls two leaf functions for ever, now and then with interrupts off, or having
// the UART ask for one by an access in the middle of translated code. What an interrupt
// finds goes into s5. s6 is the base of I/O space, s1 the UART.
const exactEntry = `
	li    sp,%[1]d
	li    a0,@handler
	lda   a1,0(zero)
	call_pal 0x34               # wrent
	li    s6,0xfffffd01fc000000
	lda   s1,0x3f8(s6)
	lda   t0,10(zero)
	stb   t0,4(s1)              # MCR: OUT2, RTS
	lda   t0,0xef(zero)
	stb   t0,0x21(s6)           # IRQ 4
	li    t1,0xfffffd01a0000000 # the Cchip
	lda   t2,1(zero)
	sll   t2,55,t2
	stq   t2,0x200(t1)          # DIM0
	lda   s2,0(zero)
	lda   s3,0(zero)
	lda   s4,0(zero)
	lda   s5,0(zero)
	lda   a0,5(zero)
	lda   a1,997(zero)
	call_pal 9                  # cserve set_alarm_rel
	lda   a0,0(zero)
	call_pal 0x35               # swpipl
again:
	bsr   ra,@first
	bsr   ra,@second
	addq  s3,1,s3
	and   s3,15,t4
	bne   t4,@enabled
	lda   a0,7(zero)
	call_pal 0x35
	bsr   ra,@second
	lda   a0,0(zero)
	call_pal 0x35
	addq  s2,1,s2
	and   s2,3,t4
	bne   t4,@enabled
	stb   zero,1(s1)            # IER
	lda   t4,2(zero)
	stb   t4,1(s1)              # transmitter empty: an interrupt, right behind this
	addq  s3,7,s3
	addq  s3,9,s3
enabled:
	lda   t0,-%[2]d(s4)
	blt   t0,@again
	lda   a0,7(zero)
	call_pal 0x35
	li    t0,%[3]d
	stq   s5,0(t0)
	br    zero,@poweroff
`

const exactHandler = `
	mulq  s5,31,s5
	ldq   t8,8(sp)              # where it came
	addq  s5,t8,s5
	addq  s5,s3,s5
	addq  s4,1,s4
	cmpeq a0,3,t8
	bne   t8,@device
	lda   a0,5(zero)
	and   s4,63,a1
	sll   a1,5,a1
	lda   a1,4997(a1)
	call_pal 9
	call_pal 0x3f               # rti
device:
	ldbu  t8,2(s1)              # IIR: the request goes away
	lda   t8,0x64(zero)         # specific end of interrupt 4
	stb   t8,0x20(s6)
	call_pal 0x3f
`

const exactLeaf = `
	addq  t0,%[1]d,t0
	xor   t0,t1,t2
	srl   t2,3,t1
	s4addq t1,t0,t2
	lda   t3,%[2]d(zero)
%[3]s:
	addq  t2,t3,t2
	subq  t3,1,t3
	bgt   t3,@%[3]s
	xor   t2,t0,t1
	ret   zero,(ra),1
`

// exactRun is what can be seen of a run.
type exactRun struct {
	interrupts  []machine.Interrupt
	sum         uint64 // of the places
	icount      int64
	translated  uint64
	interpreted uint64
}

// With the deterministic clock an alarm and a device interrupt at the same instruction
// whatever runs the guest.
func TestInterruptsAreExact(t *testing.T) {
	const interrupts = 400
	p := &program{at: kernelVA}
	p.assemble(t, kernelText)
	p.function("kernel", kernelVA)
	p.define(t, "handler", exactHandler)
	p.define(t, "first", fmt.Sprintf(exactLeaf, 3, 4, "one"))
	p.define(t, "second", fmt.Sprintf(exactLeaf, 5, 31, "two"))
	p.define(t, "entry", fmt.Sprintf(exactEntry, uint64(stackVA), interrupts, uint64(dataVA)))
	img := p.image(t, "interrupts", p.labels["entry"], nil)
	cheap := translated(t, img).Code()
	hot := translatedHot(t, img).Code()

	tier := func(code ...*abi.Code) func(*machine.CPU) (vcpu.Engine, error) {
		return func(c *machine.CPU) (vcpu.Engine, error) {
			e, err := newNative(c, dispatch.Config{Code: code})
			if err == nil {
				needAll(t, e.off)
			}
			return e, err
		}
	}
	want := runExact(t, img, func(c *machine.CPU) (vcpu.Engine, error) { return engine.New(&c.CPU), nil })
	kinds := map[uint64]int{}
	for _, i := range want.interrupts {
		kinds[i.Type]++
	}
	if kinds[1] < 24 || kinds[3] < 24 {
		t.Errorf("%d alarms, %d of the device", kinds[1], kinds[3])
	}
	for _, c := range []struct {
		name string
		make func(*machine.CPU) (vcpu.Engine, error)
	}{
		{"cheap", tier(cheap)},
		{"hot", tier(cheap, hot)},
		{"lockstep", func(c *machine.CPU) (vcpu.Engine, error) {
			return trace.New(c, trace.Config{Code: []*abi.Code{cheap, hot}, Inlined: inlined})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := runExact(t, img, c.make)
			if got.translated < got.interpreted/4 {
				t.Errorf("%d instructions translated, %d interpreted", got.translated, got.interpreted)
			}
			n := 0
			for n < min(len(got.interrupts), len(want.interrupts)) && got.interrupts[n] == want.interrupts[n] {
				n++
			}
			if !slices.Equal(got.interrupts, want.interrupts) {
				t.Errorf("%d interrupts, %d in the interpreter; number %d is the first that differs: %+v, %+v", len(got.interrupts), len(want.interrupts), n,
					got.interrupts[n:min(n+1, len(got.interrupts))], want.interrupts[n:min(n+1, len(want.interrupts))])
			}
			if got.sum != want.sum || got.icount != want.icount {
				t.Errorf("places %#x after %d instructions, in the interpreter %#x after %d", got.sum, got.icount, want.sum, want.icount)
			}
			t.Logf("%d interrupts, %d instructions translated, %d interpreted", len(got.interrupts), got.translated, got.interpreted)
		})
	}
}

// runExact runs a guest to its power-off.
func runExact(t *testing.T, img *image.Image, newEngine func(*machine.CPU) (vcpu.Engine, error)) (r exactRun) {
	t.Helper()
	m, err := machine.New(machine.Config{Segments: segments(img), Entry: img.Entry, Memory: kernelRAM, Clock: machine.ClockDeterministic,
		NewEngine: newEngine, OnInterrupt: func(i machine.Interrupt) { r.interrupts = append(r.interrupts, i) }})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), hang)
	defer cancel()
	if stop, err := m.Run(ctx); err != nil || stop.Reason != machine.PowerOff {
		t.Errorf("the guest ends by %v at %#x: %s, %v", stop.Reason, stop.PC, stop.Detail, err)
	}
	c := m.Stats().CPUs[0]
	r.icount, r.translated, r.interpreted = c.Instructions, c.Engine.Translated, c.Engine.Interpreted
	r.sum, _ = m.CPU(0).RAM.Read64(dataVA &^ abi.KSEGBase)
	if err := m.Close(); err != nil {
		t.Error(err)
	}
	return r
}
