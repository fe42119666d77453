package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/spf13/pflag"

	"axpress/lifter/image"
	"axpress/translator/gobuild"
	"axpress/translator/goprogram"
	"axpress/translator/prepare"
)

// The back ends.
const (
	backendLLVM = "llvm"
	backendGo   = "go"
)

// goModule is the module, and so the executable, that the Go back end makes.
const goModule = "linux-alpha"

// goBackend are the options of the Go back end.
type goBackend struct {
	backend string
	dir     string // of the emitted module
	initrd  string
	module  string // this module's source
}

func (g *goBackend) flags(f *pflag.FlagSet) {
	f.StringVar(&g.backend, "backend", backendLLVM, "llvm: native code, for the cache; go: a Go program that holds the kernel, as source in the folder --output")
	f.StringVarP(&g.dir, "output", "o", "", "go: the folder to write; 'go build' there makes "+goModule)
	f.StringVar(&g.initrd, "initrd", "", "go: an initramfs that the program is to hold")
	g.moduleFlag(f)
}

func (g *goBackend) moduleFlag(f *pflag.FlagSet) {
	f.StringVar(&g.module, "module", "", "go: the folder with the source of axpress, which the program is built with (default: the module of the current folder)")
}

// check refuses options that do not go together.
func (g *goBackend) check(files []string) error {
	if err := oneOf("backend", g.backend, []string{backendLLVM, backendGo}); err != nil {
		return err
	}
	switch {
	case g.backend == backendLLVM && (g.dir != "" || g.initrd != "" || g.module != ""):
		return fail(statusUsage, "--output, --initrd and --module are for --backend go")
	case g.backend == backendGo && len(files) != 1:
		return fail(statusUsage, "translate --backend go: give one kernel")
	case g.backend == backendGo && g.dir == "":
		return fail(statusUsage, "translate --backend go: into which folder? Give -o DIR")
	}
	return nil
}

// translate writes the module for the kernel in file.
func (g *goBackend) translate(ctx context.Context, file string, o prepare.Options, out io.Writer) error {
	start := time.Now()
	m, err := gobuild.Find(ctx, g.module)
	if err != nil {
		return fail(statusInput, "%w", err)
	}
	img, err := image.Open(file)
	if err != nil {
		return err
	}
	initrd := img.Initrd
	if g.initrd != "" {
		if initrd, err = os.ReadFile(g.initrd); err != nil {
			return err
		}
	}
	guest := newLoaded(&guestOptions{kernelFile: file, initrdFile: g.initrd, prepare: o}, img, initrd)
	r, err := guest.emitGo(ctx, m, g.dir, true)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s: %d functions, %d instructions, %d units left to the interpreter; written to %s in %.1f s\n",
		img.Name, r.Functions, r.Instructions, len(r.Missing), g.dir, time.Since(start).Seconds())
	return nil
}

// emitGo writes the module for the kernel and the programs into dir; embed says whether
// the program holds the initramfs.
func (g *loaded) emitGo(ctx context.Context, m *gobuild.Module, dir string, embed bool) (*goprogram.Result, error) {
	p := g.prepare.Pipeline
	if p.Jobs == 0 {
		p.Jobs = runtime.NumCPU()
	}
	options := goprogram.Options{Jobs: p.Jobs, Hints: p.Hints, Disable: p.Disable, Check: p.Check, Only: p.Only, Model: p.Model, Progress: g.prepare.Report.Progress}
	if g.prepare.Profile != nil {
		options.Ran = g.ran
	}
	images := g.images()
	g.prepare.Report.Begin([]string{g.kernel.Name})
	r, err := goprogram.Translate(ctx, images, goModule, options)
	g.prepare.Report.End()
	if errors.Is(err, goprogram.ErrKind) {
		return nil, fail(statusInput, "%w: give a vmlinux", err)
	} else if err != nil {
		return nil, err
	}
	var initrd []byte
	if embed {
		initrd = g.initrd
	}
	main, err := goprogram.Main(g.kernel, initrd, p.Model, variables(g.kernel))
	if err != nil {
		return nil, err
	}
	return r, m.Write(dir, goModule, append(r.Packages, main))
}

// ran is what the profile says of img, by the addresses of units.
func (g *loaded) ran(img *image.Image) []uint64 {
	known := g.prepare.Profile.Image(img.Hash)
	if known == nil {
		if img == g.kernel {
			g.note("the profile has nothing about " + img.Name + ": all of it will be interpreted")
		}
		return nil
	}
	return slices.Sorted(maps.Keys(known.Units))
}
