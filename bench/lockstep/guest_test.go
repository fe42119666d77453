package lockstep

import (
	"bytes"
	"context"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"axpress/lifter/discover"
	"axpress/lifter/image"
	"axpress/lifter/image/imagetest"
	"axpress/lifter/isa"
	"axpress/palstubs/stubs"
	"axpress/runtime/abi"
	"axpress/runtime/dispatch"
	"axpress/runtime/engine"
	"axpress/runtime/machine"
	"axpress/runtime/trace"
	"axpress/runtime/vcpu"
	"axpress/translator/artifact"
	"axpress/translator/pipeline"
	"axpress/translator/toolchain/toolchaintest"
)

// inlined is trace.Config.Inlined: what the lifter makes IR of.
func inlined(fn uint32) bool {
	s := stubs.Lookup(fn)
	return s != nil && s.Emit != nil
}

// program is a piece of memory of a test guest: code or data, at a virtual address.
type program struct {
	at     uint64
	words  []uint32
	labels map[string]uint64
	symbol map[string][2]uint64 // functions: start and end
}

// assemble appends lines of assembler text. "name:" is a label; @name its address,
// known if it stands before or in the same text; "li reg,value" loads a constant of
// 64 bits, which may be a @name.
func (p *program) assemble(t testing.TB, src string) {
	t.Helper()
	if p.labels == nil {
		p.labels, p.symbol = map[string]uint64{}, map[string][2]uint64{}
	}
	start := len(p.words)
	for pass := range 2 {
		p.words = p.words[:start]
		for _, line := range strings.Split(src, "\n") {
			line, _, _ = strings.Cut(line, "#")
			if line = strings.TrimSpace(line); line == "" {
				continue
			}
			if name, ok := strings.CutSuffix(line, ":"); ok {
				p.labels[name] = p.here()
				continue
			}
			if head, name, ok := strings.Cut(line, "@"); ok {
				target := p.labels[name]
				if target == 0 {
					if pass == 1 {
						t.Fatalf("no label %q", name)
					}
					target = p.here()
				}
				line = fmt.Sprintf("%s%#x", head, target)
			}
			if args, ok := strings.CutPrefix(line, "li "); ok {
				reg, value, _ := strings.Cut(args, ",")
				var v uint64
				if _, err := fmt.Sscanf(strings.TrimSpace(value), "%v", &v); err != nil {
					t.Fatalf("%s: %v", line, err)
				}
				p.loadConstant(t, strings.TrimSpace(reg), v)
				continue
			}
			p.line(t, line)
		}
	}
}

func (p *program) here() uint64 { return p.at + 4*uint64(len(p.words)) }

func (p *program) line(t testing.TB, text string) {
	t.Helper()
	w, err := isa.Assemble(text, p.here())
	if err != nil {
		t.Fatal(err)
	}
	p.words = append(p.words, w)
}

// loadConstant adds sixteen bits at a time, from the top; the length does not
// depend on the value.
func (p *program) loadConstant(t testing.TB, reg string, v uint64) {
	var parts [4]int16
	for i := range parts {
		parts[i] = int16(v)
		v = (v - uint64(int64(parts[i]))) >> 16
	}
	from := "zero"
	for i := 3; i >= 0; i-- {
		p.line(t, fmt.Sprintf("lda %s,%d(%s)", reg, parts[i], from))
		if from = reg; i > 0 {
			p.line(t, fmt.Sprintf("sll %s,16,%s", reg, reg))
		}
	}
}

// align pads with zero words, which are CALL_PAL halt, to a multiple of n bytes.
func (p *program) align(n uint64) {
	for p.here()%n != 0 {
		p.words = append(p.words, 0)
	}
}

// function notes that name begins here and has been written to the end of p.
func (p *program) function(name string, start uint64) { p.symbol[name] = [2]uint64{start, p.here()} }

