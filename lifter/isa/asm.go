package isa

import (
	"fmt"
	"strings"
)

// Assemble translates one instruction in the syntax that Disasm writes, with or
// without aliases, at address pc, to its word. Registers are written by ABI name
// or number (a0, $16, r16; $f2, f2), literals as numbers with an optional #,
// branch targets as addresses or as offsets from the instruction (.+8), and an
// operate instruction may leave out a destination equal to its first operand.
// ".long n" is the word n. What the GNU assembler makes several instructions of
// (ldgp, large constants, symbols) is not understood.
//
// Where several encodings have the same text, the usual one is meant: "mov
// a0,v0" is bis zero,a0,v0. Errors name the text and what is wrong with it.
func Assemble(text string, pc uint64) (uint32, error) {
	word, err := assemble(text, pc)
	if err != nil {
		return 0, fmt.Errorf("assemble %q: %w", text, err)
	}
	return word, nil
}

func assemble(text string, pc uint64) (uint32, error) {
	text = strings.ToLower(strings.TrimSpace(text))
	name, rest := text, ""
	if i := strings.IndexAny(text, " \t"); i >= 0 {
		name, rest = text[:i], strings.TrimSpace(text[i+1:])
	}
	if name == ".long" {
		v, err := number(rest, 0, 1<<32-1)
		return uint32(v), err
	}
	candidates := mnemonics()[name]
	if len(candidates) == 0 {
		return 0, fmt.Errorf("unknown mnemonic %q", name)
	}
	var args []string
	if rest != "" {
		args = strings.Split(rest, ",")
		for i := range args {
			args[i] = strings.TrimSpace(args[i])
		}
	}
	var failure error
	for i := range candidates {
		c := &candidates[i]
		use := args
		if len(args) == 2 && destDefaults(c.syntax) {
			use = []string{args[0], args[1], args[0]}
		}
		if len(use) != len(c.syntax) {
			continue
		}
		inst, err := c.parse(use, pc)
		if err == nil {
			return Encode(inst), nil
		}
		if failure == nil {
			failure = err
		}
	}
	if failure == nil {
		failure = fmt.Errorf("%s does not take %d operands", name, len(args))
	}
	return 0, failure
}

// destDefaults tells whether the last of three operands may be left out when it
// is the first one again.
func destDefaults(syntax []operand) bool {
	return len(syntax) == 3 && (syntax[2] == argRc || syntax[2] == argFc)
}

func (c *candidate) parse(args []string, pc uint64) (Inst, error) {
	p := parser{inst: Inst{Op: c.op, Ra: 31, Rb: 31, Rc: 31, Round: c.round, Trap: c.trap}, pc: pc}
	for i, arg := range c.syntax {
		if err := operandKinds[arg].parse(&p, args[i]); err != nil {
			return Inst{}, fmt.Errorf("operand %d: %w", i+1, err)
		}
	}
	c.apply(&p.inst)
	return p.inst, nil
}
