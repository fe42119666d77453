package hostcode

import (
	"encoding/binary"

	"golang.org/x/arch/x86/x86asm"

	"axpress/runtime/abi"
)

// A unit begins by going to the entry whose number it gets in RDX (runtime/abi,
// UnitArgs): LLVM makes comparisons and jump tables of that. Where entry n is, is found
// by executing the beginning with n in RDX and nothing else known.

// findEntries fills in Entries.
func (u *Unit) findEntries() {
	table := u.code.entries[u.Code]
	u.Entries = make([]Entry, len(table))
	for _, e := range table {
		if int(e.Index) >= len(u.Entries) {
			continue // damaged
		}
		pc := e.PC
		if pc < abi.PageSize {
			pc |= u.PC & abi.PageMask
		}
		u.Entries[e.Index] = Entry{PC: pc, At: u.landing(uint64(e.Index))}
	}
}

// landing returns where the unit goes for entry number n: behind the last jump that
// depends on n.
func (u *Unit) landing(n uint64) uint32 {
	m := &dispatch{u: u, regs: map[x86asm.Reg]uint64{x86asm.RDX: n}}
	at := u.Code
	landed := at
	const most = 200 // instructions: ends what is no dispatch
	for range most {
		i, ok := u.index[at]
		if !ok {
			return landed
		}
		in := &u.Insts[i]
		next, decided, ok := m.step(in)
		if !ok {
			return landed
		}
		if at = next; decided {
			landed = at
		}
	}
	return landed
}

// dispatch executes the few instructions that switches are made of. What is not in
// regs is not known.
type dispatch struct {
	u    *Unit
	regs map[x86asm.Reg]uint64
	// What the flags tell: the operands of the last comparison, if known.
	a, b  uint64
	flags bool
}

// step executes in. decided: it is a jump that went where RDX said. !ok: control
// depends on what is not known.
func (m *dispatch) step(in *Inst) (next uint32, decided, ok bool) {
	next = in.End()
	switch in.Flow {
	case Jump:
		return in.Target, false, true
	case Cond:
		taken, ok := m.condition(in.Op)
		if taken {
			next = in.Target
		}
		return next, true, ok
	case Indirect:
		r, isReg := in.Args[0].(x86asm.Reg)
		v, known := m.regs[r]
		return uint32(v), true, isReg && known
	case Next:
		m.execute(in)
		return next, false, true
	}
	return 0, false, false
}

// execute keeps track of registers and flags.
func (m *dispatch) execute(in *Inst) {
	dst, isReg := in.Args[0].(x86asm.Reg)
	dst = whole(dst)
	a, knowA := m.value(in, in.Args[0])
	b, knowB := m.value(in, in.Args[1])
	set := func(v uint64, known bool) {
		if isReg {
			delete(m.regs, dst)
			if known {
				m.regs[dst] = v
			}
		}
	}
	switch in.Op {
	case x86asm.CMP:
		m.a, m.b, m.flags = a, b, knowA && knowB
	case x86asm.TEST:
		m.a, m.b, m.flags = a&b, 0, knowA && knowB
	case x86asm.MOV, x86asm.MOVSXD, x86asm.MOVZX:
		set(b, knowB)
	case x86asm.LEA:
		v, known := m.address(in, in.Args[1])
		set(v, known)
	case x86asm.ADD, x86asm.SUB, x86asm.INC, x86asm.DEC:
		switch in.Op {
		case x86asm.SUB:
			b = -b
		case x86asm.INC:
			b, knowB = 1, true
		case x86asm.DEC:
			b, knowB = ^uint64(0), true
		}
		set(a+b, knowA && knowB)
		m.a, m.b, m.flags = a+b, 0, knowA && knowB
	case x86asm.PUSH, x86asm.NOP:
	default:
		set(0, false)
		m.flags = false
	}
}

// value is what a holds, if that is known.
func (m *dispatch) value(in *Inst, a x86asm.Arg) (uint64, bool) {
	switch a := a.(type) {
	case x86asm.Imm:
		return uint64(a), true
	case x86asm.Reg:
		v, ok := m.regs[whole(a)]
		if a != whole(a) {
			v = uint64(uint32(v))
		}
		return v, ok
	case x86asm.Mem:
		at, ok := m.address(in, a)
		if !ok || in.MemBytes != 4 || at+4 > uint64(len(m.u.code.Text)) {
			return 0, false
		}
		return uint64(int64(int32(binary.LittleEndian.Uint32(m.u.code.Text[at:])))), true
	}
	return 0, false
}

// address is the address that a, a memory operand, names.
func (m *dispatch) address(in *Inst, a x86asm.Arg) (uint64, bool) {
	mem, ok := a.(x86asm.Mem)
	if !ok {
		return 0, false
	}
	sum := uint64(mem.Disp)
	if mem.Base == x86asm.RIP {
		return sum + uint64(in.End()), true
	}
	base, knowBase := m.regs[mem.Base]
	index, knowIndex := m.regs[mem.Index]
	return sum + base + index*uint64(mem.Scale), (mem.Base == 0 || knowBase) && (mem.Index == 0 || knowIndex)
}

// condition evaluates a conditional jump.
func (m *dispatch) condition(op x86asm.Op) (taken, ok bool) {
	switch op {
	case x86asm.JE:
		return m.a == m.b, m.flags
	case x86asm.JNE:
		return m.a != m.b, m.flags
	case x86asm.JB:
		return m.a < m.b, m.flags
	case x86asm.JAE:
		return m.a >= m.b, m.flags
	case x86asm.JBE:
		return m.a <= m.b, m.flags
	case x86asm.JA:
		return m.a > m.b, m.flags
	case x86asm.JL:
		return int64(m.a) < int64(m.b), m.flags
	case x86asm.JGE:
		return int64(m.a) >= int64(m.b), m.flags
	case x86asm.JLE:
		return int64(m.a) <= int64(m.b), m.flags
	case x86asm.JG:
		return int64(m.a) > int64(m.b), m.flags
	}
	return false, false
}

// whole returns the 64-bit register that r is a part of; one of 8 or 16 bits is left
// alone and so never known.
func whole(r x86asm.Reg) x86asm.Reg {
	if r >= x86asm.EAX && r <= x86asm.R15L {
		return r - x86asm.EAX + x86asm.RAX
	}
	return r
}