// image makes an ELF image of code and data.
func (p *program) image(t testing.TB, name string, entry uint64, data map[uint64][]byte) *image.Image {
	t.Helper()
	f := imagetest.File{Entry: entry}
	f.Segs = append(f.Segs, imagetest.Seg{VAddr: p.at, Data: imagetest.Words(p.words...), Flags: elf.PF_R | elf.PF_X})
	for at, d := range data {
		f.Segs = append(f.Segs, imagetest.Seg{VAddr: at, Data: d, Flags: elf.PF_R | elf.PF_W})
	}
	for name, s := range p.symbol {
		f.Syms = append(f.Syms, imagetest.Sym{Name: name, Addr: s[0], Size: s[1] - s[0], Type: elf.STT_FUNC, Other: image.OtherNoPV})
	}
	img, err := image.Parse(name, imagetest.Build(f))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// define appends a function.
func (p *program) define(t testing.TB, name, text string) {
	t.Helper()
	start := p.here()
	p.assemble(t, name+":\n"+text)
	p.function(name, start)
}

// translated translates img and maps the result, as the product does.
func translated(t testing.TB, img *image.Image) *artifact.Artifact {
	t.Helper()
	return translatedWith(t, img, pipeline.Options{Check: true})
}

// translatedHot translates all of img at the full setting.
func translatedHot(t testing.TB, img *image.Image) *artifact.Artifact {
	t.Helper()
	found, err := discover.Discover(img, discover.Options{})
	if err != nil {
		t.Fatal(err)
	}
	o := pipeline.Options{Check: true}
	for _, f := range found.Functions {
		o.Hot = append(o.Hot, f.Start)
	}
	return translatedWith(t, img, o)
}

func translatedWith(t testing.TB, img *image.Image, o pipeline.Options) *artifact.Artifact {
	t.Helper()
	tools := toolchaintest.Find(t)
	a, err := pipeline.Translate(t.Context(), img, tools, o)
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Missing) > 0 {
		t.Fatalf("%d functions not translated: %s", len(a.Missing), a.Missing[0])
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
	return a
}

// symbols makes a resolver of the functions of images.
func symbols(imgs ...*image.Image) func(uint64) string {
	return func(pc uint64) string {
		for _, img := range imgs {
			best := ""
			for _, s := range img.Symbols {
				if s.Addr > pc {
					break
				}
				if s.Func || s.Label {
					best = fmt.Sprintf("%s+%#x", s.Name, pc-s.Addr)
				}
			}
			if best != "" && img.SegmentAt(pc) != nil {
				return best
			}
		}
		return ""
	}
}

// hang is when a test guest is taken to hang.
const hang = 5 * time.Minute

// lockstepGuest is a machine in lockstep.
type lockstepGuest struct {
	m      *machine.Machine
	engine *trace.Lockstep
	out    bytes.Buffer
	found  []*trace.Divergence
}

// maxReports ends a run that goes wrong everywhere, be it at the same place.
const maxReports = 200

// newGuest boots cfg in lockstep with the code given. Divergences are collected,
// one for each instruction that is named; after max of them the run ends.
func newGuest(t testing.TB, cfg machine.Config, tc trace.Config, max int) *lockstepGuest {
	t.Helper()
	g := &lockstepGuest{}
	tc.Inlined = inlined
	seen := map[uint64]bool{}
	reports := 0
	tc.Report = func(d *trace.Divergence) bool {
		at := d.PC
		if in := d.FirstInst(); in != nil {
			at = in.PC
		}
		if !seen[uint64(at)] {
			seen[uint64(at)] = true
			g.found = append(g.found, d)
		}
		reports++
		return len(g.found) < max && reports < maxReports
	}
	cfg.Clock = machine.ClockDeterministic
	if cfg.Console == nil {
		cfg.Console = &g.out
	}
	cfg.NewEngine = func(c *machine.CPU) (vcpu.Engine, error) {
		var err error
		g.engine, err = trace.New(c, tc)
		return g.engine, err
	}
	m, err := machine.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	g.m = m
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	needAll(t, g.engine.Off())
	return g
}

// nativeEngine runs native code, but for what off names.
type nativeEngine struct {
	*engine.Mixed
	off []string
}

// newNative makes the engine of c.
func newNative(c *machine.CPU, o dispatch.Config) (*nativeEngine, error) {
	o.CPU = &c.CPU
	tier, err := dispatch.New(o)
	if err != nil {
		return nil, err
	}
	return &nativeEngine{engine.New(&c.CPU, tier), tier.Off()}, nil
}

// needAll skips a test of code that engines do without for a reason of the host.
func needAll(t testing.TB, off []string) {
	t.Helper()
	if len(off) > 0 {
		t.Skipf("not on this host: %s", strings.Join(off, "; "))
	}
}

// run runs the guest to its end. A time-out only ends a hung test.
func (g *lockstepGuest) run(t testing.TB, timeout time.Duration) machine.Stop {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	stop, err := g.m.Run(ctx)
	if err != nil && len(g.found) == 0 {
		t.Fatalf("%v: %v", err, g.engine.Err())
	}
	return stop
}

// segments are what machine.Config wants of a kernel image.
func segments(img *image.Image) (segs []machine.Segment) {
	for _, s := range img.Segments {
		segs = append(segs, machine.Segment{PA: s.VAddr &^ abi.KSEGBase, Data: s.Data, MemSize: s.MemSize})
	}
	return segs
}

func quads(v ...uint64) []byte {
	var b []byte
	for _, q := range v {
		b = binary.LittleEndian.AppendUint64(b, q)
	}
	return b
}
