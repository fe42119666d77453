package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"axpress/ir"
	"axpress/ir/pass"
	"axpress/lifter/image"
	"axpress/translator/pipeline"
	"axpress/translator/prepare"
	"axpress/translator/toolchain"
	"axpress/translator/unit"
)

func (a *app) ir() *cobra.Command {
	v := &irView{app: a}
	c := &cobra.Command{
		Use:   "ir FUNCTION --file FILE | FILE.ir",
		Short: "Print the IR of a function, by name or 0xADDRESS, or of a file of IR, or run the latter",
		Long: "IR prints what the translator makes of a function: the IR after all passes, or with --lifted before them,\n" +
			"with --passes after each, with --llvm the text that goes to llc. With --hot it is what is made of hot code:\n" +
			"--profile says what else is hot, else what the function calls is taken to be, and copied if it is small.\n\n" +
			"A file whose name ends in .ir holds functions in the printed form, which take the place of what the lifter makes;\n" +
			"those in the promoted form have been through the passes. --run executes them, from the start of the first one, or\n" +
			"from pc, until none of them goes on, and prints what that changed. --set says what there is before:\n" +
			"r16=5, f1=1.5, a quadword of memory 0x1000=7, a field of the CPU's state FEN=1, pc=0x2000. All else is zero, and\n" +
			"there is no other memory.",
		Args: usageArgs(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			off, err := v.t.passes(a)
			if errors.Is(err, errHelped) {
				return nil
			}
			if err != nil {
				return err
			}
			if err := v.check(c, args[0]); err != nil {
				return err
			}
			v.o = pipeline.Options{Disable: off, Check: v.t.check}
			if v.passes {
				v.o.Dump = a.out
			}
			if v.o.Model, err = v.t.cpu(); err != nil {
				return err
			}
			if isIR(args[0]) {
				return v.text(c.Context(), args[0])
			}
			return v.function(c.Context(), args[0])
		},
	}
	f := c.Flags()
	f.StringVar(&v.file, "file", "", "vmlinux, program, initramfs or folder that has the function")
	v.where.flags(f)
	f.BoolVar(&v.lifted, "lifted", false, "the IR before the passes")
	f.BoolVar(&v.passes, "passes", false, "the IR before the first and after each pass")
	f.BoolVar(&v.llvm, "llvm", false, "the LLVM IR, as llc gets it")
	f.BoolVar(&v.hot, "hot", false, "at the full setting, as for code that is hot")
	f.StringVar(&v.t.profile, "profile", "", "with --hot: the --profile-out file of an earlier run, which says what is hot")
	f.BoolVar(&v.run, "run", false, "FILE.ir: execute it, and print the state after that")
	f.StringArrayVar(&v.settings, "set", nil, "with --run: WHAT=VALUE before it")
	v.t.unitFlags(f)
	c.MarkFlagsMutuallyExclusive("lifted", "passes", "llvm")
	return c
}

// irView says how to show a function.
type irView struct {
	app   *app
	t     translation
	o     pipeline.Options
	file  string
	where programFile

	lifted, passes, llvm, hot, run bool
	settings                       []string // --set
}

// isIR says whether the argument is a file of IR.
func isIR(arg string) bool { return strings.HasSuffix(arg, ".ir") }

// check refuses options that mean nothing together.
func (v *irView) check(c *cobra.Command, arg string) error {
	given := c.Flags().Changed
	text := isIR(arg)
	for _, r := range []struct {
		bad  bool
		says string
	}{
		{!text && v.file == "", "in which file? Give --file vmlinux or a program"},
		{!text && v.run, "--run executes a FILE.ir; a guest's code is run by 'axpress run'"},
		{text && (given("file") || given("program") || given("symbols")), arg + " has the functions: --file, --program and --symbols are for those of a guest"},
		{text && given("cpu"), "--cpu decides what is lifted; " + arg + " is"},
		{text && given("profile"), "--profile is about a guest's file, not about " + arg},
		{given("profile") && !v.hot, "--profile says what is hot: give --hot too"},
		{given("set") && !v.run, "--set is for --run"},
		{v.run && (v.passes || v.llvm), "--run prints what the code does, --passes and --llvm what it is: give one"},
		{v.lifted && v.t.check, "--check is about the passes; with --lifted there are none"},
		{text && v.lifted && v.hot, "--hot changes the passes of " + arg + "; with --lifted there are none"},
	} {
		if r.bad {
			return fail(statusUsage, "ir: %s", r.says)
		}
	}
	return nil
}

// function shows the function of a guest's file.
func (v *irView) function(ctx context.Context, name string) error {
	img, err := v.where.open(v.file)
	if err != nil {
		return err
	}
	r, err := findFunction(img, name)
	if err != nil {
		return err
	}
	if v.hot {
		if v.o.Hot, err = v.hotWith(img, r); err != nil {
			return err
		}
	}
	set, err := pipeline.Find(img, v.o)
	if err != nil {
		return fail(statusInput, "%w", err)
	}
	fs := unitsIn(set.Functions, r)
	if len(fs) == 0 {
		return fail(statusInput, "%s: no code was found at %#x; it would be interpreted", img.Name, r.start)
	}
	return v.show(ctx, set, fs, func(err error) error { return fail(statusInternal, "BUG: %w", err) })
}

