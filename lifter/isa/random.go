package isa

// Rand is where Random takes its choices from; *rand.Rand of math/rand and of
// math/rand/v2 both are one.
type Rand interface{ Uint32() uint32 }

// Random returns a valid instruction: a table line drawn uniformly from those
// that filter accepts (nil accepts all), one of its qualifier forms drawn
// uniformly, and random operands. Word holds its canonical encoding. If filter
// accepts no line, the result is Decode(0x04000000), an invalid instruction.
func Random(rng Rand, filter func(*Info) bool) Inst {
	var lines [len(table)]uint16
	n := 0
	for i := range table {
		if filter == nil || filter(&infos[table[i].op]) {
			lines[n] = uint16(i)
			n++
		}
	}
	if n == 0 {
		return Decode(0x01 << opcodeShift)
	}
	r := &table[lines[int(rng.Uint32()%uint32(n))]]
	o := &operandTable[r.operands]

	inst := Inst{Op: r.op, Ra: 31, Rb: 31, Rc: 31}
	bits := rng.Uint32()
	inst.setFields(o.present, uint8(bits)&31, uint8(bits>>5)&31, uint8(bits>>10)&31)
	if o.sameRegs {
		inst.Rb, inst.Rc = inst.Ra, inst.Ra
	}
	wide := rng.Uint32()
	switch r.format {
	case FormatMem:
		inst.Imm = int64(int16(wide))
		if r.op == OpLDAH {
			inst.Imm <<= 16
		}
	case FormatBranch:
		inst.Imm = int64(int32(wide<<11) >> 9)
	case FormatJump:
		inst.Hint = uint16(wide & hintMask)
	case FormatOpr:
		if o.takesLiteral() && bits>>15&1 != 0 {
			inst.Lit, inst.Imm, inst.Rb = true, int64(wide&0xff), 31
		}
	case FormatFPOp:
		inst.Round, inst.Trap = r.randomQualifier(wide)
	case FormatPAL, FormatPALRes:
		inst.Imm = int64(wide & palMask)
	}
	// Encoding and decoding fills in what the format has besides, Word first.
	return Decode(Encode(inst))
}

// randomQualifier chooses one of the line's qualifier forms by a random number.
func (r *row) randomQualifier(random uint32) (round Round, trap Trap) {
	n := uint32(0)
	r.eachQualifier(func(Round, Trap) { n++ })
	pick := random % n
	r.eachQualifier(func(q Round, t Trap) {
		if pick == 0 {
			round, trap = q, t
		}
		pick--
	})
	return round, trap
}
