// Package goprogram takes a kernel and programs through all stages of translation to Go
// source: translator/unit, then translator/gosrc. It is what translator/pipeline is for
// LLVM.
//
// In: images and options. Out: the packages of a Go module with the images' functions,
// the same bytes for the same input. Units that cannot be translated are left out and
// named; the runtime interprets them.
package goprogram

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"sync"

	"axpress/lifter/discover"
	"axpress/lifter/image"
	"axpress/lifter/isa"
	"axpress/runtime/abi"
	"axpress/translator/gosrc"
	"axpress/translator/unit"
)

// Options say how to translate. The zero value is the default.
type Options struct {
	Jobs    int             // workers; 0: one
	Hints   []uint64        // further entries, from earlier runs
	Disable map[string]bool // passes to leave out
	Check   bool            // verify the IR after every pass
	Only    *regexp.Regexp  // translate only functions whose name matches; nil: all
	// Ran, if not nil, returns addresses in an image: only functions that contain
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
	t.result.Packages, err = t.program.Packages(ctx, gosrc.Options{User: t.user})
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
	user    func(pc uint64) bool       // the kernel's instructions that access user memory
	pages   map[[sha256.Size]byte]bool // those of programs that have been added

	mu     sync.Mutex
	done   int
	result Result
}

// maxSwitchEdges is unit.Options.MaxSwitchEdges: each edge is code here, and an interpreter
// that ends each operation by a switch of its own has tens of thousands (Linux, kernel/bpf,
// ___bpf_prog_run).
const maxSwitchEdges = 2048

// source is an image being translated.
type source struct {
	*unit.Set
	img    *image.Image
	number int
}

// name is the name of the unit that begins at pc.
func (s *source) name(pc uint64) string {
	if s.Kernel {
		return gosrc.Name(pc)
	}
	return fmt.Sprintf("P%d_%x", s.number, pc)
}

// add adds the functions of img, which is number n, in chunks.
func (t *translation) add(img *image.Image, n int) (err error) {
	s := &source{img: img, number: n}
	o := unit.Options{Only: t.o.Only, Model: t.o.Model, Disable: t.o.Disable, Check: t.o.Check, MaxSwitchEdges: maxSwitchEdges}
	if img.Kind == image.Kernel {
		o.Hints = t.o.Hints
	} else {
		o.Keep = t.newPages(img)
	}
	if t.o.Ran != nil {
		o.At = append([]uint64{}, t.o.Ran(img)...)
	}
	if s.Set, err = unit.Find(img, o); err != nil {
		if n > 0 && errors.Is(err, discover.ErrNoCode) {
			return nil
		}
		return err
	}
	if s.Kernel {
		t.user = s.User
	}
	for _, c := range t.chunks(s) {
		for _, f := range c.functions {
			t.program.Names = append(t.program.Names, s.name(f.Start))
		}
		t.result.Functions, t.result.Instructions = t.result.Functions+len(c.functions), t.result.Instructions+c.insts
		t.program.Chunks = append(t.program.Chunks, gosrc.Chunk{Size: c.insts, Units: func() ([]gosrc.Unit, error) { return t.units(s, c), nil }})
	}
	return nil
}

// newPages is unit.Options.Keep for a program: functions in pages that are not known, or are
// equal to one before, of this image or another, are left out.
func (t *translation) newPages(img *image.Image) func(*unit.Function) bool {
	page, keep := ^uint64(0), false
	return func(f *unit.Function) bool {
		if f.Start&abi.PageMask != page {
			page = f.Start & abi.PageMask
			content, ok := img.Page(page)
			hash := sha256.Sum256(content[:])
			if keep = ok && !t.pages[hash]; keep {
				t.pages[hash] = true
			}
		}
		return keep
	}
}

// linked is gosrc.Unit.Link.
func (s *source) linked(pc uint64) (string, bool) {
	l, ok := s.Link(pc, pc)
	if !ok {
		return "", false
	}
	return s.name(l.Function.Start), true
}

// chunk is the functions of a file.
type chunk struct {
	functions []*unit.Function
	insts     int
	page      string // of a program: the hash of the page that all are in
}

// chunks groups functions, in order: those of a kernel by size, those of programs by page.
func (t *translation) chunks(s *source) (list []*chunk) {
	last := uint64(0)
	for _, f := range s.Functions {
		page := f.Start & abi.PageMask
		if s.Kernel {
			page = 0
		}
		if len(list) == 0 || page != last || s.Kernel && list[len(list)-1].insts+f.Insts > gosrc.FileInsts {
			list, last = append(list, &chunk{}), page
		}
		c := list[len(list)-1]
		c.functions, c.insts = append(c.functions, f), c.insts+f.Insts
	}
	for _, c := range list {
		if content, ok := s.img.Page(c.functions[0].Start); ok && !s.Kernel {
			hash := sha256.Sum256(content[:])
			c.page = hex.EncodeToString(hash[:])
		}
	}
	return list
}

// units makes the units of c. What fails is left out.
func (t *translation) units(s *source, c *chunk) (units []gosrc.Unit) {
	for _, f := range c.functions {
		u := gosrc.Unit{Name: s.name(f.Start), Page: c.page, Link: s.linked, Lo: f.Lo, Hi: f.Hi}
		var err error
		if u.F, err = s.Make(f); err != nil {
			t.leaveOut(u.Name, f.Name, err)
			continue
		}
		units = append(units, u)
	}
	t.progress(c.insts)
	return units
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