// text shows, or runs, the functions in a file of IR.
func (v *irView) text(ctx context.Context, file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return fail(statusInput, "%w", err)
	}
	return v.parsed(ctx, file, string(data))
}

// parsed shows, or runs, the functions in text, which is that of file.
func (v *irView) parsed(ctx context.Context, file, text string) error {
	if v.hot {
		v.o.Hot = []uint64{}
	}
	set, err := pipeline.Parse(text, v.o)
	if err != nil {
		return fail(statusInput, "%s: %w", file, err)
	}
	for _, f := range set.Functions {
		if f.Promoted() && (v.passes || v.lifted || v.hot && !v.llvm) {
			return fail(statusUsage, "ir: %s: %s is in the promoted form, so the passes have been there: only --llvm and --run are left", file, f.Name)
		}
	}
	// What the stages cannot take is said in one line: it is the file's, and a panic has its stack.
	bad := func(err error) error {
		first, _, _ := strings.Cut(err.Error(), "\n")
		return fail(statusInput, "%s: %s", file, first)
	}
	if v.run {
		return v.execute(ctx, set, bad)
	}
	return v.show(ctx, set, set.Functions, bad)
}

// make makes the IR of f.
func (v *irView) make(set *unit.Set, f *unit.Function) (u *ir.Func, err error) {
	if v.lifted {
		u, err = set.Lift(f)
	} else {
		u, err = set.Make(f)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name, err)
	}
	return u, nil
}

// show writes functions of set; bad makes the command's error of one that a stage returns.
func (v *irView) show(ctx context.Context, set *unit.Set, fs []*unit.Function, bad func(error) error) error {
	var units []*ir.Func
	for _, f := range fs {
		if err := ctx.Err(); err != nil {
			return err
		}
		u, err := v.make(set, f)
		if err != nil {
			return bad(err)
		}
		units = append(units, u)
		if v.passes || v.llvm {
			continue
		}
		if err := u.Print(v.app.out); err != nil {
			return err
		}
		if _, err := fmt.Fprintln(v.app.out); err != nil {
			return err
		}
	}
	if !v.llvm {
		return nil
	}
	text, err := pipeline.Emit(set, units, v.o, v.target())
	if err != nil {
		return bad(err)
	}
	_, err = io.WriteString(v.app.out, text)
	return err
}

// target is what the LLVM at hand makes code for, or without one the oldest.
func (v *irView) target() pipeline.Target {
	tools, err := toolchain.Find()
	if err != nil {
		fmt.Fprintf(v.app.err, "axpress: this is the text for the oldest LLVM: %v\n", err)
		return pipeline.Target{AVX: toolchain.HostAVX()}
	}
	return pipeline.Target{LLVM: tools.Major(), AVX: tools.AVX()}
}

// unitsIn are the units that begin in r, else the one that r begins in: without its
// symbols a file is divided otherwise.
func unitsIn(all []*unit.Function, r codeRange) (units []*unit.Function) {
	for _, f := range all {
		if f.Start >= r.start && f.Start < r.end {
			units = append(units, f)
		}
	}
	for i := 0; i < len(all) && len(units) == 0; i++ {
		if all[i].Contains(r.start) {
			units = append(units, all[i])
		}
	}
	return units
}

// hotWith returns addresses in what is taken to be hot, r among it: what the profile says,
// or r and what it calls, and what is called by that if it may be copied.
func (v *irView) hotWith(img *image.Image, r codeRange) ([]uint64, error) {
	set, err := unit.Find(img, unit.Options{Full: true, Model: v.o.Model, Disable: v.o.Disable})
	if err != nil {
		return nil, fail(statusInput, "%s: %w", img.Name, err)
	}
	fs := unitsIn(set.Functions, r)
	p, err := readProfile(v.t.profile)
	if err != nil {
		return nil, err
	}
	if p != nil {
		hot := prepare.Hot(p, img)
		if !slices.ContainsFunc(hot, func(pc uint64) bool {
			return slices.ContainsFunc(fs, func(f *unit.Function) bool { return f.Contains(pc) })
		}) {
			return nil, fail(statusInput, "%s: by the profile the function at %#x is not hot", img.Name, r.start)
		}
		return hot, nil
	}
	hot := map[uint64]bool{}
	for depth := 0; depth <= pass.MaxNested && len(fs) > 0; depth++ {
		var next []*unit.Function
		for _, f := range fs {
			if hot[f.Start] {
				continue
			}
			hot[f.Start] = true
			if depth > 0 && f.Insts > pass.MaxBody {
				continue
			}
			called, err := set.Called(f)
			if err != nil {
				return nil, fail(statusInternal, "BUG: %s: %w", f.Name, err)
			}
			for _, start := range called {
				next = append(next, set.Function(start))
			}
		}
		fs = next
	}
	at := make([]uint64, 0, len(hot))
	for pc := range hot {
		at = append(at, pc)
	}
	slices.Sort(at)
	return at, nil
}
