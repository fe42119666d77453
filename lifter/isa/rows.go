package isa

import "fmt"

// Row is a line of the table as others may see it.
type Row struct {
	*Info
	Opcode   uint8    // bits 31:26 of the word
	Function uint16   // function code of the unqualified form, in formats that have one
	Encoding string   // as the Handbook's appendix C.1 writes it: "10.20", "16.0A0", "1A.1", "18.4400", "29"
	Forms    []string // the mnemonics of all qualifier forms, the unqualified one included
	Operands string   // the operands in assembler form with fields as names: "ra,disp(rb)"
	Literal  bool     // Rb may be an 8-bit literal
}

// Table returns the table of Alpha, one row for each operation, in the order of
// opcodes and function codes. The caller owns the slice; Info is shared and must
// not be written to.
func Table() []Row {
	out := make([]Row, 0, len(table))
	for i := range table {
		r := &table[i]
		o := &operandTable[r.operands]
		out = append(out, Row{
			Info: r.op.Info(), Opcode: r.opcode, Function: r.fn,
			Encoding: r.encoding(), Forms: r.forms(), Operands: o.describe(),
			Literal: r.format == FormatOpr && o.takesLiteral(),
		})
	}
	return out
}

// Samples returns an instruction of each qualifier form of op, in the order of
// Row.Forms, on registers 1, 2 and 3. OpInvalid has none.
func (op Op) Samples() []Inst {
	if op == OpInvalid || int(op) >= NumOps {
		return nil
	}
	r := lineOf(op)
	o := &operandTable[r.operands]
	var out []Inst
	r.eachQualifier(func(round Round, trap Trap) {
		in := Inst{Op: op, Ra: 31, Rb: 31, Rc: 31, Round: round, Trap: trap}
		in.setFields(o.present, 1, 2, 3)
		if o.sameRegs {
			in.Ra, in.Rb, in.Rc = 1, 1, 1
		}
		out = append(out, Decode(Encode(in)))
	})
	return out
}

func (r *row) encoding() string {
	switch r.format {
	case FormatOpr:
		return fmt.Sprintf("%02X.%02X", r.opcode, r.fn)
	case FormatFPOp:
		return fmt.Sprintf("%02X.%03X", r.opcode, r.fn)
	case FormatJump:
		return fmt.Sprintf("%02X.%X", r.opcode, r.fn)
	case FormatMemFunc:
		return fmt.Sprintf("%02X.%04X", r.opcode, r.fn)
	}
	return fmt.Sprintf("%02X", r.opcode)
}

func (r *row) forms() []string {
	var out []string
	r.eachQualifier(func(round Round, trap Trap) { out = append(out, r.name+r.quals.suffix(round, trap)) })
	return out
}

// eachQualifier calls f for every qualifier form, the unqualified one first.
func (r *row) eachQualifier(f func(Round, Trap)) {
	for trap := range Trap(8) {
		for _, round := range [...]Round{RoundNormal, RoundChopped, RoundMinus, RoundDynamic} {
			if r.quals.allows(round, trap) {
				f(round, trap)
			}
		}
	}
}

func (o *operandInfo) takesLiteral() bool {
	for _, a := range o.syntax {
		if a == argRbLit {
			return true
		}
	}
	return false
}

var operandText = [numArgs]string{
	argRa: "ra", argRb: "rb", argRc: "rc", argFa: "fa", argFb: "fb", argFc: "fc", argFabc: "fa", argRbLit: "rb|#lit",
	argMem: "disp(rb)", argDisp: "disp", argRbParen: "(rb)", argTarget: "target", argHint: "hint", argRetHint: "hint",
	argPAL: "function",
}

func (o *operandInfo) describe() string {
	s := ""
	for i, a := range o.syntax {
		if i > 0 {
			s += ","
		}
		s += operandText[a]
	}
	return s
}
