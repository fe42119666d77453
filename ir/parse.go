package ir

import (
	"fmt"
	"strconv"
	"strings"
)

// Bounds of the numbers in value and block names, so that a short text cannot
// ask for huge tables.
const (
	maxParsedValue = 1 << 21
	maxParsedBlock = 1 << 19
)

// Parse reads functions in the text form (see Func.String). It checks that the
// text is well formed and every name is defined once; Verify checks the rest.
// Errors say the line. Values without a result get numbers after the largest
// one in the text.
func Parse(src string) ([]*Func, error) {
	p := &parser{}
	var funcs []*Func
	for i, line := range strings.Split(src, "\n") {
		p.line = i + 1
		if err := p.scan(line); err != nil {
			return nil, err
		}
		if p.done() {
			continue
		}
		if err := p.parseLine(); err != nil {
			return nil, err
		}
		if p.f == nil && p.finished != nil {
			funcs = append(funcs, p.finished)
			p.finished = nil
		}
	}
	if p.f != nil {
		return nil, p.errorf("no } at the end of func %q", p.f.Name)
	}
	return funcs, nil
}

type parser struct {
	line int
	toks []string
	pos  int

	f        *Func // function being read
	finished *Func
	b        *Block // block being read
	pc       uint64
	closed   bool // b has its terminal
	values   map[int]*Value
	blocks   map[int]*Block
	defined  map[any]bool // *Value or *Block
	firstUse map[any]int  // line
	uses     []any        // in order of first use
	noID     []*Value     // values without result
}

func (p *parser) errorf(format string, args ...any) error {
	return fmt.Errorf("ir: line %d: %s", p.line, fmt.Sprintf(format, args...))
}

func isWord(c byte) bool {
	return c == '_' || c == '.' || c == '-' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// scan splits a line into tokens: words and numbers, quoted strings, single
// punctuation characters.
func (p *parser) scan(s string) error {
	p.toks, p.pos = p.toks[:0], 0
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == ' ' || c == '\t' || c == '\r':
			i++
		case c == ';':
			return nil
		case c == '"':
			q, err := strconv.QuotedPrefix(s[i:])
			if err != nil {
				return p.errorf("bad string")
			}
			p.toks = append(p.toks, q)
			i += len(q)
		case isWord(c):
			j := i
			for j < len(s) && isWord(s[j]) {
				j++
			}
			p.toks = append(p.toks, s[i:j])
			i = j
		case strings.IndexByte("(){}[],:=@", c) >= 0:
			p.toks = append(p.toks, s[i:i+1])
			i++
		default:
			return p.errorf("unexpected character %q", c)
		}
	}
	return nil
}

func (p *parser) done() bool { return p.pos >= len(p.toks) }

func (p *parser) peek() string {
	if p.done() {
		return ""
	}
	return p.toks[p.pos]
}

func (p *parser) next() string {
	t := p.peek()
	p.pos++
	return t
}

func (p *parser) accept(t string) bool {
	if p.peek() == t && t != "" {
		p.pos++
		return true
	}
	return false
}

func (p *parser) expect(t string) error {
	if !p.accept(t) {
		return p.errorf("want %q, have %q", t, p.peek())
	}
	return nil
}

func (p *parser) number() (int64, error) {
	t := p.next()
	if n, err := strconv.ParseInt(t, 0, 64); err == nil {
		return n, nil
	}
	n, err := strconv.ParseUint(t, 0, 64)
	if err != nil {
		return 0, p.errorf("want a number, have %q", t)
	}
	return int64(n), nil
}

func (p *parser) pcAfter(keyword string) (uint64, error) {
	if err := p.expect(keyword); err != nil {
		return 0, err
	}
	n, err := p.number()
	return uint64(n), err
}

// index reads the number of a name such as v12; ok is false if t is no such name.
func index(t string, letter byte, limit int) (n int, ok bool) {
	if len(t) < 2 || t[0] != letter {
		return 0, false
	}
	n, err := strconv.Atoi(t[1:])
	return n, err == nil && n >= 0 && n < limit && strconv.Itoa(n) == t[1:]
}

