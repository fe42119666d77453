package profiles

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	pprof "github.com/google/pprof/profile"

	"axpress/cmd/axpress/sources"
	"axpress/cmd/axpress/symbols"
	"axpress/lifter/image"
	"axpress/runtime/sampler"
	"axpress/translator/profile"
)

// Run is what a run has sampled.
type Run struct {
	Samples []sampler.Samples // of each CPU
	Table   *symbols.Table
	Period  int64 // instructions between two samples
	// Note is told, for people, why a file's debug information is of no use; nil: nobody is.
	Note  func(line string)
	Began time.Time
	Took  time.Duration
}

// sample is one place with its instructions on all CPUs.
type sample struct {
	sampler.Place
	n uint64
}

// sorted returns the samples in a fixed order.
func (r *Run) sorted() []sample {
	sum := sampler.Samples{}
	for _, s := range r.Samples {
		for p, n := range s {
			sum[p] += n
		}
	}
	order := func(a, b sampler.Place) int {
		return cmp.Or(cmp.Compare(a.PC, b.PC), slices.Compare(a.Page[:], b.Page[:]))
	}
	var list []sample
	for _, p := range slices.SortedFunc(maps.Keys(sum), order) {
		list = append(list, sample{p, sum[p]})
	}
	return list
}

// place finds p in the files.
func (r *Run) place(p sampler.Place) (symbols.Place, bool) {
	if p.User {
		return r.Table.User(p.Page, uint64(p.PC))
	}
	return r.Table.Kernel(uint64(p.PC))
}

// Units returns the profile for the translator: instructions by unit.
func (r *Run) Units() *profile.Profile {
	p := &profile.Profile{}
	for _, s := range r.sorted() {
		at, ok := r.place(s.Place)
		if !ok {
			continue
		}
		if u, ok := at.Unit(); ok {
			p.Add(at.File.Image.Hash, at.File.Image.Name, u.Entry, u.Name, s.n)
		}
	}
	return p
}

// Names of functions that are in no file.
const (
	unknownKernel = "[kernel mode, outside the kernel's image]"
	unknownUser   = "[user mode, in no program of the initrd]"
)

// The label by which samples can be told apart: pprof -tagfocus=kernel.
const (
	labelMode  = "mode"
	modeKernel = "kernel"
	modeUser   = "user"
)

// PProf returns the profile for people. Its one kind of value is instructions; its
// addresses are those of the files.
func (r *Run) PProf() *pprof.Profile {
	instructions := func() *pprof.ValueType { return &pprof.ValueType{Type: "instructions", Unit: "count"} }
	b := builder{
		run: r,
		p: &pprof.Profile{
			SampleType: []*pprof.ValueType{instructions()}, PeriodType: instructions(), Period: r.Period,
			TimeNanos: r.Began.UnixNano(), DurationNanos: r.Took.Nanoseconds(),
		},
		mappings: map[*symbols.File]*pprof.Mapping{}, functions: map[function]*pprof.Function{}, locations: map[location]*pprof.Location{},
		lines: map[*symbols.File]*sources.Lines{},
	}
	b.mapping(r.Table.KernelFile()) // pprof takes the first one for the program
	for _, s := range r.sorted() {
		b.add(s)
	}
	return b.p
}

// builder makes a pprof profile, in which everything has a number.
type builder struct {
	run       *Run
	p         *pprof.Profile
	mappings  map[*symbols.File]*pprof.Mapping
	functions map[function]*pprof.Function
	locations map[location]*pprof.Location
	lines     map[*symbols.File]*sources.Lines // nil: the file has no debug information
}

// function is a function of a guest file, and where its source is.
type function struct {
	file   *symbols.File
	name   string
	source string // "": not known
	start  int    // line; 0: not known
}

type location struct {
	function function
	addr     uint64
}

func (b *builder) add(s sample) {
	where := location{addr: uint64(s.PC)}
	mode := modeKernel
	where.function.name = unknownKernel
	if s.User {
		mode, where.function.name = modeUser, unknownUser
	}
	if at, ok := b.run.place(s.Place); ok {
		where = location{function{file: at.File, name: at.Function()}, at.Addr}
	}
	b.p.Sample = append(b.p.Sample, &pprof.Sample{
		Location: []*pprof.Location{b.location(where)}, Value: []int64{int64(s.n)}, Label: map[string][]string{labelMode: {mode}},
	})
}

func (b *builder) location(where location) *pprof.Location {
	l := b.locations[where]
	if l == nil {
		l = &pprof.Location{ID: uint64(len(b.p.Location) + 1), Mapping: b.mapping(where.function.file), Address: where.addr, Line: b.source(where)}
		b.locations[where] = l
		b.p.Location = append(b.p.Location, l)
	}
	return l
}

// source returns the lines at where: the function that its symbol names, after those that
// were inlined there. Without debug information there is that function alone, and no line.
func (b *builder) source(where location) (lines []pprof.Line) {
	f := where.function
	frames := b.frames(f.file, where.addr)
	for i, frame := range frames {
		of := function{f.file, frame.Function, frame.File, frame.Start}
		if i == len(frames)-1 || of.name == "" {
			of.name = f.name
		}
		lines = append(lines, pprof.Line{Function: b.function(of), Line: int64(frame.Line)})
	}
	if len(lines) == 0 {
		lines = []pprof.Line{{Function: b.function(f)}}
	}
	return lines
}

// frames asks the debug information of f, which is read when it is first asked for.
func (b *builder) frames(f *symbols.File, addr uint64) []sources.Frame {
	if f == nil {
		return nil
	}
	lines, known := b.lines[f]
	if !known {
		d, err := f.Image.DWARF()
		if err == nil && d != nil {
			lines, err = sources.New(d)
		}
		b.complain(f, err)
		b.lines[f] = lines
	}
	if lines == nil {
		return nil
	}
	frames, err := lines.Frames(addr)
	if err != nil {
		b.complain(f, err)
		b.lines[f] = nil
	}
	return frames
}

func (b *builder) complain(f *symbols.File, err error) {
	if err != nil && b.run.Note != nil {
		b.run.Note(fmt.Sprintf("%s: no lines of source: %v", f.Image.Name, err))
	}
}

func (b *builder) function(f function) *pprof.Function {
	fn := b.functions[f]
	if fn == nil {
		fn = &pprof.Function{ID: uint64(len(b.p.Function) + 1), Name: f.name, SystemName: f.name, Filename: f.source, StartLine: int64(f.start)}
		b.functions[f] = fn
		b.p.Function = append(b.p.Function, fn)
	}
	return fn
}

// mapping describes a file. It claims to know all names, so that pprof does not go and
// look for them in a file of the host.
func (b *builder) mapping(f *symbols.File) *pprof.Mapping {
	if f == nil {
		return nil
	}
	m := b.mappings[f]
	if m == nil {
		m = &pprof.Mapping{ID: uint64(len(b.p.Mapping) + 1), File: f.Image.Name, HasFunctions: true, HasFilenames: true, HasLineNumbers: true, HasInlineFrames: true}
		m.Start, m.Limit, m.Offset = extent(f.Image)
		b.mappings[f] = m
		b.p.Mapping = append(b.p.Mapping, m)
	}
	return m
}

// extent returns the addresses of the executable segments, and where in the file they
// begin.
func extent(img *image.Image) (start, limit, offset uint64) {
	start = ^uint64(0)
	for i := range img.Segments {
		s := &img.Segments[i]
		if s.Perm&image.X == 0 {
			continue
		}
		if s.VAddr < start {
			start, offset = s.VAddr, s.Offset
		}
		limit = max(limit, s.End())
	}
	return start, limit, offset
}
