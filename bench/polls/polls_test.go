package polls

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"axpress/lifter/asmtest"
	"axpress/lifter/image"
	"axpress/runtime/abi"
	"axpress/runtime/dispatch"
	"axpress/runtime/mem"
	"axpress/translator/artifact"
	"axpress/translator/gobuild"
	"axpress/translator/goprogram"
	"axpress/translator/gosrc"
	"axpress/translator/pipeline"
	"axpress/translator/toolchain/toolchaintest"
)

// The guest calls, in turn: a recursion that is deeper than units nest in Go code, which
// returns all the way without a loop; code without a branch; and a row of calls of a
// function that is small enough to be copied to where it is called, on which nothing else
// polls; last a leaf as long as a path without polls may be, before another such path.
const (
	depth    = 5000
	straight = 3000
	calls    = 12
	part     = 440
	rounds   = 40
	textVA   = 0xfffffc0000310000
)

var guestText = fmt.Sprintf(`
.entry start
.text %#x
.func start
	lda sp,-32(sp)
	stq ra,0(sp)
	stq s0,8(sp)
	lda s0,%d(zero)
	lda a0,%d(zero)
	bsr ra,down
again:
	bsr ra,line
	bsr ra,row
	bsr ra,pair
	subq s0,1,s0
	bgt s0,again
	ldq ra,0(sp)
	ldq s0,8(sp)
	lda sp,32(sp)
	ret zero,(ra),1
.end
.func down
	bgt a0,deeper
	ret zero,(ra),1
deeper:
	lda sp,-16(sp)
	stq ra,0(sp)
	subq a0,1,a0
	bsr ra,down
	addq v0,a0,v0
	xor v0,1,v0
	ldq ra,0(sp)
	lda sp,16(sp)
	ret zero,(ra),1
.end
.func line
%s	ret zero,(ra),1
.end
.func row
	lda sp,-16(sp)
	stq ra,0(sp)
%s	ldq ra,0(sp)
	lda sp,16(sp)
	ret zero,(ra),1
.end
.func pair
	lda sp,-16(sp)
	stq ra,0(sp)
	bsr ra,leaf
%s	ldq ra,0(sp)
	lda sp,16(sp)
	ret zero,(ra),1
.end
.func leaf
%s	ret zero,(ra),1
.end
.func small
%s	ret zero,(ra),1
.end
.func over
	call_pal 0
.end
`, uint64(textVA), rounds, depth, lines(straight), strings.Repeat("\tbsr ra,small\n", calls), lines(part), lines(part), lines(40))

// lines is n instructions whose results depend on all before.
func lines(n int) string { return strings.Repeat("\taddq v0,t0,t0\n\txor t0,v0,v0\n", n/2) }

func newGuest(t *testing.T) (*Guest, *image.Image) {
	t.Helper()
	return assembled(t, guestText)
}

// assembled assembles a guest and counts its instructions.
func assembled(t testing.TB, text string) (*Guest, *image.Image) {
	t.Helper()
	img, _, err := asmtest.Assemble("polls", text)
	if err != nil {
		t.Fatal(err)
	}
	s := img.SegmentAt(textVA)
	g := &Guest{Text: s.Data, At: textVA, Entry: img.Entry}
	for _, sym := range img.Symbols {
		if sym.Name == "over" {
			g.End = sym.Addr
		}
	}
	if g.Length, err = world(t, mem.New).Count(g); err != nil {
		t.Fatal(err)
	}
	return g, img
}

