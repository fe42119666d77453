package isa

// operands is the operand pattern of a table line.
type operands uint8

const (
	opndNone       operands = iota
	opndAddr                // Ra := disp + Rb
	opndLoad                // Ra := mem[disp + Rb]
	opndStore               // mem[disp + Rb] := Ra
	opndStoreCond           // the same, and Ra := success
	opndFLoad               // Fa := mem[disp + Rb]
	opndFStore              // mem[disp + Rb] := Fa
	opndLink                // Ra := PC, branch
	opndTest                // branch on Ra
	opndFTest               // branch on Fa
	opndJump                // Ra := PC, jump to Rb
	opndRet                 // the same with a hint that is no address
	opndRRR                 // Rc := Ra op (Rb or literal)
	opndRRRReg              // Rc := Ra op Rb, no literal form
	opndCMov                // Rc := if Ra then (Rb or literal) else Rc
	opndRR                  // Rc := op (Rb or literal), Ra is R31
	opndRRReg               // Rc := op Rb, Ra is R31, no literal form
	opndImplver             // Rc := constant, Ra is R31, Rb is ignored
	opndFFF                 // Fc := Fa op Fb
	opndFF                  // Fc := op Fb, Fa is F31
	opndFCMov               // Fc := if Fa then Fb else Fc
	opndToFPCR              // FPCR := Fa, all three fields equal
	opndFromFPCR            // Fa := FPCR, all three fields equal
	opndIntToFP             // Fc := Ra, Rb is R31
	opndFPToInt             // Rc := Fa, Fb is F31, no literal form
	opndRPCC                // Ra := cycle counter, Rb is only printed
	opndFlag                // Ra := interrupt flag
	opndCacheBlock          // hint about the block at Rb
	opndPAL                 // CALL_PAL
	opndPALRes              // reserved opcode
	numOperands
)

// operandInfo is what a pattern means. The zero value of syntax prints nothing.
type operandInfo struct {
	reads, writes, fp Fields
	present           Fields // fields that Inst shows; the others are 31 there
	must31            Fields // fields that have to be 31 for the word to be valid
	fixed             uint32 // bits of the canonical word that no field of Inst shows
	regOnly           bool   // operate format without a literal form
	sameRegs          bool   // all three fields have to be equal
	syntax            []operand
}

const (
	fieldsAB  = FieldRa | FieldRb
	fieldsBC  = FieldRb | FieldRc
	fieldsAC  = FieldRa | FieldRc
	fieldsABC = FieldRa | FieldRb | FieldRc
)

var operandTable = [numOperands]operandInfo{
	opndNone:       {},
	opndAddr:       {reads: FieldRb, writes: FieldRa, present: fieldsAB, syntax: []operand{argRa, argMem}},
	opndLoad:       {reads: FieldRb, writes: FieldRa, present: fieldsAB, syntax: []operand{argRa, argMem}},
	opndStore:      {reads: fieldsAB, present: fieldsAB, syntax: []operand{argRa, argMem}},
	opndStoreCond:  {reads: fieldsAB, writes: FieldRa, present: fieldsAB, syntax: []operand{argRa, argMem}},
	opndFLoad:      {reads: FieldRb, writes: FieldRa, fp: FieldRa, present: fieldsAB, syntax: []operand{argFa, argMem}},
	opndFStore:     {reads: fieldsAB, fp: FieldRa, present: fieldsAB, syntax: []operand{argFa, argMem}},
	opndLink:       {writes: FieldRa, present: FieldRa, syntax: []operand{argRa, argTarget}},
	opndTest:       {reads: FieldRa, present: FieldRa, syntax: []operand{argRa, argTarget}},
	opndFTest:      {reads: FieldRa, fp: FieldRa, present: FieldRa, syntax: []operand{argFa, argTarget}},
	opndJump:       {reads: FieldRb, writes: FieldRa, present: fieldsAB, syntax: []operand{argRa, argRbParen, argHint}},
	opndRet:        {reads: FieldRb, writes: FieldRa, present: fieldsAB, syntax: []operand{argRa, argRbParen, argRetHint}},
	opndRRR:        {reads: fieldsAB, writes: FieldRc, present: fieldsABC, syntax: []operand{argRa, argRbLit, argRc}},
	opndRRRReg:     {reads: fieldsAB, writes: FieldRc, present: fieldsABC, regOnly: true, syntax: []operand{argRa, argRb, argRc}},
	opndCMov:       {reads: fieldsABC, writes: FieldRc, present: fieldsABC, syntax: []operand{argRa, argRbLit, argRc}},
	opndRR:         {reads: FieldRb, writes: FieldRc, present: fieldsBC, must31: FieldRa, syntax: []operand{argRbLit, argRc}},
	opndRRReg:      {reads: FieldRb, writes: FieldRc, present: fieldsBC, must31: FieldRa, regOnly: true, syntax: []operand{argRb, argRc}},
	opndImplver:    {writes: FieldRc, present: FieldRc, must31: FieldRa, fixed: litBit | 1<<litShift, syntax: []operand{argRc}},
	opndFFF:        {reads: fieldsAB, writes: FieldRc, fp: fieldsABC, present: fieldsABC, syntax: []operand{argFa, argFb, argFc}},
	opndFF:         {reads: FieldRb, writes: FieldRc, fp: fieldsBC, present: fieldsBC, must31: FieldRa, syntax: []operand{argFb, argFc}},
	opndFCMov:      {reads: fieldsABC, writes: FieldRc, fp: fieldsABC, present: fieldsABC, syntax: []operand{argFa, argFb, argFc}},
	opndToFPCR:     {reads: FieldRa, fp: fieldsABC, present: fieldsABC, sameRegs: true, syntax: []operand{argFabc}},
	opndFromFPCR:   {writes: FieldRa, fp: fieldsABC, present: fieldsABC, sameRegs: true, syntax: []operand{argFabc}},
	opndIntToFP:    {reads: FieldRa, writes: FieldRc, fp: FieldRc, present: fieldsAC, must31: FieldRb, syntax: []operand{argRa, argFc}},
	opndFPToInt:    {reads: FieldRa, writes: FieldRc, fp: FieldRa, present: fieldsAC, must31: FieldRb, regOnly: true, syntax: []operand{argFa, argRc}},
	opndRPCC:       {writes: FieldRa, present: fieldsAB, syntax: []operand{argRa, argRb}},
	opndFlag:       {writes: FieldRa, present: FieldRa, syntax: []operand{argRa}},
	opndCacheBlock: {reads: FieldRb, present: FieldRb, fixed: 31 << raShift, syntax: []operand{argRbParen}},
	opndPAL:        {syntax: []operand{argPAL}},
	opndPALRes:     {syntax: []operand{argPAL}},
}

