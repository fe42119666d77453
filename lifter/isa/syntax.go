package isa

import (
	"fmt"
	"strconv"
	"strings"
)

// operand is a kind of written operand.
type operand uint8

const (
	argRa operand = iota
	argRb
	argRc
	argFa
	argFb
	argFc
	argFabc    // one register that stands in all three fields
	argRbLit   // a register or an 8-bit literal
	argMem     // disp(Rb)
	argDisp    // disp
	argRbParen // (Rb)
	argTarget  // branch target, an address
	argHint    // predicted jump target, an address
	argRetHint // the hint field as it is
	argPAL     // 26 bits
	numArgs
)

// operandKind writes and reads an operand.
type operandKind struct {
	print func(*printer)
	parse func(*parser, string) error
}

var operandKinds = [numArgs]operandKind{
	argRa:      {func(p *printer) { p.reg(p.inst.Ra) }, func(p *parser, s string) error { return p.reg(s, &p.inst.Ra) }},
	argRb:      {func(p *printer) { p.reg(p.inst.Rb) }, func(p *parser, s string) error { return p.reg(s, &p.inst.Rb) }},
	argRc:      {func(p *printer) { p.reg(p.inst.Rc) }, func(p *parser, s string) error { return p.reg(s, &p.inst.Rc) }},
	argFa:      {func(p *printer) { p.freg(p.inst.Ra) }, func(p *parser, s string) error { return p.freg(s, &p.inst.Ra) }},
	argFb:      {func(p *printer) { p.freg(p.inst.Rb) }, func(p *parser, s string) error { return p.freg(s, &p.inst.Rb) }},
	argFc:      {func(p *printer) { p.freg(p.inst.Rc) }, func(p *parser, s string) error { return p.freg(s, &p.inst.Rc) }},
	argFabc:    {func(p *printer) { p.freg(p.inst.Ra) }, (*parser).sameFregs},
	argRbLit:   {printRbLit, (*parser).regOrLit},
	argMem:     {func(p *printer) { p.disp(); p.paren() }, (*parser).mem},
	argDisp:    {func(p *printer) { p.disp() }, (*parser).disp},
	argRbParen: {func(p *printer) { p.paren() }, (*parser).paren},
	argTarget:  {func(p *printer) { p.address(p.inst.BranchTarget(p.pc)) }, (*parser).target},
	argHint:    {func(p *printer) { p.address(p.inst.HintTarget(p.pc)) }, (*parser).hint},
	argRetHint: {func(p *printer) { p.hex(uint64(p.inst.Hint)) }, (*parser).retHint},
	argPAL:     {func(p *printer) { p.hex(uint64(p.inst.Imm)) }, (*parser).pal},
}

func printRbLit(p *printer) {
	if p.inst.Lit {
		p.hex(uint64(p.inst.Imm))
		return
	}
	p.reg(p.inst.Rb)
}

// parser is the state of reading one instruction.
type parser struct {
	inst Inst
	pc   uint64
}

func (p *parser) reg(s string, dst *uint8) error {
	n, ok := parseReg(s)
	if !ok {
		return fmt.Errorf("%q is no integer register", s)
	}
	*dst = n
	return nil
}

func (p *parser) freg(s string, dst *uint8) error {
	n, ok := parseFreg(s)
	if !ok {
		return fmt.Errorf("%q is no floating-point register", s)
	}
	*dst = n
	return nil
}

func (p *parser) sameFregs(s string) error {
	err := p.freg(s, &p.inst.Ra)
	p.inst.Rb, p.inst.Rc = p.inst.Ra, p.inst.Ra
	return err
}

func (p *parser) regOrLit(s string) error {
	if n, ok := parseReg(s); ok {
		p.inst.Rb = n
		return nil
	}
	v, err := number(strings.TrimPrefix(s, "#"), 0, 255)
	if err != nil {
		return err
	}
	p.inst.Lit, p.inst.Imm = true, v
	return nil
}

