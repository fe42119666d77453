package isa

import "sync"

// form is one way to write an operation: a mnemonic, the conditions under which
// it stands for the instruction, and the operands that are then written. A
// table line gives the plain form; what differs from it is listed below.
type form struct {
	name   string
	op     Op
	cond   cond
	value  int64 // for condHint and condImm
	traps  uint8 // not 0: only with these trap sets (bit n: Trap(n)) and RoundNormal
	syntax []operand
}

// cond is a set of conditions on an instruction; an assembler sets what they
// say, a disassembler checks it.
type cond uint16

const (
	condRa31  cond = 1 << iota
	condRb31       // and no literal
	condRc31       //
	condRbRa       // Rb equals Ra, and no literal
	condRb26       //
	condRb30       //
	condHint       // Hint is value
	condImm        // Imm is value
	condNever      // the assembler takes the form, the disassembler does not write it
)

// Operand lists that several forms share.
var (
	syntaxABC  = []operand{argRa, argRbLit, argRc}
	syntaxBC   = []operand{argRbLit, argRc}
	syntaxFBC  = []operand{argFb, argFc}
	syntaxDisp = []operand{argRa, argDisp}
	syntaxPAL  = []operand{argPAL}
	syntaxJump = []operand{argRa, argRbParen}
)

// aliases are the forms that objdump prefers to the plain one, in its order of
// preference within an operation: the first that matches is written. They are
// the pseudo-instructions of the Handbook's appendix A.4.4 and those of the GNU
// tools.
var aliases = [...]form{
	{name: "halt", op: OpCALLPAL, cond: condImm, value: 0x00},
	{name: "draina", op: OpCALLPAL, cond: condImm, value: 0x02},
	{name: "bpt", op: OpCALLPAL, cond: condImm, value: 0x80},
	{name: "bugchk", op: OpCALLPAL, cond: condImm, value: 0x81},
	{name: "callsys", op: OpCALLPAL, cond: condImm, value: 0x83},
	{name: "imb", op: OpCALLPAL, cond: condImm, value: 0x86},
	{name: "rduniq", op: OpCALLPAL, cond: condImm, value: 0x9e},
	{name: "wruniq", op: OpCALLPAL, cond: condImm, value: 0x9f},
	{name: "gentrap", op: OpCALLPAL, cond: condImm, value: 0xaa},
	{name: "chmk", op: OpCALLPAL, cond: condImm | condNever, value: 0x83},
	{name: "pal", op: OpCALLPAL, cond: condNever, syntax: syntaxPAL},

	{name: "lda", op: OpLDA, cond: condRb31, syntax: syntaxDisp},
	{name: "ldah", op: OpLDAH, cond: condRb31, syntax: syntaxDisp},
	{name: "unop", op: OpLDQU, cond: condRb30 | condNever}, // the one that assemblers write
	{name: "unop", op: OpLDQU, cond: condRa31},

	{name: "sextl", op: OpADDL, cond: condRa31, syntax: syntaxBC},
	{name: "negl", op: OpSUBL, cond: condRa31, syntax: syntaxBC},
	{name: "negl/v", op: OpSUBLV, cond: condRa31, syntax: syntaxBC},
	{name: "negq", op: OpSUBQ, cond: condRa31, syntax: syntaxBC},
	{name: "negq/v", op: OpSUBQV, cond: condRa31, syntax: syntaxBC},

	{name: "andnot", op: OpBIC, syntax: syntaxABC},
	{name: "nop", op: OpBIS, cond: condRa31 | condRb31 | condRc31},
	{name: "clr", op: OpBIS, cond: condRa31 | condRb31, syntax: []operand{argRc}},
	{name: "mov", op: OpBIS, cond: condRa31, syntax: syntaxBC},
	{name: "mov", op: OpBIS, cond: condRbRa, syntax: []operand{argRa, argRc}},
	{name: "or", op: OpBIS, syntax: syntaxABC},
	{name: "not", op: OpORNOT, cond: condRa31, syntax: syntaxBC},
	{name: "xornot", op: OpEQV, cond: condNever, syntax: syntaxABC},

	{name: "negf", op: OpSUBF, cond: condRa31, traps: trapsNone | trapsS, syntax: syntaxFBC},
	{name: "negg", op: OpSUBG, cond: condRa31, traps: trapsNone | trapsS, syntax: syntaxFBC},
	{name: "negs", op: OpSUBS, cond: condRa31, traps: trapsNone | trapsSU | trapsSUI, syntax: syntaxFBC},
	{name: "negt", op: OpSUBT, cond: condRa31, traps: trapsNone | trapsSU | trapsSUI, syntax: syntaxFBC},
	{name: "fnop", op: OpCPYS, cond: condRa31 | condRb31 | condRc31},
	{name: "fclr", op: OpCPYS, cond: condRa31 | condRb31, syntax: []operand{argFc}},
	{name: "fabs", op: OpCPYS, cond: condRa31, syntax: syntaxFBC},
	{name: "fmov", op: OpCPYS, cond: condRbRa, syntax: []operand{argFa, argFc}},
	{name: "fneg", op: OpCPYSN, cond: condRbRa, syntax: []operand{argFa, argFc}},

	{name: "draint", op: OpTRAPB, cond: condNever},
	{name: "rpcc", op: OpRPCC, cond: condRb31, syntax: []operand{argRa}},
	{name: "pal19", op: OpHWMFPR, syntax: syntaxPAL},
	{name: "pal1b", op: OpHWLD, syntax: syntaxPAL},
	{name: "pal1d", op: OpHWMTPR, syntax: syntaxPAL},
	{name: "pal1e", op: OpHWREI, syntax: syntaxPAL},
	{name: "pal1f", op: OpHWST, syntax: syntaxPAL},

	{name: "jmp", op: OpJMP, cond: condRa31 | condHint, syntax: []operand{argRbParen}},
	{name: "jmp", op: OpJMP, cond: condHint | condNever, syntax: syntaxJump},
	{name: "jsr", op: OpJSR, cond: condHint | condNever, syntax: syntaxJump},
	{name: "ret", op: OpRET, cond: condRa31 | condRb26 | condHint, value: 1},
	{name: "ret", op: OpRET, cond: condHint | condNever, value: 1, syntax: syntaxJump},
	{name: "jcr", op: OpJSRCO, syntax: []operand{argRa, argRbParen, argRetHint}},
	{name: "br", op: OpBR, cond: condRa31, syntax: []operand{argTarget}},
}

