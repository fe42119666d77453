package conform

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"

	"axpress/lifter/isa"
	"axpress/runtime/abi"
	"axpress/runtime/dispatch"
	"axpress/runtime/interp/cases"
	"axpress/runtime/mem"
	"axpress/translator/toolchain"
)

// Program is code to run on a model.
type Program struct {
	Model *isa.Model
	Code  []uint32
}

// Preparer is an engine that is made ready for many programs in much less time than
// for one after the other. Prepare forgets what was prepared before; Load makes other
// programs ready too, each alone.
type Preparer interface {
	Prepare(ctx context.Context, programs []Program) error
}

// Native is the engine of host code: what the translator makes of the code, run by
// runtime/dispatch. What has no entry, and what native code leaves, the interpreter
// executes, as in the product.
type Native struct {
	*world
	hot   bool
	tools *toolchain.LLVM
	dir   string // of translations that are being mapped
	// ready is what was prepared, by key: the translation at the cheap setting, and
	// behind it that at the full setting if the engine is of that.
	ready  map[string][]*abi.Code
	engine *dispatch.Engine
	retired
}

// NewNative makes the engine; hot says whether code at the full setting runs. Errors:
// LLVM is not installed.
func NewNative(hot bool) (*Native, error) {
	tools, err := toolchain.Find()
	if err != nil {
		return nil, err
	}
	newRAM := mem.New
	if hot { // it accesses memory through a window beside the RAM
		newRAM = mem.NewWide
	}
	w, err := newWorld(newRAM)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "axpress-native-")
	if err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return &Native{world: w, hot: hot, tools: tools, dir: dir}, nil
}

// Name implements Engine.
func (e *Native) Name() string {
	if e.hot {
		return "native-hot"
	}
	return "native"
}

// Close implements Engine.
func (e *Native) Close() error {
	return errors.Join(e.unload(), e.world.Close(), os.RemoveAll(e.dir))
}

// unload ends the use of the code that was loaded.
func (e *Native) unload() (err error) {
	if e.engine != nil {
		err = e.engine.Close()
		e.engine = nil
	}
	return err
}

// key identifies a program.
func key(m *isa.Model, code []uint32) string {
	b := []byte(m.Name)
	for _, w := range code {
		b = binary.LittleEndian.AppendUint32(b, w)
	}
	return string(b)
}

// Prepare implements Preparer: one run of LLVM for all programs.
func (e *Native) Prepare(ctx context.Context, programs []Program) error {
	e.ready = map[string][]*abi.Code{}
	stages := []Stage{{Passes: true}}
	if e.hot {
		stages = append(stages, Stage{Passes: true, Hot: true})
	}
	for _, s := range stages {
		code, err := translate(ctx, programs, s, e.tools, e.dir)
		if err != nil {
			return err
		}
		for k, c := range code {
			e.ready[k] = append(e.ready[k], c)
		}
	}
	return nil
}

// Load implements Engine.
func (e *Native) Load(m *isa.Model, code []uint32) error {
	k := key(m, code)
	if e.ready[k] == nil {
		if err := e.Prepare(context.Background(), []Program{{m, code}}); err != nil {
			return err
		}
	}
	if err := e.unload(); err != nil {
		return err
	}
	s := e.guest.S
	for i := range e.code { // of the program before
		s.Jump[abi.JumpIndex(cases.CodeVA+4*uint64(i))].Key = abi.JumpEmpty
	}
	s.FlushTLB()
	var err error
	e.engine, err = dispatch.New(dispatch.Config{CPU: e.vcpu(m), Code: e.ready[k]})
	if err != nil {
		return err
	}
	if off := e.engine.Off(); len(off) > 0 {
		return fmt.Errorf("%s: not on this host: %s", e.Name(), strings.Join(off, "; "))
	}
	e.load(m, code) // now, as New has the pages of code mapped anew
	return nil
}

// Run implements Engine.
func (e *Native) Run(s *cases.State) error {
	e.guest.Set(s, nil)
	exit, own, left := e.drive(e.engine)
	e.own, e.left = e.own+own, e.left+left
	if e.guest.S.Icount > e.limit {
		return fmt.Errorf("%w: the run does not end", ErrExcluded)
	}
	e.guest.Get(s, exit)
	return nil
}
