package isa

// rowOf holds the index of an operation's line in the table, plus one.
var rowOf = buildRowOf()

func buildRowOf() [NumOps]uint16 {
	var out [NumOps]uint16
	for i := range table {
		if out[table[i].op] != 0 {
			panic("BUG: isa: an operation has two lines: " + table[i].name)
		}
		out[table[i].op] = uint16(i + 1)
	}
	return out
}

// lineOf returns the table line of op, nil for OpInvalid and numbers that are
// no Op.
func lineOf(op Op) *row {
	if int(op) >= NumOps || rowOf[op] == 0 {
		return nil
	}
	return &table[rowOf[op]-1]
}

// Encode returns the canonical word of inst: fields that the instruction does
// not use are as the GNU assembler leaves them, and inst.Word is not looked at,
// except for OpInvalid, whose word it is. For a word w of a defined instruction
// with no ignored bits set, Encode(Decode(w)) == w.
//
// Values that do not fit a field are cut to its width; qualifiers that the
// operation does not allow give a word that decodes as OpInvalid or as another
// instruction. Assemble is the function that refuses such input.
func Encode(inst Inst) uint32 {
	r := lineOf(inst.Op)
	if r == nil {
		return inst.Word
	}
	o := &operandTable[r.operands]
	w := uint32(r.opcode)<<opcodeShift | o.fixed
	ra, rb, rc := uint32(inst.Ra&31), uint32(inst.Rb&31), uint32(inst.Rc&31)
	if o.must31&FieldRa != 0 {
		ra = 31
	}
	if o.must31&FieldRb != 0 {
		rb = 31
	}
	switch r.format {
	case FormatMem:
		imm := inst.Imm
		if inst.Op == OpLDAH {
			imm >>= 16
		}
		w |= ra<<raShift | rb<<rbShift | uint32(uint16(imm))
	case FormatBranch:
		w |= ra<<raShift | uint32(inst.Imm>>2)&(1<<21-1)
	case FormatJump:
		w |= ra<<raShift | rb<<rbShift | uint32(r.fn)<<14 | uint32(inst.Hint)&hintMask
	case FormatMemFunc:
		w |= uint32(r.fn)
		if o.present&FieldRa != 0 {
			w |= ra << raShift
		}
		if o.present&FieldRb != 0 {
			w |= rb << rbShift
		}
	case FormatOpr:
		w |= ra<<raShift | uint32(r.fn)<<fnShift | rc
		switch {
		case r.operands == opndImplver: // the literal is fixed
		case inst.Lit:
			w |= litBit | uint32(inst.Imm&0xff)<<litShift
		default:
			w |= rb << rbShift
		}
	case FormatFPOp:
		fn := uint32(r.fn) ^ r.quals.funcBits(inst.Round&3, inst.Trap&7)
		w |= ra<<raShift | rb<<rbShift | fn<<fnShift | rc
	case FormatPAL, FormatPALRes:
		w |= uint32(inst.Imm) & palMask
	}
	return w
}
