package isa

// Positions of the fields of an instruction word (Handbook, section 3.3).
const (
	opcodeShift = 26
	raShift     = 21
	rbShift     = 16
	litShift    = 13
	litBit      = 1 << 12
	fnShift     = 5

	palMask  = 1<<26 - 1
	hintMask = 1<<14 - 1
)

// entry is what decoding needs of a table line and, in the floating-point
// formats, of one of its qualifier forms.
type entry struct {
	op      Op
	round   Round
	trap    Trap
	present Fields
	must31  Fields
	special special
}

// special is a condition or a meaning that is not a matter of fields.
type special uint8

const (
	specialNone    special = iota
	specialRegOnly         // no literal form
	specialFn11            // an operate-format opcode whose function code is 11 bits (FTOIx, 1C.070)
	specialSame            // Ra, Rb and Rc equal
	specialNoLit           // the literal is not an operand (IMPLVER)
)

// decodeTables is the table turned around for decoding: for each opcode the
// format, and either one entry or a list of entries by function code.
type decodeTables struct {
	format [64]Format
	shift  [64]uint8  // of the function code that indexes entries
	mask   [64]uint16 // of the same
	// entries has 1 << (bits of mask) elements for each opcode in use.
	entries [64][]entry
}

var decoding = buildDecoding()

func buildDecoding() decodeTables {
	var d decodeTables
	for i := range d.entries {
		d.entries[i] = []entry{{}}
	}
	for i := range table {
		r := &table[i]
		o := &operandTable[r.operands]
		e := entry{op: r.op, present: o.present, must31: o.must31}
		switch {
		case r.operands == opndFPToInt:
			e.special = specialFn11
		case o.regOnly:
			e.special = specialRegOnly
		case o.sameRegs:
			e.special = specialSame
		case r.operands == opndImplver:
			e.special = specialNoLit
		}
		d.add(r, e)
	}
	return d
}

// add enters e under every function code of line r.
func (d *decodeTables) add(r *row, e entry) {
	op := r.opcode
	if d.format[op] == FormatNone {
		d.format[op] = r.format
		g := functionFields[r.format]
		d.shift[op], d.mask[op] = g.shift, 1<<g.bits-1
		d.entries[op] = make([]entry, 1<<g.bits)
	}
	put := func(fn uint32, e entry) {
		slot := &d.entries[op][fn&uint32(d.mask[op])]
		if slot.op != OpInvalid || d.format[op] != r.format {
			panic("BUG: isa: two lines share an encoding: " + r.name)
		}
		*slot = e
	}
	if r.format == FormatMemFunc {
		put(uint32(r.fn)>>memFuncLow, e)
		return
	}
	if r.format != FormatFPOp {
		put(uint32(r.fn), e)
		return
	}
	for round := RoundChopped; round <= RoundDynamic; round++ {
		for trap := range Trap(8) {
			if r.quals.allows(round, trap) {
				e.round, e.trap = round, trap
				put(uint32(r.fn)^r.quals.funcBits(round, trap), e)
			}
		}
	}
}

// memFuncLow is the number of low bits that are zero in all function codes of
// opcode 18, so that 64 entries cover them.
const memFuncLow = 10

// functionFields is where the function code stands that selects the entry.
var functionFields = [numFormats]struct{ shift, bits uint8 }{
	FormatMemFunc: {memFuncLow, 6},
	FormatJump:    {14, 2},
	FormatOpr:     {fnShift, 7},
	FormatFPOp:    {fnShift, 11},
}

// Decode decodes an instruction word. It never fails: a word that the
// architecture does not define gives OpInvalid with all registers 31.
func Decode(word uint32) Inst {
	opcode := word >> opcodeShift
	d := &decoding
	entries := d.entries[opcode]
	e := &entries[word>>d.shift[opcode]&uint32(d.mask[opcode])]
	ra, rb, rc := uint8(word>>raShift)&31, uint8(word>>rbShift)&31, uint8(word)&31
	inst := Inst{Word: word, Op: e.op, Ra: 31, Rb: 31, Rc: 31}
	switch d.format[opcode] {
	case FormatMem:
		inst.Ra, inst.Rb = ra, rb
		inst.Imm = int64(int16(word))
		if e.op == OpLDAH {
			inst.Imm <<= 16
		}
	case FormatBranch:
		inst.Ra = ra
		inst.Imm = int64(int32(word<<11) >> 9)
	case FormatOpr:
		if word&litBit != 0 {
			if e.special == specialRegOnly || e.special == specialFn11 {
				return invalid(word)
			}
			if e.special != specialNoLit {
				inst.Lit = true
				inst.Imm = int64(word >> litShift & 0xff)
			}
			rb = 31
		} else if e.special == specialFn11 && word>>litShift&7 != 0 {
			return invalid(word)
		}
		if !fits(e, ra, rb, rc) {
			return invalid(word)
		}
		inst.setFields(e.present, ra, rb, rc)
	case FormatFPOp:
		if !fits(e, ra, rb, rc) {
			return invalid(word)
		}
		inst.Round, inst.Trap = e.round, e.trap
		inst.setFields(e.present, ra, rb, rc)
	case FormatMemFunc:
		if word&(1<<memFuncLow-1) != 0 || e.op == OpInvalid {
			return invalid(word)
		}
		inst.setFields(e.present, ra, rb, rc)
		inst.Imm = int64(word & 0xffff)
	case FormatJump:
		inst.Ra, inst.Rb = ra, rb
		inst.Hint = uint16(word & hintMask)
	case FormatPAL, FormatPALRes:
		inst.Imm = int64(word & palMask)
	}
	return inst
}

// DecodeFP decodes the operation and the qualifiers of a floating-point operate
// instruction, which Decode knows to be one.
func DecodeFP(word uint32) (Op, Round, Trap) {
	opcode := word >> opcodeShift
	e := &decoding.entries[opcode][word>>decoding.shift[opcode]&uint32(decoding.mask[opcode])]
	return e.op, e.round, e.trap
}

func invalid(word uint32) Inst { return Inst{Word: word, Ra: 31, Rb: 31, Rc: 31} }

// fits tells whether the register fields are ones that e is defined for.
func fits(e *entry, ra, rb, rc uint8) bool {
	if e.op == OpInvalid {
		return false
	}
	if e.must31 != 0 && (e.must31&FieldRa != 0 && ra != 31 || e.must31&FieldRb != 0 && rb != 31) {
		return false
	}
	return e.special != specialSame || ra == rb && ra == rc
}

func (inst *Inst) setFields(present Fields, ra, rb, rc uint8) {
	if present&FieldRa != 0 {
		inst.Ra = ra
	}
	if present&FieldRb != 0 {
		inst.Rb = rb
	}
	if present&FieldRc != 0 {
		inst.Rc = rc
	}
}
