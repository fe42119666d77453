package cases

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"axpress/lifter/isa"
	"axpress/runtime/abi"
)

// Case is one line.
type Case struct {
	Code          []uint32
	Model         *isa.Model
	Before, After State
	named         []string // what the line says about After
}

// Parse reads a line. Errors say what is wrong with it.
func Parse(line string) (*Case, error) {
	instrs, rest, ok1 := strings.Cut(line, ";")
	before, after, ok2 := strings.Cut(rest, "->")
	if !ok1 || !ok2 {
		return nil, fmt.Errorf("%q is no case: want instruction ; before -> after", line)
	}
	c := &Case{Model: isa.DefaultModel(), Before: Initial()}
	for text := range strings.SplitSeq(instrs, "|") {
		word, err := isa.Assemble(strings.TrimSpace(text), CodeVA+4*uint64(len(c.Code)))
		if err != nil {
			return nil, err
		}
		c.Code = append(c.Code, word)
	}
	for _, f := range strings.Fields(before) {
		if err := c.assign(&c.Before, f); err != nil {
			return nil, err
		}
	}
	c.After = c.Before
	c.named = nil
	c.expectEnd(after)
	for _, f := range strings.Fields(after) {
		if err := c.assign(&c.After, f); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// expectEnd sets what follows from the exit if the line does not say otherwise: an
// arithmetic trap retires the instruction, the other exits leave before it.
func (c *Case) expectEnd(after string) {
	n := int64(len(c.Code))
	if strings.Contains(after, "exit=") && !strings.Contains(after, "exit=arith") {
		n--
	}
	c.After.PC, c.After.Count = 4*uint64(n), n
}

// assign sets the place that name=value is about.
func (c *Case) assign(s *State, text string) error {
	name, value, ok := strings.Cut(text, "=")
	if !ok {
		return fmt.Errorf("%q is not name=value", text)
	}
	c.named = append(c.named, name)
	switch name {
	case "cpu":
		if c.Model = isa.ModelByName(value); c.Model == nil {
			return fmt.Errorf("%q is no model", value)
		}
		return nil
	case "exit":
		exit, ok := abi.ParseExit(value)
		if !ok {
			return fmt.Errorf("%q is no exit", value)
		}
		s.Exit = exit
		return nil
	}
	v, err := number(value)
	if err != nil {
		return err
	}
	if name == "count" {
		s.Count = int64(v)
		return nil
	}
	p := s.place(name)
	if p == nil {
		return fmt.Errorf("what is %q?", name)
	}
	*p = v
	return nil
}

// place is what a name stands for, nil if nothing.
func (s *State) place(name string) *uint64 {
	switch name {
	case "fpcr":
		return &s.FPCR
	case "fen":
		return &s.FEN
	case "flag":
		return &s.Flag
	case "pcc":
		return &s.PCC
	case "lock":
		return &s.Lock
	case "lockpa":
		return &s.LockPA
	case "lockv":
		return &s.LockVal
	case "pc":
		return &s.PC
	case "arg":
		return &s.Arg
	case "mask", "va":
		return &s.VA
	case "kind":
		return &s.Kind
	case "mmcsr":
		return &s.MMCSR
	case "access":
		return &s.Access
	}
	if name == "" {
		return nil
	}
	n, err := strconv.ParseUint(name[1:], 10, 16)
	switch {
	case err != nil:
	case name[0] == 'r' && n < 31:
		return &s.R[n]
	case name[0] == 'f' && n < 31:
		return &s.F[n]
	case name[0] == 'm' && n < DataBytes && n%8 == 0:
		return &s.Data[n/8]
	}
	return nil
}

// bases are the names of addresses of the data.
var bases = func() map[string]uint64 {
	m := map[string]uint64{"data": DataVA, "datapa": DataPA}
	for _, v := range Views() {
		m[v.Name], m[v.Name+"high"] = v.VA, v.VA+ViewsHigh
	}
	return m
}()

// number parses an integer, or one that is added to a name of bases, such as data+8.
func number(s string) (uint64, error) {
	base := uint64(0)
	if i := strings.IndexAny(s+"+", "+-"); i > 0 {
		if b, ok := bases[s[:i]]; ok {
			base, s = b, s[i:]
			if s == "" {
				return base, nil
			}
		}
	}
	if v, err := strconv.ParseInt(s, 0, 64); err == nil {
		return base + uint64(v), nil
	}
	v, err := strconv.ParseUint(s, 0, 64)
	return base + v, err
}

// Check compares the state that an engine reached with what the case says.
func (c *Case) Check(got *State) error {
	want := c.After
	for _, d := range []string{"arg", "va", "kind", "mmcsr", "access"} {
		if !slices.Contains(c.named, d) && (d != "va" || !slices.Contains(c.named, "mask")) {
			*want.place(d) = *got.place(d)
		}
	}
	if d := Difference(got, &want); d != "" {
		return fmt.Errorf("%s", d)
	}
	for _, d := range []string{"arg", "va", "kind", "mmcsr", "access", "lockpa", "lockv"} {
		if g, w := *got.place(d), *want.place(d); slices.Contains(c.named, d) && g != w {
			return fmt.Errorf("%s is %#x, want %#x", d, g, w)
		}
	}
	return nil
}

// New makes a case of what was observed: that code takes before to after.
func New(m *isa.Model, code []uint32, before, after *State) *Case {
	c := &Case{Code: code, Model: m, Before: *before, After: *after}
	c.named = details(after.Exit)
	return c
}

// String writes the line of a case.
func (c *Case) String() string {
	var b strings.Builder
	for i, w := range c.Code {
		if i > 0 {
			b.WriteString(" | ")
		}
		b.WriteString(instruction(w, CodeVA+4*uint64(i)))
	}
	b.WriteString(" ;")
	if c.Model != isa.DefaultModel() {
		fmt.Fprintf(&b, " cpu=%s", c.Model.Name)
	}
	write := func(name string, v, _ uint64) { fmt.Fprintf(&b, " %s=%#x", name, v) }
	initial := Initial()
	differ(&c.Before, &initial, write)
	for _, name := range []string{"lockpa", "lockv"} {
		if v := *c.Before.place(name); v != 0 {
			write(name, v, 0)
		}
	}
	b.WriteString(" ->")
	expected := *c
	expected.After = c.Before
	exit := ""
	if c.After.Exit != abi.ExitPoll {
		exit = " exit=" + c.After.Exit.String()
		b.WriteString(exit)
	}
	expected.expectEnd(exit)
	differ(&c.After, &expected.After, write)
	for _, name := range c.named {
		if slices.Contains(details(c.After.Exit), name) {
			write(name, *c.After.place(name), 0)
		}
	}
	return b.String()
}

// instruction is the text of a word, as a number if it has no text of its own.
func instruction(word uint32, pc uint64) string {
	text := strings.ReplaceAll(isa.Disasm(isa.Decode(word), pc, isa.Style{Plain: true, Numeric: true}), "\t", " ")
	if w, err := isa.Assemble(text, pc); err != nil || w != word {
		return fmt.Sprintf(".long %#08x", word)
	}
	return text
}
