package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"axpress/ir"
	"axpress/ir/pass"
	"axpress/lifter/discover"
	"axpress/lifter/image"
	"axpress/lifter/lift"
	"axpress/runtime/abi"
	"axpress/translator/llvm"
	"axpress/translator/pipeline"
)

func (a *app) ir() *cobra.Command {
	var t translation
	var v irView
	var file string
	var where programFile
	c := &cobra.Command{
		Use:   "ir FUNCTION --file FILE",
		Short: "Print the IR of a function, by name or 0xADDRESS",
		Long: "IR prints what the translator makes of a function: the IR after all passes, or with --lifted before them,\n" +
			"with --passes after each, with --llvm the LLVM IR.",
		Args: usageArgs(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			off, err := t.passes(a)
			if errors.Is(err, errHelped) {
				return nil
			}
			if err != nil {
				return err
			}
			if file == "" {
				return fail(statusUsage, "ir: in which file? Give --file vmlinux or a program")
			}
			v.off, v.check = off, t.check
			img, err := where.open(file)
			if err != nil {
				return err
			}
			r, err := findFunction(img, args[0])
			if err != nil {
				return err
			}
			return v.print(c.Context(), a.out, img, r)
		},
	}
	f := c.Flags()
	f.StringVar(&file, "file", "", "vmlinux, program, initramfs or folder that has the function (required)")
	where.flags(f)
	f.BoolVar(&v.lifted, "lifted", false, "the IR before the passes")
	f.BoolVar(&v.passes, "passes", false, "the IR before the first and after each pass")
	f.BoolVar(&v.llvm, "llvm", false, "the LLVM IR")
	f.StringArrayVarP(&t.debug, "debug", "d", nil, "PASS=off leaves a pass out; help lists the passes")
	f.BoolVar(&t.check, "check", false, "verify the IR after every pass")
	c.MarkFlagsMutuallyExclusive("lifted", "passes", "llvm")
	return c
}

// irView says how to show a function.
type irView struct {
	lifted, passes, llvm, check bool
	off                         map[string]bool
}

// print writes the units of the function at r.
func (v *irView) print(ctx context.Context, w io.Writer, img *image.Image, r codeRange) error {
	kernel := img.Kind == image.Kernel
	found, err := discover.Discover(img, discover.Options{PageLimited: !kernel})
	if err != nil {
		return fail(statusInput, "%s: %w", img.Name, err)
	}
	var units []*ir.Func
	for _, f := range unitsIn(found.Functions, r) {
		if err := ctx.Err(); err != nil {
			return err
		}
		u, err := v.unit(w, f, img, kernel)
		if err != nil {
			return fail(statusInternal, "BUG: %s: %w", f.Name, err)
		}
		units = append(units, u)
	}
	if len(units) == 0 {
		return fail(statusInput, "%s: no code was found at %#x; it would be interpreted", img.Name, r.start)
	}
	if !v.llvm {
		return nil
	}
	text, err := llvm.Emit(units, llvm.Options{Link: links(found.Functions, !kernel)})
	if err != nil {
		return fail(statusInternal, "BUG: %w", err)
	}
	_, err = io.WriteString(w, text)
	return err
}

// unitsIn are the units that begin in r, else the one that r begins in: without its
// symbols a file is divided otherwise.
func unitsIn(all []*discover.Function, r codeRange) (units []*discover.Function) {
	for _, f := range all {
		if f.Start >= r.start && f.Start < r.end {
			units = append(units, f)
		}
	}
	for i := 0; i < len(all) && len(units) == 0; i++ {
		if slices.ContainsFunc(all[i].Blocks, func(b discover.Block) bool { return b.Start <= r.start && r.start < b.End }) {
			units = append(units, all[i])
		}
	}
	return units
}

// unit lifts one unit, takes it through the passes, and writes it where wanted.
func (v *irView) unit(w io.Writer, f *discover.Function, img *image.Image, kernel bool) (*ir.Func, error) {
	o := lift.Options{Kernel: kernel, Relocatable: !kernel}
	if !kernel {
		o.Base = f.Start & abi.PageMask
	}
	u, err := lift.Lift(f, img, o)
	if err != nil {
		return nil, err
	}
	if v.lifted {
		return u, u.Print(w)
	}
	steps := pipeline.Options{Disable: v.off}
	p := pass.Options{Disable: steps.PassesOff(), Check: v.check, Pinned: abi.SnapshotRegs}
	if v.passes {
		p.Dump = w
	}
	if err := pass.Run(u, p); err != nil {
		return nil, err
	}
	if v.passes || v.llvm {
		return u, nil
	}
	if err := u.Print(w); err != nil {
		return nil, err
	}
	_, err = fmt.Fprintln(w)
	return u, err
}

// links tells the back end what can be called directly, as in a translation.
func links(fs []*discover.Function, relocatable bool) func(_, _ uint64) (llvm.UnitRef, bool) {
	starts := map[uint64]bool{}
	for _, f := range fs {
		starts[f.Start] = true
	}
	return func(_, pc uint64) (llvm.UnitRef, bool) {
		return llvm.UnitRef{Symbol: llvm.Symbol(pc), Relocatable: relocatable}, starts[pc]
	}
}
