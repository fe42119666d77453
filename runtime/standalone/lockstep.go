package standalone

import (
	"errors"
	"math/bits"
	"slices"

	"axpress/lifter/isa"
	"axpress/runtime/abi"
	"axpress/runtime/gocode"
	"axpress/runtime/machine"
	"axpress/runtime/trace"
	"axpress/runtime/vcpu"
)

// newLockstep makes an engine that runs the interpreter and compares translated code with
// it. The first difference ends the run.
func newLockstep(c *machine.CPU, g *Guest) (*trace.Lockstep, error) {
	return trace.New(c, trace.Config{
		Inlined: func(fn uint32) bool { return slices.Contains(g.Inlined, fn) },
		Shadow: func(cpu *vcpu.CPU) (trace.Shadow, error) {
			e, err := gocode.New(gocode.Config{CPU: cpu, Functions: g.Functions})
			if err != nil {
				return trace.Shadow{}, err
			}
			return trace.Shadow{Tier: &shadow{e, cpu}, Written: e.Written}, nil
		},
	})
}

// broken is what stopped a run in lockstep: the difference, all of it; nil if there is
// none, or there was no such run.
func broken(l *trace.Lockstep) error {
	if l == nil {
		return nil
	}
	var d *trace.Divergence
	if errors.As(l.Err(), &d) {
		return errors.New(d.String())
	}
	return l.Err()
}

// shadow is translated code whose soft TLB is filled by nobody else: misses are left to
// the interpreter, which has one of its own.
type shadow struct {
	*gocode.Engine
	cpu *vcpu.CPU
}

// Enter implements engine.Tier.
func (s *shadow) Enter() (code abi.Exit, ok bool) {
	code, ok = s.Engine.Enter()
	if ok && code == abi.ExitInterpret && s.cpu.S.Mode() == abi.ModeUser {
		s.fill()
	}
	return code, ok
}

// fill fills the soft TLB for the access of the instruction at State.PC, if it makes one.
// Nothing else changes.
func (s *shadow) fill() {
	g := s.cpu.S
	before := [...]uint64{g.FaultKind, g.FaultVA, g.FaultAccess, g.FaultMMCSR}
	defer func() {
		g.FaultKind, g.FaultVA, g.FaultAccess, g.FaultMMCSR = before[0], before[1], before[2], before[3]
	}()
	word, ok := s.cpu.MMU.PeekWord(abi.VAddr(g.PC))
	if !ok {
		return
	}
	inst := isa.Decode(word)
	info := inst.Op.Info()
	if info.Size == 0 {
		return
	}
	at, log2 := g.R[inst.Rb]+uint64(inst.Imm), bits.TrailingZeros8(info.Size)
	if info.Faults&isa.FaultAlign == 0 {
		at &^= uint64(info.Size) - 1
	}
	access := uint64(abi.MMAccessRead)
	if info.Class == isa.ClassStore || info.Class == isa.ClassFPStore {
		access = abi.MMAccessWrite
	}
	s.cpu.MMU.Fill(abi.VAddr(at), log2, access)
}
