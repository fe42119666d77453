package machine

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"axpress/lifter/isa"
)

// Where test guests are linked: a kernel's place.
const (
	guestPA = 0x1010000
	guestVA = 0xfffffc0001010000
)

// assemble translates a program of one instruction a line. "name:" defines a label,
// @name is its address; ".ascii text" emits a line of text with its newline,
// padded to a word; "#" starts a comment.
func assemble(t testing.TB, src string) []byte {
	t.Helper()
	labels := map[string]uint64{}
	var code []byte
	for pass := range 2 {
		code = code[:0]
		for _, line := range strings.Split(src, "\n") {
			line, _, _ = strings.Cut(line, "#")
			line = strings.TrimSpace(line)
			pc := guestVA + uint64(len(code))
			if line == "" {
				continue
			}
			if name, ok := strings.CutSuffix(line, ":"); ok {
				labels[name] = pc
				continue
			}
			if text, ok := strings.CutPrefix(line, ".ascii "); ok {
				code = append(code, text+"\n"...)
				for len(code)%4 != 0 {
					code = append(code, 0)
				}
				continue
			}
			if head, name, ok := strings.Cut(line, "@"); ok {
				target := labels[name]
				if pass == 0 {
					target = pc
				} else if target == 0 {
					t.Fatalf("no label %q", name)
				}
				line = fmt.Sprintf("%s%#x", head, target)
			}
			w, err := isa.Assemble(line, pc)
			if err != nil {
				t.Fatal(err)
			}
			code = binary.LittleEndian.AppendUint32(code, w)
		}
	}
	return code
}

// Pieces of guest programs. s0 is the base of KSEG, s1 the UART's ports.
const (
	prologue = `
		lda   s0,-1(zero)
		sll   s0,42,s0            # 0xfffffc0000000000
		lda   s1,1(zero)
		sll   s1,40,s1            # TS_BIAS
		addq  s0,s1,s1
		lda   t0,0x7f(zero)
		sll   t0,26,t0            # PCI I/O: 0x1fc000000
		addq  s1,t0,s1
		lda   s1,0x3f8(s1)
		br    zero,@start
	puts:                         # a0: text up to a newline; uses t0, t1
		ldq_u t0,0(a0)
		extbl t0,a0,t0
		stb   t0,0(s1)
		lda   a0,1(a0)
		cmpeq t0,10,t1
		beq   t1,@puts
		ret   zero,(ra),1
	poweroff:                     # PCS.flags |= 4 << 16; halt
		ldah  t0,4(zero)
		ldq   t1,0x2200(s0)
		bis   t1,t0,t1
		stq   t1,0x2200(s0)
		call_pal 0
	start:
	`
	// address makes t12 the address of the label that follows the call.
	hello = `
		br    a0,@go
		.ascii hello from alpha
	go:
		bsr   ra,@puts
	`
)

// unmaskUART lets the first serial port's interrupts through: IRQ 4 in the interrupt controller, and bit 55
// in DIM0. It uses t0 to t2.
const unmaskUART = `
		lda  t1,-0x3d7(s1)        # port 0x21
		lda  t0,0xef(zero)
		stb  t0,0(t1)
		lda  t0,1(zero)
		sll  t0,40,t0
		addq s0,t0,t0
		lda  t1,0x1a(zero)
		sll  t1,28,t1
		addq t0,t1,t0             # Cchip
		lda  t2,1(zero)
		sll  t2,55,t2
		stq  t2,0x200(t0)         # DIM0
`

type guestRun struct {
	m    *Machine
	out  bytes.Buffer
	stop Stop
}

// newGuest builds a machine that runs a program.
func newGuest(t *testing.T, src string, change func(*Config)) *guestRun {
	t.Helper()
	g := &guestRun{}
	cfg := Config{
		Segments: []Segment{{PA: guestPA, Data: assemble(t, prologue+src), MemSize: 0x10000}},
		Entry:    guestVA, Memory: 32 << 20, Console: &g.out,
	}
	if change != nil {
		change(&cfg)
	}
	m, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	g.m = m
	return g
}

func (g *guestRun) run(t *testing.T) *guestRun {
	t.Helper()
	// A limit against a hung test only.
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	var err error
	if g.stop, err = g.m.Run(ctx); err != nil {
		t.Fatal(err)
	}
	return g
}

func (g *guestRun) want(t *testing.T, r Reason, out string) {
	t.Helper()
	if g.stop.Reason != r || g.out.String() != out {
		t.Errorf("stop %s at %#x (%s), output %q; want %s, %q", g.stop.Reason, g.stop.PC, g.stop.Detail, g.out.String(), r, out)
	}
}

// replace replaces names in a guest's source.
func replace(src string, pairs ...string) string { return strings.NewReplacer(pairs...).Replace(src) }
