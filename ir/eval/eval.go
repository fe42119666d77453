package eval

import (
	"errors"
	"fmt"

	"axpress/ir"
)

// Env is the world around a unit. Values are bit patterns, zero-extended from
// the width of their type.
type Env interface {
	// GetReg and SetReg access the spill slot of a guest register.
	GetReg(r ir.Reg) uint64
	SetReg(r ir.Reg, v uint64)
	// LdState and StState access the field of the guest state of type t at byte
	// offset off.
	LdState(off int64, t ir.Type) uint64
	StState(off int64, t ir.Type, v uint64)
	// Load and Store access size bytes (1, 2, 4, 8) of guest memory; ok is false if
	// the access faults, which includes a misaligned va.
	Load(va uint64, size int) (v uint64, ok bool)
	Store(va uint64, size int, v uint64) (ok bool)
	// LoadLocked loads and sets the reservation; StoreCond stores if it holds.
	LoadLocked(va uint64, size int) (v uint64, ok bool)
	StoreCond(va uint64, size int, v uint64) (stored, ok bool)
	// Fence is a memory barrier of the kind of OpFence.
	Fence(kind int64)
	// FPOperate executes the guest's floating-point instruction inst on the operands
	// a and b; ok is false, and nothing has changed, if it traps.
	FPOperate(inst uint32, a, b uint64) (v uint64, ok bool)
	// RPCC reads the cycle counter; icount is the number of instructions retired in
	// this unit so far.
	RPCC(icount int64) uint64
	// Poll says whether the run is to end.
	Poll(icount int64) bool
	// Base is where a relocatable unit runs: the address that takes the place of
	// Func.Base.
	Base() uint64
}

// Kind says how control left a unit.
type Kind uint8

// The ways out.
const (
	// None: not left; in results that come with an error.
	None Kind = iota
	// Goto, Call, Ret: the terminals; PC is the target. A Switch without a matching
	// case is a Goto. For Call, ReturnPC is where the caller goes on.
	Goto
	Call
	Ret
	// Interpret: the terminal or a failed guard; PC is the instruction to interpret.
	Interpret
	// Fault: a memory access at the instruction PC did not succeed.
	Fault
	// Poll: the run is to end; the guest goes on at PC.
	Poll
	// Exit: the terminal, with Code and Imm.
	Exit
)

func (k Kind) String() string {
	names := [...]string{"none", "goto", "call", "ret", "interpret", "fault", "poll", "exit"}
	if int(k) < len(names) {
		return names[k]
	}
	return fmt.Sprintf("kind %d", k)
}

// Result says how and where control left a unit. Addresses are run-time
// addresses (relocated).
type Result struct {
	Kind     Kind
	PC       uint64
	ReturnPC uint64 // Call
	Code     int64  // Exit
	Imm      int64  // Exit
	Icount   int64  // guest instructions retired
}

// MaxSteps bounds the values and terminals that one Run executes.
const MaxSteps = 20_000_000

// ErrSteps is returned when MaxSteps is reached: an endless loop without poll.
var ErrSteps = errors.New("step limit reached")

// Run executes f from f.Entries[entry] until control leaves it. In the promoted
// form it spills the snapshot of the exit, so the registers in env are the
// guest's in both forms. f must satisfy ir.Verify. An error means that f could
// not be executed to an exit.
func Run(f *ir.Func, env Env, entry int) (Result, error) {
	if entry < 0 || entry >= len(f.Entries) {
		return Result{}, fmt.Errorf("eval %q: no entry %d", f.Name, entry)
	}
	m := &machine{f: f, env: env, vals: make([]uint64, f.NumValues())}
	if f.Relocatable {
		m.delta = env.Base() - f.Base
	}
	for b := f.Entries[entry].Block; b != nil; {
		next, err := m.block(b)
		if err != nil {
			return Result{}, fmt.Errorf("eval %q: %v: %w", f.Name, b, err)
		}
		b = next
	}
	m.res.Icount = m.icount
	return m.res, nil
}

type machine struct {
	f      *ir.Func
	env    Env
	vals   []uint64 // by value ID
	delta  uint64   // run-time address - image address
	icount int64
	steps  int
	res    Result
}

// leave records an exit and spills the snapshot.
func (m *machine) leave(res Result, snap []ir.RegValue) {
	for _, s := range snap {
		m.env.SetReg(s.Reg, m.vals[s.Val.ID])
	}
	m.res = res
}

// block executes b and returns the next block, nil if control left.
func (m *machine) block(b *ir.Block) (*ir.Block, error) {
	for _, v := range b.Vals {
		if m.steps++; m.steps > MaxSteps {
			return nil, ErrSteps
		}
		kind, err := m.value(v)
		if err != nil {
			return nil, fmt.Errorf("%v: %w", v, err)
		}
		if kind != None {
			m.leave(Result{Kind: kind, PC: v.PC + m.delta}, v.Snap)
			return nil, nil
		}
	}
	if m.steps++; m.steps > MaxSteps {
		return nil, ErrSteps
	}
	return m.term(&b.Term)
}

