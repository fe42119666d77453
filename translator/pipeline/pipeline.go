package pipeline

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"axpress/ir"
	"axpress/lifter/image"
	"axpress/lifter/isa"
	"axpress/runtime/abi"
	"axpress/translator/artifact"
	"axpress/translator/llvm"
	"axpress/translator/toolchain"
	"axpress/translator/unit"
)

// Options say how to translate. The zero value is the default.
type Options struct {
	Jobs    int             // workers; 0: one for each CPU
	Hints   []uint64        // further entries, from earlier runs
	Disable map[string]bool // passes and lowerings to leave out, see Steps
	Check   bool            // verify the IR after every pass
	Only    *regexp.Regexp  // translate only functions whose name matches; nil: all
	Model   *isa.Model      // the CPU to run on; nil: isa.DefaultModel
	// Hot, if not nil, asks for the full setting, and for nothing but the functions
	// that contain one of these guest addresses. The result is used beside that of
	// the cheap setting. Not for images that may lie at any address.
	Hot  []uint64
	Dump io.Writer // if not nil, gets the IR before the first and after each pass; for one worker
	// Progress, if not nil, is called as units are done, by one goroutine at a
	// time: instructions done and in total.
	Progress func(done, total int)
}

// chunkInsts is how many guest instructions go into one LLVM module: enough to
// pay for starting llc, few enough to balance the workers.
const chunkInsts = 4000

// maxSwitchEdges is unit.Options.MaxSwitchEdges: an interpreter that ends each operation by a
// switch of its own has tens of thousands of edges, which LLVM's register coalescer takes
// more than ten minutes for (Linux, kernel/bpf, ___bpf_prog_run).
const maxSwitchEdges = 8192

// Find returns the functions that Translate would translate, and what it takes them for.
func Find(img *image.Image, o Options) (*unit.Set, error) {
	s, err := unit.Find(img, o.unit())
	if err != nil {
		return nil, fmt.Errorf("translate %s: %w", img.Name, err)
	}
	return s, nil
}

// Parse returns the functions in the text of IR (see unit.Parse), to be translated as those
// of an image would be.
func Parse(text string, o Options) (*unit.Set, error) { return unit.Parse(text, o.unit()) }

// unit returns the part of o that the front half of the translator is about.
func (o *Options) unit() unit.Options {
	return unit.Options{Hints: o.Hints, Full: o.Hot != nil, At: o.Hot, Only: o.Only, Model: o.Model, Disable: o.Disable, Check: o.Check, Dump: o.Dump,
		MaxSwitchEdges: maxSwitchEdges}
}

// Translate translates img.
func Translate(ctx context.Context, img *image.Image, tools *toolchain.LLVM, o Options) (*artifact.Artifact, error) {
	set, err := Find(img, o)
	if err != nil {
		return nil, err
	}
	t := &translation{img: img, tools: tools, o: o, set: set}
	for _, f := range set.Functions {
		t.total += f.Insts
	}
	if err := tools.Verify(ctx, llvm.Probe(), llvm.CheckProbe); err != nil {
		return nil, fmt.Errorf("translate %s: %w", img.Name, err)
	}
	chunks := t.chunks(set.Functions)
	results := make([]chunkResult, len(chunks))
	if err := t.run(ctx, chunks, results); err != nil {
		return nil, fmt.Errorf("translate %s: %w", img.Name, err)
	}
	var objects [][]byte
	var units []artifact.UnitInfo
	calls := map[uint64][]uint64{}
	for _, r := range results {
		objects = append(objects, r.objects...)
		for _, u := range r.units {
			u.Failed = r.failed[u.Symbol]
			units = append(units, u)
		}
		maps.Copy(calls, r.calls)
	}
	spread(units, calls)
	a, err := artifact.Link(objects, units)
	if err != nil {
		return nil, fmt.Errorf("translate %s: %w", img.Name, err)
	}
	t.describe(a)
	switch {
	case !set.Kernel && o.Hot != nil:
		a.SetVPages(t.pages())
	case !set.Kernel:
		a.SetPages(t.pages())
	}
	return a, nil
}

// translation is one Translate under way.
type translation struct {
	img   *image.Image
	tools *toolchain.LLVM
	o     Options
	set   *unit.Set
	total int

	mu   sync.Mutex
	done int
}

// chunks groups functions, in order, by size.
func (t *translation) chunks(fs []*unit.Function) (chunks [][]*unit.Function) {
	size := 0
	for _, f := range fs {
		n := f.Insts
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
	failed  map[string]string   // why units have no code, by symbol
	calls   map[uint64][]uint64 // of hot code of programs: directCalls by the unit's address
}

func (t *translation) run(ctx context.Context, chunks [][]*unit.Function, results []chunkResult) error {
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
func (t *translation) chunk(ctx context.Context, fs []*unit.Function) (r chunkResult, err error) {
	r.failed, r.calls = map[string]string{}, map[uint64][]uint64{}
	var units []*ir.Func
	n := 0
	for _, f := range fs {
		info := artifact.UnitInfo{Symbol: llvm.Symbol(f.Start), Name: f.Name, PC: f.Start, Insts: f.Insts, Lo: f.Lo, Hi: f.Hi}
		n += info.Insts
		u, err := t.set.Make(f)
		if err != nil {
			r.failed[info.Symbol] = err.Error()
		} else {
			units = append(units, u)
			if !t.set.Kernel && !t.set.Relocatable {
				r.calls[u.PC] = directCalls(t.set, u)
			}
			for _, e := range u.Entries {
				info.Entries = append(info.Entries, e.PC)
			}
			for _, pc := range u.Copied {
				g := t.set.Function(pc)
				info.Copied = append(info.Copied, abi.CodeSpan{Lo: g.Lo, Hi: g.Hi})
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

// compile adds the object code of units to r. If llc refuses a module, its
// halves are tried, down to the unit that it cannot take.
func (t *translation) compile(ctx context.Context, units []*ir.Func, r *chunkResult) error {
	if len(units) == 0 {
		return nil
	}
	text, err := Emit(t.set, units, t.o, Target{t.tools.Major(), t.tools.AVX()})
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

// Target is what the text of a module depends on besides the guest's code.
type Target struct {
	LLVM int  // the major version of the LLVM that reads it
	AVX  bool // hosts have AVX
}

// Emit returns the text for llc of a module with units, which Make of set made; set is Find's
// for o. A panic becomes an error, as in the front half.
func Emit(set *unit.Set, units []*ir.Func, o Options, target Target) (text string, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("BUG: %v", p)
		}
	}()
	link := func(from, pc uint64) (llvm.UnitRef, bool) {
		l, ok := set.Link(from, pc)
		if !ok {
			return llvm.UnitRef{}, false
		}
		return llvm.UnitRef{Symbol: llvm.Symbol(l.Function.Start), Start: l.Function.Start, Index: l.Index, Relocatable: set.Relocatable}, true
	}
	return llvm.Emit(units, llvm.Options{Link: link, Hot: o.Hot != nil, Disable: o.Disable, LLVM: target.LLVM, AVX: target.AVX, User: set.User})
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
	if !t.set.Kernel {
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
func (t *translation) pages() (pages []artifact.Page) {
	var at []uint64
	for _, f := range t.set.Functions {
		for va := f.Lo & abi.PageMask; va < f.Hi; va += abi.PageSize {
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
