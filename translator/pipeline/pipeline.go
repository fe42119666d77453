package pipeline

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"axpress/ir"
	"axpress/ir/pass"
	"axpress/lifter/discover"
	"axpress/lifter/image"
	"axpress/lifter/isa"
	"axpress/lifter/lift"
	"axpress/runtime/abi"
	"axpress/translator/artifact"
	"axpress/translator/llvm"
	"axpress/translator/toolchain"
)

// Options say how to translate. The zero value is the default.
type Options struct {
	Jobs    int             // workers; 0: one for each CPU
	Hints   []uint64        // further entries, from earlier runs
	Disable map[string]bool // passes and lowerings to leave out, see Switches
	Check   bool            // verify the IR after every pass
	Only    *regexp.Regexp  // translate only functions whose name matches; nil: all
	Model   *isa.Model      // the CPU to run on; nil: isa.DefaultModel
	// Hot, if not nil, asks for the full setting, and for nothing but the functions
	// that contain one of these guest addresses. The result is used beside that of
	// the cheap setting. Not for images that may lie at any address.
	Hot []uint64
	// Progress, if not nil, is called as units are done, by one goroutine at a
	// time: instructions done and in total.
	Progress func(done, total int)
}

// chunkInsts is how many guest instructions go into one LLVM module: enough to
// pay for starting llc, few enough to balance the workers.
const chunkInsts = 4000

// Translate translates img.
func Translate(ctx context.Context, img *image.Image, tools *toolchain.LLVM, o Options) (*artifact.Artifact, error) {
	kernel := img.Kind == image.Kernel
	if o.Hot != nil && img.Kind == image.Dyn {
		return nil, fmt.Errorf("translate %s: %w", img.Name, ErrPlace)
	}
	found, err := discover.Discover(img, discover.Options{Hints: o.Hints, PageLimited: !kernel && o.Hot == nil, MaxFunction: maxFunction(o)})
	if err != nil {
		return nil, fmt.Errorf("translate %s: %w", img.Name, err)
	}
	t := &translation{img: img, tools: tools, o: o, kernel: kernel, relocatable: !kernel && o.Hot == nil,
		links: map[uint64]llvm.UnitRef{}, spans: map[uint64]span{}, functions: map[uint64]*discover.Function{}, user: userAccesses(img)}
	if o.Hot != nil {
		found.Functions = slices.DeleteFunc(found.Functions, func(f *discover.Function) bool { return !isHot(f, o.Hot) })
	}
	if o.Only != nil {
		found.Functions = slices.DeleteFunc(found.Functions, func(f *discover.Function) bool { return !o.Only.MatchString(f.Name) })
	}
	for _, f := range found.Functions {
		t.link(f)
	}
	if err := tools.Verify(ctx, llvm.Probe(), llvm.CheckProbe); err != nil {
		return nil, fmt.Errorf("translate %s: %w", img.Name, err)
	}
	chunks := t.chunks(found.Functions)
	results := make([]chunkResult, len(chunks))
	if err := t.run(ctx, chunks, results); err != nil {
		return nil, fmt.Errorf("translate %s: %w", img.Name, err)
	}
	var objects [][]byte
	var units []artifact.UnitInfo
	for _, r := range results {
		objects = append(objects, r.objects...)
		for _, u := range r.units {
			u.Failed = r.failed[u.Symbol]
			units = append(units, u)
		}
	}
	a, err := artifact.Link(objects, units)
	if err != nil {
		return nil, fmt.Errorf("translate %s: %w", img.Name, err)
	}
	t.describe(a)
	switch {
	case !kernel && o.Hot != nil:
		a.SetVPages(t.pages(found.Functions))
	case !kernel:
		a.SetPages(t.pages(found.Functions))
	}
	return a, nil
}

// translation is one Translate under way.
type translation struct {
	img    *image.Image
	tools  *toolchain.LLVM
	o      Options
	kernel bool
	// relocatable: units may run at other addresses than the image's.
	relocatable bool
	links       map[uint64]llvm.UnitRef       // by guest PC: what can be called directly
	spans       map[uint64]span               // by start of a unit
	functions   map[uint64]*discover.Function // by start
	user        map[uint64]bool               // the kernel's instructions that access user memory
	total       int

	mu   sync.Mutex
	done int
}

