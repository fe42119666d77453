// Package goprogram takes a kernel and programs through all stages of translation to Go
// source: discover, lift, passes, translator/gosrc. It is what translator/pipeline is for
// LLVM.
//
// In: images and options. Out: the packages of a Go module with the images' functions,
// the same bytes for the same input. Units that cannot be translated are left out and
// named; the runtime interprets them.
package goprogram

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
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
	"axpress/runtime/abi"
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
	// Ran, if not nil, returns addresses in an image, sorted: only functions that contain
	// one are translated.
	Ran   func(*image.Image) []uint64
	Model *isa.Model // the CPU to run on; nil: isa.DefaultModel
	// Progress, if not nil, is called as units are done, by one goroutine at a time:
	// instructions done and in total.
	Progress func(done, total int)
}

// Result is what was translated.
type Result struct {
	Packages     []gosrc.Package
	Functions    int
	Instructions int
	Missing      []string // units that could not be translated, and why
}

// prefix is that of the names of packages.
const prefix = "guest"

// ErrKind says that the first image is no kernel.
var ErrKind = errors.New("no kernel")

// Translate translates images, a kernel and programs, into packages of a module. Where
// pages of programs are equal the first one's functions are taken.
func Translate(ctx context.Context, images []*image.Image, module string, o Options) (*Result, error) {
	if len(images) == 0 || images[0].Kind != image.Kernel {
		return nil, fmt.Errorf("%s: %w", images[0].Name, ErrKind)
	}
	t := &translation{o: o, pages: map[[sha256.Size]byte]bool{}}
	t.program = gosrc.Program{Module: module, Prefix: prefix, Jobs: o.Jobs, Failed: func(u *gosrc.Unit, err error) { t.leaveOut(u.Name, u.F.Name, err) }}
	for i, img := range images {
		if err := t.add(img, i); err != nil {
			return nil, fmt.Errorf("translate %s: %w", img.Name, err)
		}
	}
	var err error
	t.result.Packages, err = t.program.Packages(ctx, gosrc.Options{User: func(pc uint64) bool { return t.user[pc] }})
	slices.Sort(t.result.Missing)
	if err != nil {
		return nil, fmt.Errorf("translate %s: %w", images[0].Name, err)
	}
	return &t.result, nil
}

// translation is one Translate under way.
type translation struct {
	o       Options
	program gosrc.Program
	user    map[uint64]bool            // the kernel's instructions that access user memory
	pages   map[[sha256.Size]byte]bool // those of programs that have been added

	mu     sync.Mutex
	done   int
	result Result
}

// source is an image being translated.
type source struct {
	img    *image.Image
	number int
	ran    []uint64
	all    bool              // ran does not matter
	links  map[uint64]string // by guest PC: what can be called directly
}

// kernel says whether the image is the kernel, which is at a fixed address.
func (s *source) kernel() bool { return s.img.Kind == image.Kernel }

// name is the name of the unit that begins at pc.
func (s *source) name(pc uint64) string {
	if s.kernel() {
		return gosrc.Name(pc)
	}
	return fmt.Sprintf("P%d_%x", s.number, pc)
}

// add adds the functions of img, which is number n, in chunks.
func (t *translation) add(img *image.Image, n int) error {
	s := &source{img: img, number: n, all: t.o.Ran == nil, links: map[uint64]string{}}
	o := discover.Options{PageLimited: !s.kernel()}
	if s.kernel() {
		o.Hints, t.user = t.o.Hints, userAccesses(img)
	}
	if !s.all {
		s.ran = t.o.Ran(img)
	}
	found, err := discover.Discover(img, o)
	if err != nil {
		if n > 0 && errors.Is(err, discover.ErrNoCode) {
			return nil
		}
		return err
	}
	var fs []*discover.Function
	for _, f := range found.Functions {
		if t.o.Only != nil && !t.o.Only.MatchString(f.Name) || !s.wants(f) {
			continue
		}
		fs = append(fs, f)
	}
	for _, c := range t.chunks(s, fs) {
		for _, f := range c.functions {
			t.program.Names = append(t.program.Names, s.name(f.Start))
			s.link(f)
		}
		t.result.Functions, t.result.Instructions = t.result.Functions+len(c.functions), t.result.Instructions+c.insts
		t.program.Chunks = append(t.program.Chunks, gosrc.Chunk{Size: c.insts, Units: func() ([]gosrc.Unit, error) { return t.units(s, c), nil }})
	}
	return nil
}

// wants says whether f ran.
func (s *source) wants(f *discover.Function) bool {
	return s.all || slices.ContainsFunc(f.Blocks, func(b discover.Block) bool {
		i, _ := slices.BinarySearch(s.ran, b.Start)
		return i < len(s.ran) && s.ran[i] < b.End
	})
}

// link notes the places where f can be called directly: its start, and the entry behind
// the load of $29, which begin with a poll.
func (s *source) link(f *discover.Function) {
	for _, pc := range [...]uint64{f.Start, f.Start + lift.CallEntryBytes} {
		if slices.Contains(f.Entries, pc) {
			s.links[pc] = s.name(f.Start)
		}
	}
}

// linked is gosrc.Unit.Link.
func (s *source) linked(pc uint64) (string, bool) {
	n, ok := s.links[pc]
	return n, ok
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
	page      string // of a program: the hash of the page that all are in
}

// chunks groups functions, in order: those of a kernel by size, those of programs by
// page. Pages that are not known, or were added before, are left out.
func (t *translation) chunks(s *source, fs []*discover.Function) (list []*chunk) {
	last := uint64(0)
	for _, f := range fs {
		n, page := insts(f), f.Start&abi.PageMask
		if s.kernel() {
			page = 0
		}
		if len(list) == 0 || page != last || s.kernel() && list[len(list)-1].insts+n > gosrc.FileInsts {
			list, last = append(list, &chunk{}), page
		}
		c := list[len(list)-1]
		c.functions, c.insts = append(c.functions, f), c.insts+n
	}
	if s.kernel() {
		return list
	}
	return slices.DeleteFunc(list, func(c *chunk) bool {
		content, ok := s.img.Page(c.functions[0].Start)
		hash := sha256.Sum256(content[:])
		if !ok || t.pages[hash] {
			return true
		}
		t.pages[hash], c.page = true, hex.EncodeToString(hash[:])
		return false
	})
}

// units makes the units of c. What fails is left out.
func (t *translation) units(s *source, c *chunk) (units []gosrc.Unit) {
	for _, f := range c.functions {
		u := gosrc.Unit{Name: s.name(f.Start), Page: c.page, Link: s.linked, Lo: f.Blocks[0].Start, Hi: f.Blocks[len(f.Blocks)-1].End}
		var err error
		if u.F, err = t.lift(s, f); err != nil {
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
func (t *translation) lift(s *source, f *discover.Function) (u *ir.Func, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("BUG: %v", p)
		}
	}()
	o := lift.Options{Kernel: s.kernel(), Model: t.o.Model}
	if !o.Kernel {
		o.Relocatable, o.Base = true, f.Start&abi.PageMask
	}
	if u, err = lift.Lift(f, s.img, o); err != nil {
		return nil, err
	}
	boundSwitches(u)
	passes := pipeline.PassOptions(false)
	passes.Disable, passes.Check = (&pipeline.Options{Disable: t.o.Disable}).PassesOff(), t.o.Check
	return u, pass.Run(u, passes)
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
		t.o.Progress(t.done, t.result.Instructions)
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
