package hostcode

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"

	"golang.org/x/arch/x86/x86asm"

	"axpress/runtime/abi"
	"axpress/translator/artifact"
)

// Code is the host code of an artefact.
type Code struct {
	Text    []byte
	Units   []artifact.Unit // sorted by place in the text
	entries map[uint32][]abi.CodeEntry
}

// Open returns the code of a.
func Open(a *artifact.Artifact) (*Code, error) {
	units, _, err := a.UnitList()
	if err != nil {
		return nil, err
	}
	c := &Code{Text: a.Text, entries: map[uint32][]abi.CodeEntry{}}
	c.Units = slices.SortedFunc(slices.Values(units), func(x, y artifact.Unit) int { return cmp.Compare(x.Code, y.Code) })
	for _, e := range a.Entries {
		c.entries[e.Code] = append(c.entries[e.Code], e)
	}
	return c, nil
}

// Unit is one unit's host code.
type Unit struct {
	artifact.Unit
	Insts []Inst // in order of address
	// Entries are the guest addresses that can be entered, by number.
	Entries []Entry

	code    *Code
	limit   uint32 // the unit ends before it
	targets map[uint32][]uint32
	index   map[uint32]int // of Insts, by address
}

// Entry is a place where a unit can be entered.
type Entry struct {
	PC uint64
	At uint32 // the first instruction that only this entry executes; of the unit if that is not known
}

// Bytes is the size of the unit's instructions.
func (u *Unit) Bytes() int {
	if len(u.Insts) == 0 {
		return 0
	}
	return int(u.Insts[len(u.Insts)-1].End() - u.Insts[0].At)
}

// Unit decodes the code of u, one of c.Units.
func (c *Code) Unit(u artifact.Unit) (*Unit, error) {
	i, ok := slices.BinarySearchFunc(c.Units, u.Code, func(x artifact.Unit, at uint32) int { return cmp.Compare(x.Code, at) })
	if !ok {
		return nil, fmt.Errorf("%s: no unit of this artefact", u.Name)
	}
	d := &Unit{Unit: u, code: c, limit: uint32(len(c.Text)), targets: map[uint32][]uint32{}, index: map[uint32]int{}}
	for i < len(c.Units) && c.Units[i].Code == u.Code {
		i++
	}
	if i < len(c.Units) {
		d.limit = c.Units[i].Code
	}
	if err := d.decode(); err != nil {
		return nil, fmt.Errorf("%s: %w", u.Name, err)
	}
	d.findEntries()
	return d, nil
}

// decode finds the unit's instructions. Behind the last unit of an object file come
// its jump tables; so the unit ends where an instruction does not go on and nothing
// before it leads further.
func (u *Unit) decode() error {
	var sweep []Inst
	var broken error
	for at := u.Code; at < u.limit; at = sweep[len(sweep)-1].End() {
		in, err := decode(u.code.Text[:u.limit], at)
		if err != nil {
			broken = err
			break
		}
		sweep = append(sweep, in)
	}
	u.jumpTables(sweep)
	furthest := u.Code
	for i := range sweep {
		in := &sweep[i]
		u.index[in.At] = len(u.Insts)
		u.Insts = append(u.Insts, *in)
		if in.Flow == Jump || in.Flow == Cond {
			furthest = max(furthest, u.inside(in.Target))
		}
		for _, t := range u.targets[in.At] {
			furthest = max(furthest, t)
		}
		switch in.Flow {
		case Jump, Indirect, Return, Stop:
			if in.End() > furthest {
				return nil
			}
		}
	}
	if broken == nil {
		broken = fmt.Errorf("host code at %#x: the unit does not end before the next one", u.Code)
	}
	return broken
}

// inside returns target if it is in the unit, else 0: a jump elsewhere is a call in
// tail position.
func (u *Unit) inside(target uint32) uint32 {
	if target < u.Code || target >= u.limit {
		return 0
	}
	return target
}

// jumpTables finds the targets of indirect jumps, and lowers limit to what is before
// the first table. LLVM writes
//
//	cmp    $COUNT-1,%rcx
//	ja     OTHER
//	lea    TABLE(%rip),%rax
//	movslq (%rax,%rcx,4),%rcx
//	add    %rax,%rcx
//	jmp    *%rcx
//
// with 32-bit distances from the table in it; the lea may be far away, in front of a
// loop. Tables stand one behind the other.
func (u *Unit) jumpTables(sweep []Inst) {
	var tables []jumpTable
	bases := map[uint32]bool{}
	for i := range sweep {
		if sweep[i].Flow != Indirect {
			continue
		}
		if t, ok := u.jumpTable(sweep, i); ok {
			tables = append(tables, t)
			bases[t.base] = true
			if t.base > t.jump {
				u.limit = min(u.limit, t.base)
			}
		}
	}
	for _, t := range tables {
		for n := uint32(0); n < t.count; n++ {
			at := t.base + 4*n
			if n > 0 && bases[at] || int(at)+4 > len(u.code.Text) {
				break
			}
			target := u.inside(t.base + binary.LittleEndian.Uint32(u.code.Text[at:]))
			if target == 0 {
				break
			}
			u.targets[t.jump] = append(u.targets[t.jump], target)
		}
	}
}

type jumpTable struct {
	jump, base uint32
	count      uint32 // at most
}

// jumpTable finds the table of the indirect jump sweep[jump].
func (u *Unit) jumpTable(sweep []Inst, jump int) (t jumpTable, ok bool) {
	const near = 24 // instructions between the comparison and the jump
	t.jump, t.count = sweep[jump].At, ^uint32(0)
	var base x86asm.Reg
	for k := jump - 1; k >= max(0, jump-near); k-- {
		in := &sweep[k]
		if m, is := in.Args[1].(x86asm.Mem); is && in.Op == x86asm.MOVSXD && m.Scale == 4 && base == 0 {
			base = m.Base
		}
		if last, is := in.Args[1].(x86asm.Imm); is && in.Op == x86asm.CMP && sweep[k+1].Op == x86asm.JA {
			t.count = uint32(last) + 1
			break
		}
	}
	if base == 0 {
		return t, false // a call in tail position
	}
	for k := jump - 1; k >= 0; k-- {
		if at, is := addressLoaded(&sweep[k]); is && sweep[k].Args[0] == base {
			t.base = at
			return t, at%4 == 0 && (at < u.Code || at > t.jump) && int(at) < len(u.code.Text)
		}
	}
	return t, false
}

// addressLoaded says which address of the text in loads, if it is such a lea.
func addressLoaded(in *Inst) (uint32, bool) {
	if in.Op != x86asm.LEA {
		return 0, false
	}
	m, ok := in.Args[1].(x86asm.Mem)
	return in.End() + uint32(m.Disp), ok && m.Base == x86asm.RIP
}
