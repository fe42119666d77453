package hostcode

import (
	"fmt"

	"golang.org/x/arch/x86/x86asm"
)

// Flow says where control goes after an instruction.
type Flow uint8

// The kinds of flow.
const (
	Next     Flow = iota // to the instruction behind it
	Jump                 // to Target
	Cond                 // to Target or behind it
	Indirect             // to a target in a register or in memory
	Call                 // of Target, and back
	Return
	Stop // nowhere: a trap
)

// Inst is one host instruction. Addresses are offsets in the text of the artefact.
type Inst struct {
	x86asm.Inst
	At     uint32
	Flow   Flow
	Target uint32 // of Jump, Cond, and of Call if it is direct
}

// End is the address behind the instruction.
func (i *Inst) End() uint32 { return i.At + uint32(i.Len) }

// decode decodes the instruction at text[at].
func decode(text []byte, at uint32) (Inst, error) {
	x, err := decodeBytes(text[at:])
	if err == nil && x.Op == 0 {
		err = x86asm.ErrUnrecognized // an encoding that is nothing but a prefix
	}
	if err != nil {
		return Inst{}, fmt.Errorf("host code at %#x: %w", at, err)
	}
	i := Inst{Inst: x, At: at, Flow: flowOf(x.Op)}
	rel, direct := x.Args[0].(x86asm.Rel)
	switch {
	case direct:
		i.Target = i.End() + uint32(int32(rel))
	case i.Flow == Jump:
		i.Flow = Indirect
	}
	return i, nil
}

// decodeBytes is x86asm.Decode with what that does not get right.
func decodeBytes(b []byte) (x86asm.Inst, error) {
	const vex2, gs = 0xc5, 0x65
	x, err := x86asm.Decode(b, 64)
	segment := x86asm.Reg(0)
	switch {
	case len(b) >= 3 && b[0] == vex2 && b[2] == 0x77:
		// VZEROUPPER and VZEROALL have no ModRM byte; x86asm counts one.
		x.Len = 3
	case (err != nil || x.Op == 0) && len(b) > 1 && b[0] == gs:
		// x86asm knows VEX prefixes at the beginning only.
		if x, err = x86asm.Decode(b[1:], 64); err != nil {
			return x, err
		}
		x.Len++
		x.PCRelOff++
		segment = x86asm.GS
	}
	for i, a := range x.Args {
		if m, ok := a.(x86asm.Mem); ok {
			m.Disp = int64(int32(m.Disp)) // x86asm extends 32 bits with zeroes
			if segment != 0 {
				m.Segment = segment
			}
			x.Args[i] = m
		}
	}
	return x, err
}

func flowOf(op x86asm.Op) Flow {
	switch op {
	case x86asm.JMP:
		return Jump
	case x86asm.JA, x86asm.JAE, x86asm.JB, x86asm.JBE, x86asm.JE, x86asm.JNE, x86asm.JG, x86asm.JGE, x86asm.JL, x86asm.JLE,
		x86asm.JO, x86asm.JNO, x86asm.JP, x86asm.JNP, x86asm.JS, x86asm.JNS, x86asm.JRCXZ, x86asm.JECXZ:
		return Cond
	case x86asm.CALL:
		return Call
	case x86asm.RET:
		return Return
	case x86asm.UD2, x86asm.INT, x86asm.HLT:
		return Stop
	}
	return Next
}