func (p *parser) value() (*Value, error) {
	t := p.next()
	n, ok := index(t, 'v', maxParsedValue)
	if !ok {
		return nil, p.errorf("want a value, have %q", t)
	}
	v := p.values[n]
	if v == nil {
		v = &Value{ID: n}
		p.values[n] = v
		p.f.nextValue = max(p.f.nextValue, n+1)
		p.use(v)
	}
	return v, nil
}

func (p *parser) block() (*Block, error) {
	t := p.next()
	n, ok := index(t, 'b', maxParsedBlock)
	if !ok {
		return nil, p.errorf("want a block, have %q", t)
	}
	b := p.blocks[n]
	if b == nil {
		b = &Block{ID: n}
		p.blocks[n] = b
		p.f.nextBlock = max(p.f.nextBlock, n+1)
		p.use(b)
	}
	return b, nil
}

func (p *parser) use(x any) {
	p.firstUse[x] = p.line
	p.uses = append(p.uses, x)
}

func (p *parser) define(x fmt.Stringer) error {
	if p.defined[x] {
		return p.errorf("%v is defined twice", x)
	}
	p.defined[x] = true
	return nil
}

// reg reads a register name of the text form.
func reg(t string) (Reg, bool) {
	if n, ok := index(t, 'r', 32); ok {
		return Reg(n), true
	}
	n, ok := index(t, 'f', 32)
	return Reg(32 + n), ok
}

func parseType(t string) (Type, bool) {
	for i := range typeTable {
		if typeTable[i].name == t {
			return Type(i), true
		}
	}
	return Void, false
}

func (p *parser) parseLine() error {
	first := p.peek()
	var err error
	switch {
	case p.f == nil:
		err = p.parseFunc()
	case first == "}":
		p.next()
		err = p.finish()
	case first == "entry":
		err = p.parseEntry()
	case isBlockName(first):
		err = p.parseBlock()
	case p.b == nil:
		err = p.errorf("%q outside a block", first)
	case p.closed:
		err = p.errorf("%q after the terminal of %v", first, p.b)
	default:
		kind, ok := TermNone, false
		for i, name := range termNames {
			if name == first {
				kind, ok = TermKind(i), true
			}
		}
		if ok {
			p.next()
			err = p.parseTerm(kind)
		} else {
			err = p.parseValue()
		}
	}
	if err == nil && !p.done() {
		err = p.errorf("unexpected %q", p.peek())
	}
	return err
}

func isBlockName(t string) bool {
	_, ok := index(t, 'b', maxParsedBlock)
	return ok
}

func (p *parser) parseFunc() error {
	if err := p.expect("func"); err != nil {
		return err
	}
	name, err := strconv.Unquote(p.next())
	if err != nil {
		return p.errorf("want the quoted name of a function")
	}
	p.f, p.b = &Func{Name: name}, nil
	p.values, p.blocks = map[int]*Value{}, map[int]*Block{}
	p.defined, p.firstUse, p.uses, p.noID = map[any]bool{}, map[any]int{}, nil, nil
	if p.f.PC, err = p.pcAfter("@"); err != nil {
		return err
	}
	for !p.accept("{") {
		switch {
		case p.accept("kernel"):
			p.f.Kernel = true
		case p.accept("relocatable"):
			p.f.Relocatable = true
		case p.accept("promoted"):
			p.f.Promoted = true
		case p.peek() == "base":
			if p.f.Base, err = p.pcAfter("base"); err != nil {
				return err
			}
		default:
			return p.errorf("unexpected %q in the head of a func", p.peek())
		}
	}
	return nil
}

func (p *parser) finish() error {
	if p.b != nil && !p.closed {
		return p.errorf("%v has no terminal", p.b)
	}
	for _, x := range p.uses {
		if !p.defined[x] {
			p.line = p.firstUse[x]
			return p.errorf("%v is not defined", x)
		}
	}
	for _, v := range p.noID {
		v.ID = p.f.nextValue
		p.f.nextValue++
	}
	p.finished, p.f = p.f, nil
	return nil
}