func world(t testing.TB, newRAM func(uint64) (*mem.RAM, error)) *World {
	t.Helper()
	w, err := NewWorld(newRAM)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// steps apart are the limits: a prime, so that they meet all places of a loop.
const step = 97

// check says what is wrong with r.
func check(t *testing.T, g *Guest, r Result) {
	t.Helper()
	t.Logf("%d instructions; beyond the limit: %d at most, at %d; %d stops; %d translated, %d interpreted", g.Length, r.Most, r.Limit, r.Stops, r.Native, r.Interp)
	if r.Most > abi.PollReach {
		t.Errorf("translated code goes %d instructions beyond limit %d, want %d at most", r.Most, r.Limit, abi.PollReach)
	}
	if r.Stops == 0 || r.Native < 100*r.Interp {
		t.Errorf("this measures nothing: %+v", r)
	}
}

// checkStops says what is wrong with r.
func checkStops(t *testing.T, r Exact) {
	t.Helper()
	t.Logf("%d runs to a count: %d translated, %d interpreted", r.Runs, r.Translated, r.Interpreted)
	if r.Runs < 2*24 || r.Translated < 10*r.Interpreted {
		t.Errorf("this shows nothing: %+v", r)
	}
}

func TestHostCode(t *testing.T) {
	g, img := newGuest(t)
	for _, setting := range settings {
		t.Run(setting, func(t *testing.T) {
			w, e := hostCode(t, img, setting)
			r, err := w.Overshoot(g, e, step, world(t, mem.New))
			if err != nil {
				t.Fatal(err)
			}
			check(t, g, r)
			stops, err := w.Stops(g, e, exactly*step, world(t, mem.New))
			if err != nil {
				t.Fatal(err)
			}
			checkStops(t, stops)
		})
	}
}

var settings = []string{"cheap", "hot"}

// hostCode makes an engine of host code of img at a setting, and its world.
func hostCode(t testing.TB, img *image.Image, setting string) (*World, *dispatch.Engine) {
	t.Helper()
	tools := toolchaintest.Find(t)
	translate := func(hot []uint64) *abi.Code {
		a, err := pipeline.Translate(t.Context(), img, tools, pipeline.Options{Hot: hot, Check: true})
		if err != nil {
			t.Fatal(err)
		}
		if len(a.Missing) > 0 {
			t.Fatal(a.Missing[0])
		}
		var b bytes.Buffer
		if err := a.Write(&b); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "code.axp")
		if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		if a, err = artifact.Load(path); err != nil {
			t.Fatal(err)
		}
		return a.Code()
	}
	code, newRAM := []*abi.Code{translate(nil)}, mem.New
	if setting == "hot" {
		var all []uint64
		for _, s := range img.Symbols {
			all = append(all, s.Addr)
		}
		code, newRAM = append(code, translate(all)), mem.NewWide
	}
	w := world(t, newRAM)
	e, err := dispatch.New(dispatch.Config{CPU: &w.CPU, Code: code})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	if off := e.Off(); len(off) > 0 {
		t.Skip(strings.Join(off, "; "))
	}
	return w, e
}

// A guest that does nothing but call: what a poll at returns costs most in.
const fibText = `
.entry start
.text 0xfffffc0000310000
.func start
	lda sp,-16(sp)
	stq ra,0(sp)
	lda a0,24(zero)
	bsr ra,fib
	ldq ra,0(sp)
	lda sp,16(sp)
	ret zero,(ra),1
.end
.func fib
	cmple a0,1,v0
	beq v0,more
	bis a0,a0,v0
	ret zero,(ra),1
more:
	lda sp,-32(sp)
	stq ra,0(sp)
	stq s0,8(sp)
	stq s1,16(sp)
	bis a0,a0,s0
	subq a0,1,a0
	bsr ra,fib
	bis v0,v0,s1
	subq s0,2,a0
	bsr ra,fib
	addq v0,s1,v0
	ldq ra,0(sp)
	ldq s0,8(sp)
	ldq s1,16(sp)
	lda sp,32(sp)
	ret zero,(ra),1
.end
.func over
	call_pal 0
.end
`

func BenchmarkCalls(b *testing.B) {
	g, img := assembled(b, fibText)
	for _, setting := range settings {
		b.Run(setting, func(b *testing.B) {
			w, e := hostCode(b, img, setting)
			best := time.Duration(math.MaxInt64) // of all times: others use the machine too
			for b.Loop() {
				w.start(g)
				begin := time.Now()
				w.S.Limit = math.MaxInt64
				e.Begin()
				for w.S.PC != g.End {
					if _, ok := e.Enter(); !ok {
						b.Fatalf("no code at %#x", w.S.PC)
					}
				}
				e.End()
				best = min(best, time.Since(begin))
			}
			b.ReportMetric(float64(best.Nanoseconds())/float64(g.Length), "ns/instruction")
		})
	}
}

// main is the main function of the guest as a Go program.
const main = "// " + gosrc.Header + `

package main

import (
	"fmt"
	"os"

	"axpress/bench/polls"
)

func main() {
	if err := polls.ServeGo(functions, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
`

func TestGoCode(t *testing.T) {
	m, err := gobuild.Find(t.Context(), "")
	if err != nil {
		t.Skip(err)
	}
	g, img := newGuest(t)
	p, err := goprogram.Translate(t.Context(), []*image.Image{img}, "guest", goprogram.Options{Check: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Missing) > 0 {
		t.Fatal(p.Missing[0])
	}
	dir := t.TempDir()
	source, program := filepath.Join(dir, "source"), filepath.Join(dir, "guest")
	if err := m.Write(source, "guest", append(p.Packages, gosrc.Package{Files: []gosrc.File{{Name: "main.go", Text: []byte(main)}}})); err != nil {
		t.Fatal(err)
	}
	if err := m.Build(t.Context(), source, program); err != nil {
		t.Fatal(err)
	}
	request, err := json.Marshal(GoRequest{*g, step})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program)
	cmd.Stdin = bytes.NewReader(request)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, err.(*exec.ExitError).Stderr)
	}
	var r GoReply
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatal(err)
	}
	check(t, g, r.Overshoot)
	checkStops(t, r.Stops)
}