// aliasesOf lists the aliases of each operation in order.
var aliasesOf = buildAliasesOf()

func buildAliasesOf() [NumOps][]*form {
	var out [NumOps][]*form
	for i := range aliases {
		f := &aliases[i]
		if f.cond&condNever == 0 {
			out[f.op] = append(out[f.op], f)
		}
	}
	return out
}

// matches tells whether f is a way to write inst.
func (f *form) matches(inst *Inst) bool {
	c := f.cond
	switch {
	case c&condRa31 != 0 && inst.Ra != 31,
		c&condRb31 != 0 && (inst.Rb != 31 || inst.Lit),
		c&condRc31 != 0 && inst.Rc != 31,
		c&condRbRa != 0 && (inst.Rb != inst.Ra || inst.Lit),
		c&condRb26 != 0 && inst.Rb != 26,
		c&condRb30 != 0 && inst.Rb != 30,
		c&condHint != 0 && int64(inst.Hint) != f.value,
		c&condImm != 0 && inst.Imm != f.value,
		f.traps != 0 && (inst.Round != RoundNormal || f.traps>>inst.Trap&1 == 0):
		return false
	}
	return true
}

// apply sets in inst what the form says by itself; the written operands are
// already there.
func (f *form) apply(inst *Inst) {
	c := f.cond
	if c&condRbRa != 0 {
		inst.Rb = inst.Ra
	}
	if c&condRb26 != 0 {
		inst.Rb = 26
	}
	if c&condRb30 != 0 {
		inst.Rb = 30
	}
	if c&condHint != 0 {
		inst.Hint = uint16(f.value)
	}
	if c&condImm != 0 {
		inst.Imm = f.value
	}
}

// candidate is what a written mnemonic may mean.
type candidate struct {
	form
	round Round
	trap  Trap
}

// mnemonics maps every mnemonic with its qualifiers to its candidates, the
// plain form first. Built on first use: only the assembler needs it.
var mnemonics = sync.OnceValue(func() map[string][]candidate {
	m := map[string][]candidate{}
	add := func(f form, q qualSet, plainTraps uint8) {
		for round := RoundChopped; round <= RoundDynamic; round++ {
			for trap := range Trap(8) {
				if !q.allows(round, trap) || plainTraps != 0 && (round != RoundNormal || plainTraps>>trap&1 == 0) {
					continue
				}
				name := f.name + q.suffix(round, trap)
				m[name] = append(m[name], candidate{f, round, trap})
			}
		}
	}
	for i := range table {
		r := &table[i]
		add(form{name: r.name, op: r.op, syntax: operandTable[r.operands].syntax}, r.quals, 0)
	}
	for i := range aliases {
		add(aliases[i], lineOf(aliases[i].op).quals, aliases[i].traps)
	}
	return m
})