// link enters the places where f can be called directly: its start, and the
// entry behind the load of $29 (the linker relaxes calls to it), which begin with
// a poll.
func (t *translation) link(f *discover.Function) {
	for i, pc := range [...]uint64{f.Start, f.Start + lift.CallEntryBytes} {
		if slices.Contains(f.Entries, pc) {
			t.links[pc] = llvm.UnitRef{Symbol: llvm.Symbol(f.Start), Start: f.Start, Index: i, Relocatable: t.relocatable}
		}
	}
	t.spans[f.Start], t.functions[f.Start] = spanOf(f), f
	t.total += insts(f)
}

func insts(f *discover.Function) (n int) {
	for i := range f.Blocks {
		n += int(f.Blocks[i].End-f.Blocks[i].Start) / 4
	}
	return n
}

// chunks groups functions, in order, by size.
func (t *translation) chunks(fs []*discover.Function) (chunks [][]*discover.Function) {
	size := 0
	for _, f := range fs {
		n := insts(f)
		if len(chunks) == 0 || size+n > chunkInsts && size > 0 {
			chunks = append(chunks, nil)
			size = 0
		}
		chunks[len(chunks)-1] = append(chunks[len(chunks)-1], f)
		size += n
	}
	return chunks
}

// chunkResult is what one chunk gives.
type chunkResult struct {
	objects [][]byte
	units   []artifact.UnitInfo
	failed  map[string]string // why units have no code, by symbol
}

func (t *translation) run(ctx context.Context, chunks [][]*discover.Function, results []chunkResult) error {
	jobs := t.o.Jobs
	if jobs <= 0 {
		jobs = runtime.NumCPU()
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(jobs)
	for i, c := range chunks {
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			r, err := t.chunk(ctx, c)
			results[i] = r
			return err
		})
	}
	return g.Wait()
}

// chunk translates the functions of one chunk. A function that fails in our
// stages, or makes llc fail, is left out; only a cancelled context, or a tool that cannot
// be run or was killed, is an error.
func (t *translation) chunk(ctx context.Context, fs []*discover.Function) (r chunkResult, err error) {
	r.failed = map[string]string{}
	var units []*ir.Func
	n := 0
	for _, f := range fs {
		info := artifact.UnitInfo{Symbol: llvm.Symbol(f.Start), Name: f.Name, PC: f.Start, Insts: insts(f),
			Lo: f.Blocks[0].Start, Hi: f.Blocks[len(f.Blocks)-1].End}
		n += info.Insts
		u, err := t.unit(f)
		if err != nil {
			r.failed[info.Symbol] = err.Error()
		} else {
			units = append(units, u)
			for _, e := range u.Entries {
				info.Entries = append(info.Entries, e.PC)
			}
			for _, pc := range u.Copied {
				g := t.functions[pc]
				info.Copied = append(info.Copied, abi.CodeSpan{Lo: g.Blocks[0].Start, Hi: g.Blocks[len(g.Blocks)-1].End})
			}
		}
		r.units = append(r.units, info)
	}
	if err := t.compile(ctx, units, &r); err != nil {
		return r, err
	}
	t.progress(n)
	return r, nil
}

// unit lifts one function and takes it through the passes. A panic in a stage is
// a bug, but one function is no reason to lose the others.
func (t *translation) unit(f *discover.Function) (u *ir.Func, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("BUG: %v", p)
		}
	}()
	u, err = t.lift(f)
	if err != nil {
		return nil, err
	}
	o := PassOptions(t.o.Hot != nil)
	o.Callee = t.callee
	o.Disable, o.Check = t.o.PassesOff(), t.o.Check
	o.User = func(pc uint64) bool { return t.user[pc] }
	if err := pass.Run(u, o); err != nil {
		return nil, err
	}
	for i, e := range u.Entries {
		if ref, ok := t.links[e.PC]; ok && ref.Symbol == llvm.Symbol(f.Start) && ref.Index != i {
			return nil, fmt.Errorf("BUG: entry %#x is number %d, linked as %d", e.PC, i, ref.Index)
		}
	}
	return u, nil
}

