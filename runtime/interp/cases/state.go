package cases

import (
	"encoding/binary"
	"fmt"
	"math"

	"axpress/runtime/abi"
)

// Where code and data lie; both are reached through KSEG. RAM ends above them. The
// data are the end of their page, which is mapped elsewhere too: see Views.
const (
	RAMBytes = 1 << 17
	CodePA   = 0x4000
	DataPA   = dataPage + abi.PageSize - DataBytes
	CodeVA   = uint64(abi.KSEGBase) + CodePA
	DataVA   = uint64(abi.KSEGBase) + DataPA
	// DataBytes is how much of the data a State holds.
	DataBytes = 256

	dataPage = 0x10000
)

// Cycles is what the cycle counter shows.
const Cycles = 0x1_2345_6789

// nearest is an FPCR that rounds to nearest.
const nearest = 2 << 58

// State is what a case can say about a CPU.
type State struct {
	R, F                  [32]uint64
	FPCR, FEN, Flag, PCC  uint64
	Lock, LockPA, LockVal uint64
	Data                  [DataBytes / 8]uint64
	Outcome
}

// Outcome says how instructions ended. PC is relative to the first one; Exit says
// which way. Arg, VA (of an arithmetic trap, the register write mask),
// Kind, MMCSR and Access say more about some exits.
type Outcome struct {
	PC            uint64
	Count         int64
	Exit          abi.Exit
	Arg, VA, Kind uint64
	MMCSR, Access uint64
}

// Initial is the state that a case begins with.
func Initial() State {
	s := State{FPCR: nearest, FEN: 1, Outcome: Outcome{Exit: abi.ExitPoll}}
	s.R[16] = DataVA
	return s
}

// Guest is a CPU in kernel mode.
type Guest struct {
	S   *abi.State
	RAM []byte
}

// Set makes the guest's state s, about to execute code. The caller tells the
// interpreter that the code may be new.
func (g Guest) Set(s *State, code []uint32) {
	g.S.R, g.S.F = s.R, s.F
	g.S.FPCR, g.S.FEN, g.S.IntrFlag, g.S.PCCOffset = s.FPCR, s.FEN, s.Flag, s.PCC
	g.S.LockFlag, g.S.LockPA, g.S.LockValue = s.Lock, s.LockPA, s.LockVal
	g.S.PC, g.S.Icount, g.S.Limit = CodeVA, 0, math.MaxInt64
	g.S.ExitArg, g.S.FaultVA, g.S.FaultKind, g.S.FaultMMCSR, g.S.FaultAccess = 0, 0, 0, 0, 0
	for i, v := range s.Data {
		binary.LittleEndian.PutUint64(g.RAM[DataPA+8*i:], v)
	}
	for i, w := range code {
		binary.LittleEndian.PutUint32(g.RAM[CodePA+4*i:], w)
	}
	if code != nil {
		g.mapViews()
	}
}

// Get reads the state back into s after the guest left by the exit code.
func (g Guest) Get(s *State, exit abi.Exit) {
	s.R, s.F = g.S.R, g.S.F
	s.FPCR, s.FEN, s.Flag, s.PCC = g.S.FPCR, g.S.FEN, g.S.IntrFlag, g.S.PCCOffset
	s.Lock, s.LockPA, s.LockVal = g.S.LockFlag, g.S.LockPA, g.S.LockValue
	for i := range s.Data {
		s.Data[i] = binary.LittleEndian.Uint64(g.RAM[DataPA+8*i:])
	}
	s.Outcome = Outcome{PC: g.S.PC - CodeVA, Count: g.S.Icount, Exit: exit,
		Arg: g.S.ExitArg, VA: g.S.FaultVA, Kind: g.S.FaultKind, Access: g.S.FaultAccess}
	if s.Kind == abi.FaultMM { // else it says nothing, and may be an earlier look-up's
		s.MMCSR = g.S.FaultMMCSR
	}
}

// differ calls f for every place in which two states differ, by the names that a
// case uses. Places that mean something only with some exits are compared only if
// both states have that exit.
func differ(a, b *State, f func(name string, got, want uint64)) {
	check := func(name string, x, y uint64) {
		if x != y {
			f(name, x, y)
		}
	}
	row := func(letter byte, step int, x, y []uint64) {
		for i := range x {
			if x[i] != y[i] {
				f(fmt.Sprintf("%c%d", letter, step*i), x[i], y[i])
			}
		}
	}
	row('r', 1, a.R[:], b.R[:])
	row('f', 1, a.F[:], b.F[:])
	row('m', 8, a.Data[:], b.Data[:])
	check("fpcr", a.FPCR, b.FPCR)
	check("fen", a.FEN, b.FEN)
	check("flag", a.Flag, b.Flag)
	check("pcc", a.PCC, b.PCC)
	check("lock", a.Lock, b.Lock)
	check("pc", a.PC, b.PC)
	check("count", uint64(a.Count), uint64(b.Count))
}

// Difference describes how got is not want, "" if they are the same.
func Difference(got, want *State) string {
	if got.Exit != want.Exit {
		return fmt.Sprintf("left by %s, want %s", got.Exit, want.Exit)
	}
	first := ""
	note := func(name string, g, w uint64) {
		if first == "" {
			first = fmt.Sprintf("%s is %#x, want %#x", name, g, w)
		}
	}
	differ(got, want, note)
	for _, d := range details(got.Exit) {
		if g, w := *got.place(d), *want.place(d); g != w {
			note(d, g, w)
		}
	}
	return first
}

// details are the places that say more about an exit.
func details(exit abi.Exit) []string {
	switch exit {
	case abi.ExitFault:
		return []string{"va", "kind", "mmcsr", "access"}
	case abi.ExitArith:
		return []string{"arg", "mask"}
	case abi.ExitOPCDEC, abi.ExitCallPAL:
		return []string{"arg"}
	}
	return nil
}