func (m *machine) term(t *ir.Term) (*ir.Block, error) {
	out := Result{PC: t.PC + m.delta}
	if t.Target != nil {
		out.PC = m.vals[t.Target.ID]
	}
	switch t.Kind {
	case ir.TermJump:
		return m.follow(&t.Succs[0]), nil
	case ir.TermBr:
		if m.vals[t.Cond.ID] != 0 {
			return m.follow(&t.Succs[0]), nil
		}
		return m.follow(&t.Succs[1]), nil
	case ir.TermSwitch:
		for i := range t.Cases {
			if t.Cases[i].PC+m.delta == out.PC {
				return m.follow(&t.Cases[i].Edge), nil
			}
		}
		out.Kind = Goto
	case ir.TermGoto:
		out.Kind = Goto
	case ir.TermRet:
		out.Kind = Ret
	case ir.TermCall:
		out.Kind, out.ReturnPC = Call, t.ReturnPC+m.delta
	case ir.TermInterpret:
		out.Kind = Interpret
	case ir.TermExit:
		out.Kind, out.Code, out.Imm = Exit, t.Code, t.Imm
	default:
		return nil, fmt.Errorf("terminal %v", t.Kind)
	}
	m.leave(out, t.Snap)
	return nil, nil
}

// follow binds the arguments of e, all at once, and returns its block.
func (m *machine) follow(e *ir.Edge) *ir.Block {
	args := make([]uint64, len(e.Args))
	for i, a := range e.Args {
		args[i] = m.vals[a.ID]
	}
	for i, p := range e.Block.Params {
		m.vals[p.ID] = args[i]
	}
	return e.Block
}

// value executes v; kind is not None if control leaves the unit at v.
func (m *machine) value(v *ir.Value) (kind Kind, err error) {
	var args [3]uint64
	for i, a := range v.Args {
		args[i] = m.vals[a.ID]
	}
	if fn := pure[v.Op]; fn != nil {
		m.vals[v.ID] = fn(v, args) & mask(v.Type)
		return None, nil
	}
	ok, result := true, uint64(0)
	switch v.Op {
	case ir.OpFAdd, ir.OpFSub, ir.OpFMul, ir.OpFDiv, ir.OpFSqrt, ir.OpFCmpEQ, ir.OpFCmpLT, ir.OpFCmpLE, ir.OpFTrunc, ir.OpFToSI:
		if result, ok = evalFloat(v, args); !ok {
			return Interpret, nil
		}
	case ir.OpFPOperate:
		if result, ok = m.env.FPOperate(uint32(v.Imm), args[0], args[1]); !ok {
			return Interpret, nil
		}
	case ir.OpPC:
		result = uint64(v.Imm) + m.delta
	case ir.OpGetReg:
		result = m.env.GetReg(ir.Reg(v.Imm))
	case ir.OpSetReg:
		m.env.SetReg(ir.Reg(v.Imm), args[0])
	case ir.OpLdState:
		result = m.env.LdState(v.Imm, v.Type)
	case ir.OpStState:
		m.env.StState(v.Imm, v.Args[0].Type, args[0])
	case ir.OpLoad:
		if v.Imm == ir.LoadQuads {
			if result, ok = m.quads(args[0], v.Type.Bits()/8); !ok {
				return Interpret, nil
			}
			break
		}
		result, ok = m.env.Load(args[0], v.Type.Bits()/8)
	case ir.OpStore:
		ok = m.env.Store(args[0], v.Args[1].Type.Bits()/8, args[1])
	case ir.OpLoadLocked:
		result, ok = m.env.LoadLocked(args[0], v.Type.Bits()/8)
	case ir.OpStoreCond:
		var stored bool
		stored, ok = m.env.StoreCond(args[0], v.Args[1].Type.Bits()/8, args[1])
		result = bit(stored)
	case ir.OpAtomic:
		return m.atomic(v)
	case ir.OpFence:
		m.env.Fence(v.Imm)
	case ir.OpPrefetch:
	case ir.OpRPCC:
		result = m.env.RPCC(m.icount)
	case ir.OpGuard:
		if args[0] == 0 {
			return Interpret, nil
		}
	case ir.OpPoll:
		if m.env.Poll(m.icount) {
			return Poll, nil
		}
	case ir.OpRetire:
		m.icount += v.Imm
	default:
		return None, fmt.Errorf("cannot evaluate %v", v.Op)
	}
	if !ok {
		return Fault, nil
	}
	m.vals[v.ID] = result & mask(v.Type)
	return None, nil
}

// atomic executes v as the sequence that it stands for.
func (m *machine) atomic(v *ir.Value) (Kind, error) {
	va, size := m.vals[v.Args[0].ID], v.Type.Bits()/8
	old, ok := m.env.LoadLocked(va, size)
	if !ok {
		return Fault, nil
	}
	x := m.vals[v.Args[1].ID]
	made := map[int64]uint64{
		ir.AtomicExchange: x, ir.AtomicAdd: old + x, ir.AtomicSub: old - x,
		ir.AtomicAnd: old & x, ir.AtomicOr: old | x, ir.AtomicXor: old ^ x,
	}[v.Imm]
	if stored, ok := m.env.StoreCond(va, size, made&mask(v.Type)); !ok || !stored {
		return Interpret, nil
	}
	m.vals[v.ID] = old
	return None, nil
}

// quads reads size bytes at va out of the aligned quadwords that they are in.
func (m *machine) quads(va uint64, size int) (v uint64, ok bool) {
	for i := size - 1; i >= 0; i-- {
		at := va + uint64(i)
		quad, ok := m.env.Load(at&^7, 8)
		if !ok {
			return 0, false
		}
		v = v<<8 | quad>>(8*(at&7))&0xff
	}
	return v, true
}