// lift lifts f.
func (t *translation) lift(f *discover.Function) (*ir.Func, error) {
	u, err := lift.Lift(f, t.img, lift.Options{Kernel: t.kernel, Model: t.o.Model, Relocatable: t.relocatable, Base: t.base(f), Hot: t.o.Hot != nil && !t.o.Disable[switchGP]})
	if err == nil {
		boundSwitches(u)
	}
	return u, err
}

// maxSwitchEdges bounds the edges of all switches of a unit. An interpreter that ends
// each operation by a switch of its own has tens of thousands, which LLVM's register
// coalescer takes more than ten minutes for (Linux, kernel/bpf, ___bpf_prog_run).
const maxSwitchEdges = 8192

// boundSwitches makes the switches of a unit with too many edges plain indirect jumps.
func boundSwitches(u *ir.Func) {
	edges := 0
	for _, b := range u.Blocks {
		edges += len(b.Term.Cases)
	}
	if edges <= maxSwitchEdges {
		return
	}
	for _, b := range u.Blocks {
		if b.Term.Kind == ir.TermSwitch {
			b.Term.Kind, b.Term.Cases = ir.TermGoto, nil
		}
	}
}

// base is the address that a relocatable unit's code is relative to: its page.
func (t *translation) base(f *discover.Function) uint64 {
	if !t.relocatable {
		return 0
	}
	return f.Start & abi.PageMask
}

// compile adds the object code of units to r. If llc refuses a module, its
// halves are tried, down to the unit that it cannot take.
func (t *translation) compile(ctx context.Context, units []*ir.Func, r *chunkResult) error {
	if len(units) == 0 {
		return nil
	}
	text, err := t.emit(units)
	if err == nil {
		var object []byte
		if object, err = t.tools.Compile(ctx, text); err == nil {
			r.objects = append(r.objects, object)
			return nil
		}
		if !errors.Is(err, toolchain.ErrRefused) {
			return err
		}
	}
	if len(units) > 1 {
		half := len(units) / 2
		if err := t.compile(ctx, units[:half], r); err != nil {
			return err
		}
		return t.compile(ctx, units[half:], r)
	}
	r.failed[llvm.Symbol(units[0].PC)] = err.Error()
	return nil
}

func (t *translation) emit(units []*ir.Func) (text string, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("BUG: %v", p)
		}
	}()
	return llvm.Emit(units, llvm.Options{Link: t.linkFrom, Hot: t.o.Hot != nil, Disable: t.o.Disable, LLVM: t.tools.Major(), AVX: t.tools.AVX(), User: func(pc uint64) bool { return t.user[pc] }})
}

func (t *translation) progress(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.done += n
	if t.o.Progress != nil {
		t.o.Progress(t.done, t.total)
	}
}

// describe fills in the manifest.
func (t *translation) describe(a *artifact.Artifact) {
	a.Key, a.Tools = Key(t.img, toolchain.Levels()[0], t.o), t.tools.Key()
	a.Kind, a.Source, a.SourceHash = artifact.KindPages, filepath.Base(t.img.Name), hex.EncodeToString(t.img.Hash[:])
	a.Functions, a.Bytes = len(a.Units), len(a.Text)
	for _, u := range a.Units {
		a.Insts += int(u.Insts)
	}
	if !t.kernel {
		return
	}
	a.Kind = artifact.KindKernel
	lo, hi := ^uint64(0), uint64(0)
	for _, s := range a.Spans {
		lo, hi = min(lo, s.Lo), max(hi, s.Hi)
	}
	if lo < hi {
		a.CodeStart, a.CodeEnd = lo&^abi.KSEGBase, hi&^abi.KSEGBase
	}
}

// pages returns the content of all pages that functions lie in.
func (t *translation) pages(fs []*discover.Function) (pages []artifact.Page) {
	var at []uint64
	for _, f := range fs {
		for va := f.Blocks[0].Start & abi.PageMask; va < f.Blocks[len(f.Blocks)-1].End; va += abi.PageSize {
			at = append(at, va)
		}
	}
	slices.Sort(at)
	for _, va := range slices.Compact(at) {
		if content, ok := t.img.Page(va); ok {
			pages = append(pages, artifact.Page{VAddr: va, Content: content})
		}
	}
	return pages
}