func (p *parser) disp(s string) error {
	v, err := number(s, -1<<15, 1<<15-1)
	if err != nil {
		return err
	}
	if p.inst.Op == OpLDAH {
		v <<= 16
	}
	p.inst.Imm = v
	return nil
}

// mem reads "disp(rb)", "(rb)", or "disp" for a base of R31.
func (p *parser) mem(s string) error {
	open := strings.IndexByte(s, '(')
	if open < 0 {
		return p.disp(s)
	}
	if d := strings.TrimSpace(s[:open]); d != "" {
		if err := p.disp(d); err != nil {
			return err
		}
	}
	return p.paren(s[open:])
}

func (p *parser) paren(s string) error {
	if len(s) < 2 || s[0] != '(' || s[len(s)-1] != ')' {
		return fmt.Errorf("%q is no register in parentheses", s)
	}
	return p.reg(strings.TrimSpace(s[1:len(s)-1]), &p.inst.Rb)
}

// target reads a branch target: an address, or "." with an offset, the address
// of the instruction itself.
func (p *parser) target(s string) error {
	a, err := p.address(s)
	if err != nil {
		return err
	}
	d := int64(a - p.pc - 4)
	if d&3 != 0 || d < -1<<22 || d >= 1<<22 {
		return fmt.Errorf("branch from %#x to %#x: not a multiple of 4 within 4 MB", p.pc, a)
	}
	p.inst.Imm = d
	return nil
}

func (p *parser) hint(s string) error {
	a, err := p.address(s)
	if err != nil {
		return err
	}
	d := int64(a - p.pc - 4)
	if d&3 != 0 {
		return fmt.Errorf("hint at %#x for %#x: not a multiple of 4", p.pc, a)
	}
	p.inst.Hint = uint16(d>>2) & hintMask
	return nil
}

func (p *parser) retHint(s string) error {
	v, err := number(s, 0, hintMask)
	p.inst.Hint = uint16(v)
	return err
}

func (p *parser) pal(s string) error {
	v, err := number(s, 0, palMask)
	p.inst.Imm = v
	return err
}

func (p *parser) address(s string) (uint64, error) {
	s, _, _ = strings.Cut(s, " <")
	if rest, ok := strings.CutPrefix(s, "."); ok {
		if rest == "" {
			return p.pc, nil
		}
		d, err := strconv.ParseInt(rest, 0, 64)
		if err != nil {
			return 0, fmt.Errorf("%q is no address", s)
		}
		return p.pc + uint64(d), nil
	}
	a, err := strconv.ParseUint(s, 0, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is no address", s)
	}
	return a, nil
}

func number(s string, low, high int64) (int64, error) {
	v, err := strconv.ParseInt(s, 0, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is no number", s)
	}
	if v < low || v > high {
		return 0, fmt.Errorf("%d is not within %d and %d", v, low, high)
	}
	return v, nil
}

// regByName maps the names of integer registers, without a leading $, to their
// numbers: the ABI names, and second names that the GNU assembler knows.
var regByName = buildRegByName()

func buildRegByName() map[string]uint8 {
	m := map[string]uint8{"s6": 15, "ai": 25, "pv": 27}
	for n, name := range regNames {
		m[name] = uint8(n)
	}
	return m
}

// parseReg reads an integer register: an ABI name, $n, $name, rn.
func parseReg(s string) (uint8, bool) {
	t := strings.TrimPrefix(s, "$")
	if n, ok := regByName[t]; ok {
		return n, true
	}
	if len(t) == len(s) {
		if t = strings.TrimPrefix(s, "r"); len(t) == len(s) {
			return 0, false
		}
	}
	return regNumber(t)
}

// parseFreg reads a floating-point register: $fn or fn.
func parseFreg(s string) (uint8, bool) {
	t := strings.TrimPrefix(s, "$")
	if !strings.HasPrefix(t, "f") {
		return 0, false
	}
	return regNumber(t[1:])
}

func regNumber(s string) (uint8, bool) {
	n, err := strconv.ParseUint(s, 10, 8)
	if err != nil || n > 31 || len(s) > 1 && s[0] == '0' {
		return 0, false
	}
	return uint8(n), true
}
