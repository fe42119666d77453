package conform

import (
	"fmt"
	"math/bits"
	"reflect"

	"axpress/ir"
	"axpress/ir/eval"
	"axpress/lifter/isa"
	"axpress/runtime/abi"
	"axpress/runtime/interp/cases"
	"axpress/runtime/interp/fpu"
	"axpress/runtime/mem"
)

// IR is the engine that lifts the code and evaluates the IR, as it was lifted or
// after the passes. What lifted code leaves to the interpreter, or has no entry for,
// the interpreter executes, as in the product.
type IR struct {
	*world
	stage  Stage
	units  []*ir.Func
	fields map[int64]reflect.Value // of abi.State, by offset
	retired
}

// NewIR makes the engine.
func NewIR(stage Stage) (*IR, error) {
	w, err := newWorld(mem.New)
	if err != nil {
		return nil, err
	}
	e := &IR{world: w, stage: stage, fields: map[int64]reflect.Value{}}
	v := reflect.ValueOf(w.guest.S).Elem()
	for i := range v.NumField() {
		if v.Field(i).Kind() == reflect.Uint64 {
			e.fields[int64(v.Type().Field(i).Offset)] = v.Field(i)
		}
	}
	return e, nil
}

// Name implements Engine.
func (e *IR) Name() string {
	switch {
	case e.stage.Hot:
		return "hot"
	case e.stage.Passes:
		return "passes"
	}
	return "lifted"
}

// Load implements Engine.
func (e *IR) Load(m *isa.Model, code []uint32) (err error) {
	e.load(m, code)
	_, e.units, err = lifted(m, code, e.stage)
	return err
}

// Run implements Engine.
func (e *IR) Run(s *cases.State) error {
	e.guest.Set(s, nil)
	exit := abi.ExitPoll
	for e.more(exit) {
		unit, entry := e.entry(e.guest.S.PC)
		if unit == nil {
			e.left++
			exit = e.cpu.Step()
			continue
		}
		res, err := eval.Run(unit, env{e}, entry)
		if err != nil {
			return err
		}
		e.own += res.Icount
		if exit, err = e.leave(res); err != nil {
			return err
		}
	}
	if e.guest.S.Icount > e.limit {
		return fmt.Errorf("%w: the run does not end", ErrExcluded)
	}
	e.guest.Get(s, exit)
	return nil
}

// leave does what the runtime does when a unit is left.
func (e *IR) leave(res eval.Result) (exit abi.Exit, err error) {
	s := e.guest.S
	s.Icount, s.PC = s.Icount+res.Icount, res.PC
	switch res.Kind {
	case eval.Goto, eval.Ret, eval.Call, eval.Poll:
		return abi.ExitPoll, nil
	case eval.Interpret:
		e.left++
		return e.cpu.Step(), nil
	case eval.Fault:
		return abi.ExitFault, nil
	case eval.Exit:
		s.ExitArg = uint64(res.Imm)
		return abi.Exit(res.Code), nil
	}
	return 0, fmt.Errorf("the unit was left by %v", res.Kind)
}

// entry finds the unit that can be entered at pc, nil if there is none.
func (e *IR) entry(pc uint64) (unit *ir.Func, entry int) {
	for _, u := range e.units {
		for i := range u.Entries {
			if u.Entries[i].PC == pc {
				return u, i
			}
		}
	}
	return nil, 0
}

// env is the world around the unit.
type env struct{ *IR }

// GetReg implements eval.Env.
func (e env) GetReg(r ir.Reg) uint64 {
	if r < 32 {
		return e.guest.S.R[r]
	}
	return e.guest.S.F[r-32]
}

// SetReg implements eval.Env.
func (e env) SetReg(r ir.Reg, v uint64) {
	if r < 32 {
		e.guest.S.R[r] = v
	} else {
		e.guest.S.F[r-32] = v
	}
}

// LdState implements eval.Env.
func (e env) LdState(off int64, _ ir.Type) uint64 { return e.fields[off].Uint() }

// StState implements eval.Env.
func (e env) StState(off int64, _ ir.Type, v uint64) { e.fields[off].SetUint(v) }

func log2(size int) int { return bits.TrailingZeros(uint(size)) }

// Load implements eval.Env.
func (e env) Load(va uint64, size int) (uint64, bool) {
	return e.mmu.Load(abi.VAddr(va), log2(size), false)
}

// Store implements eval.Env.
func (e env) Store(va uint64, size int, v uint64) bool {
	return e.mmu.Store(abi.VAddr(va), log2(size), v)
}

// LoadLocked implements eval.Env.
func (e env) LoadLocked(va uint64, size int) (uint64, bool) {
	return e.mmu.Load(abi.VAddr(va), log2(size), true)
}

// StoreCond implements eval.Env.
func (e env) StoreCond(va uint64, size int, v uint64) (stored, ok bool) {
	return e.mmu.StoreCond(abi.VAddr(va), log2(size), v)
}

// Fence implements eval.Env.
func (e env) Fence(int64) {}

// FPOperate implements eval.Env.
func (e env) FPOperate(inst uint32, a, b uint64) (uint64, bool) {
	s := e.guest.S
	r := fpu.Execute(inst, a, b, s.FPCR)
	if r.Summary != 0 {
		return 0, false
	}
	s.FPCR = r.FPCR
	return r.Value, true
}

// RPCC implements eval.Env.
func (e env) RPCC(int64) uint64 { return e.guest.S.PCCOffset<<32 | cases.Cycles&0xffffffff }

// Poll implements eval.Env.
func (e env) Poll(n int64) bool { return e.guest.S.Icount+n >= e.limit }

// Base implements eval.Env.
func (e env) Base() uint64 { return 0 }

var _ eval.Env = env{}
