// Package goprogram takes an image through all stages of translation to Go source:
// discover, lift, passes, translator/gosrc. It is what translator/pipeline is for LLVM.
//
// In: an image and options. Out: the packages of a Go module with the image's functions,
// the same bytes for the same input. Units that cannot be translated are left out and
// named; the runtime interprets them.
package goprogram

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"sync"

	"axpress/ir"
	"axpress/ir/pass"
	"axpress/lifter/discover"
	"axpress/lifter/image"
	"axpress/lifter/isa"
	"axpress/lifter/lift"
	"axpress/translator/gosrc"
	"axpress/translator/pipeline"
)

// Options say how to translate. The zero value is the default.
type Options struct {
	Jobs    int             // workers; 0: one
	Hints   []uint64        // further entries, from earlier runs
	Disable map[string]bool // passes to leave out
	Check   bool            // verify the IR after every pass
	Only    *regexp.Regexp  // translate only functions whose name matches; nil: all
	// Ran, if not nil, are addresses, sorted: only functions that contain one are
	// translated.
	Ran   []uint64
	Model *isa.Model // the CPU to run on; nil: isa.DefaultModel
	// Progress, if not nil, is called as units are done, by one goroutine at a time:
	// instructions done and in total.
	Progress func(done, total int)
}

// Result is a translated image.
type Result struct {
	Packages     []gosrc.Package
	Functions    int
	Instructions int
	Missing      []string // units that could not be translated, and why
}

// Prefix is that of the names of a kernel's packages.
const Prefix = "kernel"

// ErrKind says that an image is no kernel.
var ErrKind = errors.New("only kernels are translated to Go as yet")

// Translate translates the kernel img into packages of a module.
func Translate(ctx context.Context, img *image.Image, module string, o Options) (*Result, error) {
	if img.Kind != image.Kernel {
		return nil, fmt.Errorf("%s: %w", img.Name, ErrKind)
	}
	found, err := discover.Discover(img, discover.Options{Hints: o.Hints})
	if err != nil {
		return nil, fmt.Errorf("translate %s: %w", img.Name, err)
	}
	t := &translation{img: img, o: o, links: map[uint64]string{}, user: userAccesses(img)}
	fs := slices.DeleteFunc(found.Functions, func(f *discover.Function) bool { return !t.wanted(f) })
	p := gosrc.Program{Module: module, Prefix: Prefix, Jobs: o.Jobs, Failed: func(u *gosrc.Unit, err error) { t.leaveOut(u.Name, u.F.Name, err) }}
	for _, f := range fs {
		p.Names = append(p.Names, gosrc.Name(f.Start))
		t.link(f)
	}
	t.result.Functions, t.result.Instructions = len(fs), t.total
	for _, c := range chunks(fs) {
		p.Chunks = append(p.Chunks, gosrc.Chunk{Size: c.insts, Units: func() ([]gosrc.Unit, error) { return t.units(c), nil }})
	}
	t.result.Packages, err = p.Packages(ctx, gosrc.Options{
		Link: func(_ *ir.Func, pc uint64) (string, bool) { n, ok := t.links[pc]; return n, ok },
		User: func(pc uint64) bool { return t.user[pc] },
	})
	slices.Sort(t.result.Missing)
	if err != nil {
		return nil, fmt.Errorf("translate %s: %w", img.Name, err)
	}
	return &t.result, nil
}

// translation is one Translate under way.
type translation struct {
	img   *image.Image
	o     Options
	links map[uint64]string // by guest PC: what can be called directly
	user  map[uint64]bool   // instructions that access user memory
	total int               // instructions

	mu     sync.Mutex
	done   int
	result Result
}

// wanted says whether the options ask for f.
func (t *translation) wanted(f *discover.Function) bool {
	if t.o.Only != nil && !t.o.Only.MatchString(f.Name) {
		return false
	}
	return t.o.Ran == nil || slices.ContainsFunc(f.Blocks, func(b discover.Block) bool {
		i, _ := slices.BinarySearch(t.o.Ran, b.Start)
		return i < len(t.o.Ran) && t.o.Ran[i] < b.End
	})
}

