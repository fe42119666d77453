package interp

import (
	"math"
	"strings"
	"testing"

	"axpress/lifter/isa"
	"axpress/runtime/abi"
	"axpress/runtime/mem"
	"axpress/runtime/mmu"
	"axpress/runtime/vcpu"
)

// rig is a CPU in kernel mode with code at codePA, reached through KSEG.
type rig struct {
	s   *abi.State
	ram *mem.RAM
	m   *mmu.MMU
	c   *CPU
}

const (
	rigRAM  = 1 << 20
	codePA  = 0x4000
	dataPA  = 0x10000
	codeVA  = abi.KSEGBase + codePA
	dataVA  = abi.KSEGBase + dataPA
	forever = math.MaxInt64
)

// newRig makes an interpreter of cpu, of which it makes state and memory.
func newRig(t testing.TB, cpu vcpu.CPU, entry func(pc uint64) bool) *rig {
	t.Helper()
	s, err := abi.NewState()
	if err != nil {
		t.Fatal(err)
	}
	ram, err := mem.New(rigRAM)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := abi.FreeState(s); err != nil {
			t.Error(err)
		}
		if err := ram.Close(); err != nil {
			t.Error(err)
		}
	})
	m := mmu.New(s, ram, nil)
	m.InitWindows()
	s.FEN, s.Limit, s.PC = 1, forever, codeVA
	s.FPCR = 2 << 58 // round to nearest
	cpu.S, cpu.MMU, cpu.RAM = s, m, ram
	return &rig{s, ram, m, New(&cpu, entry)}
}

// load assembles text, one instruction a line, at codePA. The assembler places
// it at codeVA.
func (r *rig) load(t testing.TB, text string) {
	t.Helper()
	pa := uint64(codePA)
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		w, err := isa.Assemble(line, abi.KSEGBase+pa)
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		r.ram.Write32(abi.PAddr(pa), w)
		pa += 4
	}
	r.c.InvalidateCode()
}
