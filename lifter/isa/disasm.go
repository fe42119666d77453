package isa

import "strconv"

// Style chooses how Disasm writes an instruction. The zero value writes what
// alpha-linux-gnu-objdump -d writes.
type Style struct {
	// Plain writes the Handbook's mnemonic with all operands and none of
	// objdump's aliases: "bis zero,a0,v0" for "mov a0,v0".
	Plain bool
	// Numeric writes registers as $0-$31 and $f0-$f31 in place of ABI names.
	Numeric bool
	// Symbol, if not nil, names an address; a name that is not empty is written
	// behind a branch target as " <name>".
	Symbol func(addr uint64) string
}

// Disasm writes inst, which stands at address pc, in the form of GNU objdump:
// mnemonic, a tab, operands with commas and no blanks; without the trailing tab
// that objdump leaves after some mnemonics. A word that is no instruction is
// written as ".long 0x...".
func Disasm(inst Inst, pc uint64, style Style) string {
	var buf [64]byte
	return string(AppendDisasm(buf[:0], inst, pc, style))
}

// AppendDisasm appends to b what Disasm returns.
func AppendDisasm(b []byte, inst Inst, pc uint64, style Style) []byte {
	r := lineOf(inst.Op)
	if r == nil {
		return appendHex(append(b, ".long "...), uint64(inst.Word))
	}
	name, syntax := r.name, operandTable[r.operands].syntax
	if !style.Plain {
		for _, f := range aliasesOf[inst.Op] {
			if f.matches(&inst) {
				name, syntax = f.name, f.syntax
				break
			}
		}
	}
	b = append(b, name...)
	if r.format == FormatFPOp {
		b = append(b, r.quals.suffix(inst.Round, inst.Trap)...)
	}
	p := printer{b: b, inst: &inst, pc: pc, style: style}
	for i, arg := range syntax {
		if i == 0 {
			p.b = append(p.b, '\t')
		} else {
			p.b = append(p.b, ',')
		}
		operandKinds[arg].print(&p)
	}
	return p.b
}

// String writes the instruction as Disasm does, at address 0.
func (inst Inst) String() string { return Disasm(inst, 0, Style{}) }

// printer is the state of writing one instruction.
type printer struct {
	b     []byte
	inst  *Inst
	pc    uint64
	style Style
}

func (p *printer) reg(n uint8) {
	if p.style.Numeric {
		p.b = strconv.AppendUint(append(p.b, '$'), uint64(n&31), 10)
		return
	}
	p.b = append(p.b, regNames[n&31]...)
}

func (p *printer) freg(n uint8) {
	p.b = strconv.AppendUint(append(p.b, "$f"...), uint64(n&31), 10)
}

func (p *printer) hex(v uint64)  { p.b = appendHex(p.b, v) }
func (p *printer) dec(v int64)   { p.b = strconv.AppendInt(p.b, v, 10) }
func (p *printer) text(s string) { p.b = append(p.b, s...) }

func (p *printer) paren() {
	p.text("(")
	p.reg(p.inst.Rb)
	p.text(")")
}

// disp writes a memory displacement as it stands in the word.
func (p *printer) disp() {
	if p.inst.Op == OpLDAH {
		p.dec(p.inst.Imm >> 16)
		return
	}
	p.dec(p.inst.Imm)
}

func (p *printer) address(a uint64) {
	p.text("0x")
	p.b = strconv.AppendUint(p.b, a, 16)
	if p.style.Symbol != nil {
		if s := p.style.Symbol(a); s != "" {
			p.text(" <" + s + ">")
		}
	}
}

// appendHex writes v as C's %#x does: zero without a prefix.
func appendHex(b []byte, v uint64) []byte {
	if v != 0 {
		b = append(b, "0x"...)
	}
	return strconv.AppendUint(b, v, 16)
}

// regNames are the names of the integer registers in the Alpha calling standard
// for Unix, as the GNU tools print them.
var regNames = [32]string{
	"v0", "t0", "t1", "t2", "t3", "t4", "t5", "t6",
	"t7", "s0", "s1", "s2", "s3", "s4", "s5", "fp",
	"a0", "a1", "a2", "a3", "a4", "a5", "t8", "t9",
	"t10", "t11", "ra", "t12", "at", "gp", "sp", "zero",
}

// RegName returns the ABI name of integer register n (taken modulo 32).
func RegName(n uint8) string { return regNames[n&31] }