// qualSet is the set of qualifiers a floating-point line allows: every listed
// rounding with every listed trap set. The zero value is for lines that take
// none; their Inst has RoundNormal (FormatFPOp) and no Trap.
type qualSet struct {
	rounds uint8 // bit n: Round(n) is allowed
	traps  uint8 // bit n: Trap(n) is allowed
	toInt  bool  // TrapU is written /V
}

const (
	roundsAll = 1<<RoundChopped | 1<<RoundMinus | 1<<RoundNormal | 1<<RoundDynamic
	roundsVAX = 1<<RoundChopped | 1<<RoundNormal
	roundsN   = 1 << RoundNormal

	trapsNone  = 1 << 0
	trapsU     = 1 << TrapU
	trapsS     = 1 << TrapS
	trapsSU    = 1 << (TrapS | TrapU)
	trapsSUI   = 1 << (TrapS | TrapU | TrapI)
	trapsArith = trapsNone | trapsU | trapsSU | trapsSUI
	trapsVAX   = trapsNone | trapsU | trapsS | trapsSU
)

// The qualifier sets of appendix C.2 and C.3 of the Handbook.
var (
	qNone    = qualSet{}
	qIEEE    = qualSet{rounds: roundsAll, traps: trapsArith}
	qIEEEInt = qualSet{rounds: roundsAll, traps: trapsArith, toInt: true} // CVTTQ
	qFromInt = qualSet{rounds: roundsAll, traps: trapsNone | trapsSUI}    // CVTQx: inexact is all that can happen
	qIEEECmp = qualSet{rounds: roundsN, traps: trapsNone | trapsSU}
	qCVTST   = qualSet{rounds: roundsN, traps: trapsNone | trapsS}
	qVAX     = qualSet{rounds: roundsVAX, traps: trapsVAX}
	qVAXInt  = qualSet{rounds: roundsVAX, traps: trapsVAX, toInt: true} // CVTGQ
	qVAXFrom = qualSet{rounds: roundsVAX, traps: trapsNone}             // CVTQx
	qVAXCmp  = qualSet{rounds: roundsN, traps: trapsNone | trapsS}
	qCVTQL   = qualSet{traps: trapsNone | trapsU | trapsSU, toInt: true} // no rounding: the field is 0
)

// allows tells whether the set has the pair. A line without rounding
// qualifiers has RoundNormal only, one without traps the empty Trap only.
func (q qualSet) allows(round Round, trap Trap) bool {
	rounds, traps := q.rounds, q.traps
	if rounds == 0 {
		rounds = roundsN
	}
	if traps == 0 {
		traps = trapsNone
	}
	return rounds>>round&1 != 0 && traps>>trap&1 != 0
}

// funcBits returns what the qualifiers add to the line's function code: the
// rounding in bits 7:6 (an exclusive or, since the line has /N there) and the
// traps in bits 10:8 (Handbook, section 4.7.8).
func (q qualSet) funcBits(round Round, trap Trap) uint32 {
	bits := uint32(trap) << 8
	if q.rounds != 0 {
		bits |= uint32(round^RoundNormal) << 6
	}
	return bits
}

// suffix returns the qualifiers as written: "", "/c", "/su", "/svid".
func (q qualSet) suffix(round Round, trap Trap) string {
	var b [5]byte
	s := append(b[:0], '/')
	if trap&TrapS != 0 {
		s = append(s, 's')
	}
	if trap&TrapU != 0 {
		if q.toInt {
			s = append(s, 'v')
		} else {
			s = append(s, 'u')
		}
	}
	if trap&TrapI != 0 {
		s = append(s, 'i')
	}
	if round != RoundNormal && q.rounds != 0 {
		s = append(s, "cm?d"[round&3])
	}
	if len(s) == 1 {
		return ""
	}
	return string(s)
}
