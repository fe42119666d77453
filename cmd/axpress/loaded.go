package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"axpress/cmd/axpress/symbols"
	"axpress/lifter/image"
	"axpress/lifter/isa"
	"axpress/palstubs/console"
	"axpress/translator/prepare"
)

// loaded is a guest whose files are read.
type loaded struct {
	*guestOptions
	kernel *image.Image
	initrd []byte // nil: none
	// programs returns those of initrd. It looks for them when it is first called: the interpreter runs without.
	programs func() []*image.Image
}

// newLoaded is the guest of kernel and initrd.
func newLoaded(b *guestOptions, kernel *image.Image, initrd []byte) *loaded {
	return &loaded{guestOptions: b, kernel: kernel, initrd: initrd, programs: sync.OnceValue(func() []*image.Image { return b.readPrograms(initrd) })}
}

// images are the kernel and the programs.
func (g *loaded) images() []*image.Image { return append([]*image.Image{g.kernel}, g.programs()...) }

// names are the names of the kernel.
func (g *loaded) names() symbols.Names { return symbols.NewNames(g.kernel) }

// load reads the files, gives them the names that --symbols lends, and checks that they make a machine. Nothing is written.
func (b *guestOptions) load() (*loaded, error) {
	if b.kernelFile == "" {
		return nil, fail(statusUsage, "which kernel? Give --kernel vmlinux")
	}
	if err := b.check(); err != nil {
		return nil, err
	}
	kernel, err := image.Open(b.kernelFile)
	if err != nil {
		return nil, err
	}
	if kernel.Kind != image.Kernel {
		return nil, fail(statusInput, "%s: a user program (%s), no kernel; give a vmlinux", b.kernelFile, kernel.Kind)
	}
	end, usable := uint64(0), console.UsedMemory(b.memory, b.append)
	for i := range kernel.Segments {
		s := &kernel.Segments[i]
		if pa := physical(s.VAddr); s.MemSize > usable || pa > usable-s.MemSize {
			return nil, fail(statusInput, "%s: its segment of %#x bytes at physical %#x does not fit into the guest's %s; give more --memory, or another kernel", b.kernelFile, s.MemSize, pa, b.memoryText())
		}
		end = max(end, physical(s.End()))
	}
	if m := b.prepare.Pipeline.Model.Or(); !m.Has(isa.ExtBWX) {
		b.note(fmt.Sprintf("--cpu %s: a %s has no instructions for bytes and words, which kernels for this board are compiled with; such a kernel panics early in its boot. %s and later have them",
			m.Name, m.Chip, isa.ExtBWX.Since().Name))
	}
	initrd, err := b.readInitrd(kernel, usable-end)
	if err != nil {
		return nil, err
	}
	g := newLoaded(b, kernel, initrd)
	if len(b.lent) == 0 {
		return g, nil
	}
	images := g.images()
	if err := b.lent.lend(images); err != nil {
		return nil, err
	}
	return &loaded{guestOptions: b, kernel: images[0], initrd: initrd, programs: func() []*image.Image { return images[1:] }}, nil
}

// physical is the physical address of a KSEG address.
func physical(va uint64) uint64 { return va &^ uint64(image.KSEGBase) }

// readInitrd reads the initrd, for which the kernel leaves room bytes of memory.
func (b *guestOptions) readInitrd(kernel *image.Image, room uint64) ([]byte, error) {
	if b.initrdFile == "" {
		return kernel.Initrd, nil
	}
	st, err := os.Stat(b.initrdFile)
	if err != nil {
		return nil, err
	}
	// The machine puts it on a page boundary.
	if n := uint64(st.Size()); st.Mode().IsRegular() && n+image.PageSize > room {
		return nil, fail(statusInput, "%s: %d bytes, but the kernel leaves %d bytes of the guest's %s; give a smaller initrd or more --memory", b.initrdFile, n, room, b.memoryText())
	}
	return os.ReadFile(b.initrdFile)
}

// readPrograms finds the programs in the initrd.
func (b *guestOptions) readPrograms(initrd []byte) []*image.Image {
	if len(initrd) == 0 {
		return nil
	}
	programs, skipped, err := prepare.Initramfs(cmp.Or(b.initrdFile, b.kernelFile), initrd)
	if err != nil {
		// The kernel may know what to do with it all the same.
		b.note(fmt.Sprintf("%v; its programs will be interpreted", err))
	}
	for _, s := range skipped {
		b.note(s.Reason + "; it will be interpreted")
	}
	return programs
}

// translate makes sure that kernel and programs are translated, for the native engine.
func (g *loaded) translate(ctx context.Context) (*translated, error) {
	if g.engine != engineNative {
		return newTranslated(g, nil, nil, 0), nil
	}
	start := time.Now()
	if g.partly {
		results, left, err := prepare.ForRun(ctx, g.images(), g.prepare)
		if err != nil {
			return nil, err
		}
		return newTranslated(g, results, left, time.Since(start)), nil
	}
	results, err := prepare.Translate(ctx, g.images(), g.prepare)
	if err != nil {
		return nil, err
	}
	return newTranslated(g, results, nil, time.Since(start)), nil
}