func (p *parser) parseEntry() error {
	pc, err := p.pcAfter("entry")
	if err != nil {
		return err
	}
	b, err := p.block()
	p.f.Entries = append(p.f.Entries, Entry{PC: pc, Block: b})
	return err
}

func (p *parser) parseBlock() error {
	if p.b != nil && !p.closed {
		return p.errorf("%v has no terminal", p.b)
	}
	b, err := p.block()
	if err != nil {
		return err
	}
	if err := p.define(b); err != nil {
		return err
	}
	p.f.Blocks = append(p.f.Blocks, b)
	p.b, p.closed = b, false
	if p.accept("(") {
		for {
			v, err := p.definition(b)
			if err != nil {
				return err
			}
			v.Op = OpParam
			b.Params = append(b.Params, v)
			if p.accept(")") {
				break
			}
			if err := p.expect(","); err != nil {
				return err
			}
		}
	}
	if b.PC, err = p.pcAfter("@"); err != nil {
		return err
	}
	p.pc = b.PC
	for _, v := range b.Params {
		v.PC = b.PC
	}
	return p.expect(":")
}

// definition reads "v12:i64".
func (p *parser) definition(b *Block) (*Value, error) {
	v, err := p.value()
	if err != nil {
		return nil, err
	}
	if err := p.define(v); err != nil {
		return nil, err
	}
	if err := p.expect(":"); err != nil {
		return nil, err
	}
	t, ok := parseType(p.next())
	if !ok || t == Void {
		return nil, p.errorf("want the type of %v", v)
	}
	v.Type, v.Block = t, b
	return v, nil
}

func (p *parser) parseValue() error {
	var v *Value
	if _, ok := index(p.peek(), 'v', maxParsedValue); ok {
		var err error
		if v, err = p.definition(p.b); err != nil {
			return err
		}
		if err := p.expect("="); err != nil {
			return err
		}
	} else {
		v = &Value{Block: p.b}
		p.noID = append(p.noID, v)
	}
	name := p.next()
	for op := OpInvalid + 1; op < numOps; op++ {
		if Table[op].Name == name && op != OpParam {
			v.Op = op
		}
	}
	if v.Op == OpInvalid {
		return p.errorf("no op or terminal is called %q", name)
	}
	if err := p.parseOperands(v); err != nil {
		return err
	}
	var err error
	if v.Snap, err = p.parseSnap(); err != nil {
		return err
	}
	v.PC, err = p.parsePC()
	p.b.Vals = append(p.b.Vals, v)
	return err
}

// parseOperands reads "imm, v1, v2", each part optional.
func (p *parser) parseOperands(v *Value) error {
	for first := true; !p.done() && p.peek() != "[" && p.peek() != "@"; first = false {
		if !first {
			if err := p.expect(","); err != nil {
				return err
			}
		}
		if r, ok := reg(p.peek()); ok && first && (v.Op == OpGetReg || v.Op == OpSetReg) {
			p.next()
			v.Imm = int64(r)
			continue
		}
		if first && !strings.HasPrefix(p.peek(), "v") {
			n, err := p.number()
			if err != nil {
				return err
			}
			v.Imm = n
			continue
		}
		a, err := p.value()
		if err != nil {
			return err
		}
		v.Args = append(v.Args, a)
	}
	return nil
}

func (p *parser) parseSnap() ([]RegValue, error) {
	var snap []RegValue
	if !p.accept("[") {
		return nil, nil
	}
	for !p.accept("]") {
		t := p.next()
		r, ok := reg(t)
		if !ok {
			return nil, p.errorf("want a register, have %q", t)
		}
		if err := p.expect("="); err != nil {
			return nil, err
		}
		v, err := p.value()
		if err != nil {
			return nil, err
		}
		snap = append(snap, RegValue{Reg: r, Val: v})
	}
	return snap, nil
}

// parsePC reads the optional "@PC" at the end of a line.
func (p *parser) parsePC() (uint64, error) {
	if p.peek() == "@" {
		pc, err := p.pcAfter("@")
		if err != nil {
			return 0, err
		}
		p.pc = pc
	}
	return p.pc, nil
}
