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

	"axpress/cmd/axpress/prepare"
	"axpress/lifter/image"
	"axpress/translator/gobuild"
	"axpress/translator/goprogram"
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
	var initrd []byte
	if g.initrd != "" {
		if initrd, err = os.ReadFile(g.initrd); err != nil {
			return err
		}
	}
	r, err := emitGo(ctx, m, g.dir, img, initrd, o)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s: %d functions, %d instructions, %d units left to the interpreter; written to %s in %.1f s\n",
		img.Name, r.Functions, r.Instructions, len(r.Missing), g.dir, time.Since(start).Seconds())
	return nil
}

// emitGo writes the module for img into dir.
func emitGo(ctx context.Context, m *gobuild.Module, dir string, img *image.Image, initrd []byte, o prepare.Options) (*goprogram.Result, error) {
	jobs := o.Pipeline.Jobs
	if jobs == 0 {
		jobs = runtime.NumCPU()
	}
	p := o.Pipeline
	options := goprogram.Options{Jobs: jobs, Hints: p.Hints, Disable: p.Disable, Check: p.Check, Only: p.Only, Model: p.Model, Progress: o.Report.Progress}
	if o.Profile != nil {
		options.Ran = []uint64{}
		if ran := o.Profile.Image(img.Hash); ran != nil {
			options.Ran = slices.Sorted(maps.Keys(ran.Units))
		}
		if len(options.Ran) == 0 {
			o.Report.Note("the profile has nothing about " + img.Name + ": all of it will be interpreted")
		}
	}
	o.Report.Begin([]string{img.Name})
	r, err := goprogram.Translate(ctx, img, goModule, options)
	o.Report.End()
	if errors.Is(err, goprogram.ErrKind) {
		return nil, fail(statusInput, "%w", err)
	} else if err != nil {
		return nil, err
	}
	main, err := goprogram.Main(img, initrd, p.Model)
	if err != nil {
		return nil, err
	}
	return r, m.Write(dir, goModule, append(r.Packages, main))
}
