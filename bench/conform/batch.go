package conform

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"axpress/ir"
	"axpress/runtime/abi"
	"axpress/runtime/interp/cases"
	"axpress/translator/artifact"
	"axpress/translator/llvm"
	"axpress/translator/toolchain"
	"axpress/translator/unit"
)

// batch is programs on their way to host code, in one module. All begin at the same
// guest address; what tells their units apart, for LLVM and for the linker, is
// ir.Func.PC, which is a number of the batch here.
type batch struct {
	stage    Stage
	units    []*ir.Func
	infos    []artifact.UnitInfo
	programs map[string]*abi.Code // by key; Code is not there yet
	owner    []string             // the key of a unit, by number
	sets     []*unit.Set          // what a unit knows of others, by number
	first    []uint64             // the number of the first unit of that set, by number
}

// translate makes the host code of programs, each by its key. It is mapped from a file
// in dir, and stays mapped as long as the process lives, as all translations do.
func translate(ctx context.Context, programs []Program, s Stage, tools *toolchain.LLVM, dir string) (map[string]*abi.Code, error) {
	b := batch{stage: s, programs: map[string]*abi.Code{}}
	for _, p := range programs {
		if err := b.add(p); err != nil {
			return nil, fmt.Errorf("%08x: %w", p.Code, err)
		}
	}
	text, err := llvm.Emit(b.units, llvm.Options{Link: b.link, Hot: s.Hot, LLVM: tools.Major(), AVX: tools.AVX(), User: accessesUser})
	if err != nil {
		return nil, err
	}
	object, err := tools.Compile(ctx, text)
	if err != nil {
		return nil, err
	}
	a, err := artifact.Link([][]byte{object}, b.infos)
	if err != nil {
		return nil, err
	}
	if len(a.Missing) > 0 {
		return nil, fmt.Errorf("not translated: %s", strings.Join(a.Missing, "; "))
	}
	code, err := mapped(a, dir)
	if err != nil {
		return nil, err
	}
	b.split(code, a.Units)
	return b.programs, nil
}

// accessesUser takes every other instruction for one that the kernel lists as an access
// to user memory, for which there is other host code.
func accessesUser(pc uint64) bool { return pc>>2&1 == 1 }

// add lifts a program.
func (b *batch) add(p Program) error {
	k := key(p.Model, p.Code)
	if b.programs[k] != nil {
		return nil
	}
	set, units, err := lifted(p.Model, p.Code, b.stage)
	if err != nil {
		return err
	}
	first := uint64(len(b.units))
	for i, u := range units {
		f, number := set.Functions[i], first+uint64(i)
		info := artifact.UnitInfo{Symbol: llvm.Symbol(number), Name: fmt.Sprintf("%08x", p.Code), PC: number, Lo: f.Lo, Hi: f.Hi, Insts: f.Insts}
		for _, e := range u.Entries {
			info.Entries = append(info.Entries, e.PC)
		}
		for _, pc := range u.Copied {
			g := set.Function(pc)
			info.Copied = append(info.Copied, abi.CodeSpan{Lo: g.Lo, Hi: g.Hi})
		}
		u.PC = number
		b.units, b.infos = append(b.units, u), append(b.infos, info)
		b.owner, b.sets, b.first = append(b.owner, k), append(b.sets, set), append(b.first, first)
	}
	b.programs[k] = &abi.Code{KernelLo: cases.CodePA, KernelHi: cases.CodePA + 4*uint64(len(p.Code))}
	return nil
}

// link is llvm.Options.Link: calls of a program's own functions are direct.
func (b *batch) link(from, pc uint64) (llvm.UnitRef, bool) {
	set := b.sets[from]
	l, ok := set.Link(from, pc)
	if !ok {
		return llvm.UnitRef{}, false
	}
	number := b.first[from] + uint64(slices.Index(set.Functions, l.Function))
	return llvm.UnitRef{Symbol: llvm.Symbol(number), Start: l.Function.Start, Index: l.Index}, true
}

// split gives every program the part of code that is its own.
func (b *batch) split(code *abi.Code, units []artifact.Unit) {
	owner := map[uint32]*abi.Code{}
	for _, u := range units {
		owner[u.Code] = b.programs[b.owner[u.PC]]
	}
	for _, c := range b.programs {
		c.Text, c.Faults = code.Text, code.Faults
	}
	for _, e := range code.Entries {
		c := owner[e.Code]
		c.Entries = append(c.Entries, e)
	}
	for _, s := range code.Spans {
		c := owner[s.Code]
		c.Spans = append(c.Spans, s)
	}
}

// mapped maps a, by way of a file in dir that is gone then.
func mapped(a *artifact.Artifact, dir string) (code *abi.Code, err error) {
	a.Kind = artifact.KindKernel
	path := filepath.Join(dir, "batch")
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.Remove(path)) }()
	if err := errors.Join(a.Write(f), f.Close()); err != nil {
		return nil, err
	}
	if a, err = artifact.Load(path); err != nil {
		return nil, err
	}
	return a.Code(), nil
}
