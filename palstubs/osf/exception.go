package osf

import (
	"fmt"

	"axpress/runtime/abi"
)

// FrameSize is the size of the frame that every entry pushes: PS, PC, GP, a0, a1,
// a2, from low to high (AAH II-B, "Stack Frames"; L asm/ptrace.h).
const FrameSize = 48

// keepIPL as enter's ipl leaves PS<2:0> alone.
const keepIPL = ^uint64(0)

// entIF codes in a0 (AAH II-B, "Instruction Fault Entry").
const (
	ifBPT     = 0
	ifBUGCHK  = 1
	ifGENTRAP = 2
	ifFEN     = 3
	ifOPCDEC  = 4
)

// enter pushes a frame with pc on the kernel stack and goes to the entry in kernel
// mode, with the given arguments.
func (c *CPU) enter(entry int, pc, ipl, a0, a1, a2 uint64) Result {
	s := c.S
	old := s.PS
	if !c.push(old, pc, &[3]uint64{s.R[regA0], s.R[regA1], s.R[regA2]}) {
		return c.kspInvalid(pc, "entry "+entryNames[entry])
	}
	if ipl == keepIPL {
		ipl = old & psIPL
	}
	s.SetPS(ipl)
	s.R[regGP] = s.KGP
	s.R[regA0], s.R[regA1], s.R[regA2] = a0, a1, a2
	s.PC = s.Entries[entry]
	s.LockFlag = 0
	return Continue
}

var entryNames = [...]string{"entInt", "entArith", "entMM", "entIF", "entUna", "entSys", "entDbg"}

// push switches to kernel mode and its stack and writes the frame; args nil leaves
// the argument slots as they are. A failed push leaves the CPU fit for a halt only.
func (c *CPU) push(ps, pc uint64, args *[3]uint64) bool {
	s := c.S
	if ps&psUser != 0 {
		s.USP = s.R[regSP]
		s.R[regSP] = s.KSP
		s.SetPS(ps & psIPL)
	}
	sp := s.R[regSP] - FrameSize
	frame := [6]uint64{ps, pc, s.R[regGP]}
	n := 3
	if args != nil {
		copy(frame[3:], args[:])
		n = 6
	}
	for i, v := range frame[:n] {
		if !c.Mem.Store(abi.VAddr(sp+uint64(i)*8), 3, v) {
			return false
		}
	}
	s.R[regSP] = sp
	return true
}

// DeliverFault delivers the memory fault that State.Fault* describes, for the
// instruction at State.PC.
func (c *CPU) DeliverFault() Result {
	s := c.S
	switch s.FaultKind {
	case abi.FaultMM:
		return c.enter(abi.EntMM, s.PC, keepIPL, s.FaultVA, s.FaultMMCSR, s.FaultAccess)
	case abi.FaultUnaligned:
		va := s.FaultVA
		word, ok := c.Mem.Fetch(abi.VAddr(s.PC))
		if !ok {
			// The page was executable when the instruction was fetched. Take the
			// fetch fault; the instruction will fault again afterwards.
			return c.enter(abi.EntMM, s.PC, keepIPL, s.FaultVA, s.FaultMMCSR, s.FaultAccess)
		}
		return c.enter(abi.EntUna, s.PC+4, keepIPL, va, uint64(word>>26), uint64(word>>21&31))
	case abi.FaultMCheck:
		// The PC pushed is behind the instruction: the kernel's probes of absent
		// devices count on getting past it (L asm/core_*.h, conf_read).
		return c.machineCheck(mchkNoMem, s.FaultVA, s.PC+4)
	}
	panic(fmt.Sprintf("BUG: DeliverFault with fault kind %d at pc %#x", s.FaultKind, s.PC))
}

// DeliverArith delivers an arithmetic trap: excSum is EXC_SUM, mask the register
// write mask; State.PC is the next instruction.
func (c *CPU) DeliverArith(excSum, mask uint64) Result {
	return c.enter(abi.EntArith, c.S.PC, keepIPL, excSum, mask, c.S.R[regA2])
}

// DeliverOPCDEC delivers entIF for the instruction at State.PC: a reserved or
// privileged opcode, or with fen a floating-point instruction while FEN is 0. The
// kernel re-executes the latter, so its own address is pushed (L kernel/traps.c,
// do_entIF).
func (c *CPU) DeliverOPCDEC(fen bool) Result {
	if fen {
		return c.instructionFault(ifFEN, c.S.PC)
	}
	return c.instructionFault(ifOPCDEC, c.S.PC+4)
}

func (c *CPU) instructionFault(code, pc uint64) Result {
	s := c.S
	return c.enter(abi.EntIF, pc, keepIPL, code, s.R[regA1], s.R[regA2])
}

func (c *CPU) bpt() Result     { return c.instructionFault(ifBPT, c.S.PC) }
func (c *CPU) bugchk() Result  { return c.instructionFault(ifBUGCHK, c.S.PC) }
func (c *CPU) gentrap() Result { return c.instructionFault(ifGENTRAP, c.S.PC) }

// callsys: user mode only; a0..a2 stay in their registers and the kernel saves
// them itself (L kernel/entry.S entSys). From kernel mode it is a machine check.
func (c *CPU) callsys() Result {
	s := c.S
	if s.PS&psUser == 0 {
		return c.machineCheck(mchkKernelCallsys, s.PC, s.PC)
	}
	if !c.push(s.PS, s.PC, nil) {
		return c.kspInvalid(s.PC, "callsys")
	}
	s.R[regGP] = s.KGP
	s.PC = s.Entries[abi.EntSys]
	s.LockFlag = 0
	return Continue
}

// pop loads the quadwords of the frame at SP whose numbers are given.
func (c *CPU) pop(slots ...int) (v [6]uint64, ok bool) {
	for _, i := range slots {
		if v[i], ok = c.Mem.Load(abi.VAddr(c.S.R[regSP]+uint64(i)*8), 3); !ok {
			return v, false
		}
	}
	return v, true
}

// rti returns through the whole frame (AAH II-B, RTI).
func (c *CPU) rti() Result {
	s := c.S
	f, ok := c.pop(0, 1, 2, 3, 4, 5)
	if !ok {
		return c.kspInvalid(s.PC-4, "rti")
	}
	s.R[regGP], s.R[regA0], s.R[regA1], s.R[regA2] = f[2], f[3], f[4], f[5]
	c.leave(f[0], f[1])
	return Continue
}

// retsys returns to user mode through PC and GP of the frame (AAH II-B, RETSYS).
func (c *CPU) retsys() Result {
	s := c.S
	f, ok := c.pop(1, 2)
	if !ok {
		return c.kspInvalid(s.PC-4, "retsys")
	}
	s.R[regGP] = f[2]
	c.leave(psUser, f[1])
	return Continue
}

// leave drops the frame and continues at pc with ps; user mode always has IPL 0.
func (c *CPU) leave(ps, pc uint64) {
	s := c.S
	s.R[regSP] += FrameSize
	if ps&psUser != 0 {
		s.KSP = s.R[regSP]
		s.R[regSP] = s.USP
		s.SetPS(psUser)
	} else {
		s.SetPS(ps & psIPL)
	}
	s.PC = pc &^ 3
	s.LockFlag = 0
	s.IntrFlag = 0
}