// link notes the places where f can be called directly: its start, and the entry behind
// the load of $29, which begin with a poll.
func (t *translation) link(f *discover.Function) {
	for _, pc := range [...]uint64{f.Start, f.Start + lift.CallEntryBytes} {
		if slices.Contains(f.Entries, pc) {
			t.links[pc] = gosrc.Name(f.Start)
		}
	}
	t.total += insts(f)
}

func insts(f *discover.Function) (n int) {
	for i := range f.Blocks {
		n += int(f.Blocks[i].End-f.Blocks[i].Start) / 4
	}
	return n
}

// chunk is the functions of a file.
type chunk struct {
	functions []*discover.Function
	insts     int
}

// chunks groups functions, in order, by size.
func chunks(fs []*discover.Function) (list []*chunk) {
	for _, f := range fs {
		n := insts(f)
		if len(list) == 0 || list[len(list)-1].insts+n > gosrc.FileInsts {
			list = append(list, &chunk{})
		}
		c := list[len(list)-1]
		c.functions, c.insts = append(c.functions, f), c.insts+n
	}
	return list
}

// units makes the units of c. What fails is left out.
func (t *translation) units(c *chunk) (units []gosrc.Unit) {
	for _, f := range c.functions {
		u := gosrc.Unit{Name: gosrc.Name(f.Start), Lo: f.Blocks[0].Start, Hi: f.Blocks[len(f.Blocks)-1].End}
		var err error
		if u.F, err = t.lift(f); err != nil {
			t.leaveOut(u.Name, f.Name, err)
			continue
		}
		units = append(units, u)
	}
	t.progress(c.insts)
	return units
}

// lift lifts f and takes it through the passes. A panic in a stage is a bug, but one
// function is no reason to lose the others.
func (t *translation) lift(f *discover.Function) (u *ir.Func, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("BUG: %v", p)
		}
	}()
	if u, err = lift.Lift(f, t.img, lift.Options{Kernel: true, Model: t.o.Model}); err != nil {
		return nil, err
	}
	boundSwitches(u)
	o := pipeline.PassOptions(false)
	o.Disable, o.Check = (&pipeline.Options{Disable: t.o.Disable}).PassesOff(), t.o.Check
	return u, pass.Run(u, o)
}

func (t *translation) leaveOut(name, function string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.result.Missing = append(t.result.Missing, fmt.Sprintf("%s (%s): %v", name, function, err))
}

func (t *translation) progress(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.done += n
	if t.o.Progress != nil {
		t.o.Progress(t.done, t.total)
	}
}

// maxSwitchEdges bounds the edges of all switches of a unit. There are interpreters that
// end each operation by a switch of its own (Linux, kernel/bpf, ___bpf_prog_run): tens
// of thousands of edges, each of which is code here.
const maxSwitchEdges = 2048

// boundSwitches makes the switches of a unit with too many edges plain indirect jumps.
func boundSwitches(u *ir.Func) {
	edges := 0
	for _, b := range u.Blocks {
		edges += len(b.Term.Cases)
	}
	for _, b := range u.Blocks {
		if edges > maxSwitchEdges && b.Term.Kind == ir.TermSwitch {
			b.Term.Kind, b.Term.Cases = ir.TermGoto, nil
		}
	}
}

// userAccesses are the instructions in the kernel's exception table, which are those that
// may access user memory (Linux, arch/alpha/include/asm/extable.h: pairs of a 32-bit
// distance to the instruction and a fix-up).
func userAccesses(img *image.Image) map[uint64]bool {
	user := map[uint64]bool{}
	for i := range img.Sections {
		s := &img.Sections[i]
		if s.Name != "__ex_table" {
			continue
		}
		table, _ := img.Bytes(s.Addr, int(s.Size))
		for at := 0; at+8 <= len(table); at += 8 {
			distance := int32(binary.LittleEndian.Uint32(table[at:]))
			user[s.Addr+uint64(at)+uint64(int64(distance))] = true
		}
	}
	return user
}
