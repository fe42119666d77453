package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unsafe"

	"axpress/ir"
	"axpress/ir/eval"
	"axpress/lifter/isa"
	"axpress/runtime/abi"
	"axpress/runtime/interp/fpu"
	"axpress/translator/hostcode"
	"axpress/translator/unit"
)

// maxEntered bounds how often a run enters functions: there is no limit to loops of calls.
const maxEntered = 100_000

// irMachine is what IR runs on.
type irMachine struct {
	eval.Machine
	pc uint64
}

// newIRMachine makes the machine that settings, WHAT=VALUE each, describe. pc is where it
// starts if they do not say.
func newIRMachine(settings []string, pc uint64) (*irMachine, error) {
	m := &irMachine{pc: pc}
	m.Fields, m.FP = map[int64]uint64{}, m.operate
	for _, s := range settings {
		what, value, ok := strings.Cut(s, "=")
		if !ok {
			return nil, fail(statusUsage, "--set %s: want WHAT=VALUE, such as r16=5", s)
		}
		if err := m.set(what, value); err != nil {
			return nil, fail(statusUsage, "--set %s: %w", s, err)
		}
	}
	return m, nil
}

// operate is eval.Machine.FP: the guest's rules, under the FPCR of the machine.
func (m *irMachine) operate(inst uint32, a, b uint64) (uint64, bool) {
	fpcr := abi.Offset("FPCR")
	r := fpu.Execute(inst, a, b, m.Fields[fpcr])
	if r.Summary != 0 {
		return 0, false
	}
	m.Fields[fpcr] = r.FPCR
	return r.Value, true
}

// set sets what one --set says.
func (m *irMachine) set(what, value string) error {
	reg, isReg := register(what)
	v, err := integer(value)
	if err != nil && isReg && reg >= 32 {
		var x float64
		if x, err = strconv.ParseFloat(value, 64); err == nil {
			v = math.Float64bits(x)
		}
	}
	if err != nil {
		return fmt.Errorf("%q is no number", value)
	}
	if isReg {
		if reg%32 == 31 {
			return fmt.Errorf("%s is always zero", what)
		}
		m.R[reg] = v
		return nil
	}
	if what == "pc" {
		m.pc = v
		return nil
	}
	if va, err := integer(what); err == nil {
		if va%8 != 0 {
			return errors.New("quadwords of memory have addresses that are multiples of 8")
		}
		m.Map(va, 8)
		m.Store(va, 8, v)
		return nil
	}
	off, ok := stateOffset(what)
	if !ok {
		return fmt.Errorf("what is %q? Give r0 to r30, f0 to f30, pc, an address, or a field of the CPU's state (go doc axpress/runtime/abi State)", what)
	}
	m.Fields[off] = v
	return nil
}

// register reads the name of a register: r0 to r31, f0 to f31, or those of assemblers.
func register(name string) (ir.Reg, bool) {
	for r := range ir.Reg(64) {
		if r.String() == name || r < 32 && isa.RegName(uint8(r)) == name || r >= 32 && "$"+r.String() == name {
			return r, true
		}
	}
	return 0, false
}

func integer(s string) (uint64, error) {
	if n, err := strconv.ParseInt(s, 0, 64); err == nil {
		return uint64(n), nil
	}
	return strconv.ParseUint(s, 0, 64)
}

// stateOffset finds a field of the guest state, whatever the case of its letters.
func stateOffset(name string) (int64, bool) {
	for off := int64(0); off < int64(unsafe.Sizeof(abi.State{})); off++ {
		if strings.EqualFold(hostcode.StateField(off-abi.StateBias), name) {
			return off, true
		}
	}
	return 0, false
}

// execute runs the functions of set and prints what came of it.
func (v *irView) execute(ctx context.Context, set *unit.Set, bad func(error) error) error {
	m, err := newIRMachine(v.settings, set.Functions[0].Start)
	if err != nil {
		return err
	}
	entries := map[uint64]func() (eval.Result, error){}
	for _, f := range set.Functions {
		u, err := v.make(set, f)
		if err != nil {
			return bad(err)
		}
		for i, e := range u.Entries {
			entries[e.PC] = func() (eval.Result, error) {
				m.LoadedAt = u.Base
				return eval.Run(u, m, i)
			}
		}
	}
	if entries[m.pc] == nil {
		return fail(statusUsage, "ir: nothing can be entered at pc %#x; the entries are %s", m.pc, list(entries))
	}
	before := irMachine{Machine: m.Machine}
	before.Mem, before.Fields = maps.Clone(m.Mem), maps.Clone(m.Fields)
	res, total := eval.Result{}, int64(0)
	for n := 0; entries[m.pc] != nil; n++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		if n == maxEntered {
			return bad(fmt.Errorf("still running after %d entries of functions, at %#x", n, m.pc))
		}
		if res, err = entries[m.pc](); err != nil {
			return bad(err)
		}
		total += res.Icount
		m.Cycles += uint64(res.Icount)
		m.pc = res.PC
		if res.Kind != eval.Goto && res.Kind != eval.Call && res.Kind != eval.Ret {
			break
		}
	}
	if _, err := fmt.Fprintf(v.app.out, "%s after %d instructions\n", ended(res), total); err != nil {
		return err
	}
	return m.changes(v.app.out, &before)
}

// list names the first of entries.
func list(entries map[uint64]func() (eval.Result, error)) string {
	const most = 8
	var names []string
	for _, pc := range slices.Sorted(maps.Keys(entries)) {
		names = append(names, fmt.Sprintf("%#x", pc))
	}
	if len(names) > most {
		names = append(names[:most], "...")
	}
	return strings.Join(names, ", ")
}

// ended says how control left.
func ended(r eval.Result) string {
	switch r.Kind {
	case eval.Call:
		return fmt.Sprintf("call %#x, return to %#x,", r.PC, r.ReturnPC)
	case eval.Exit:
		return fmt.Sprintf("exit %v, argument %d, at %#x", abi.Exit(r.Code), r.Imm, r.PC)
	}
	return fmt.Sprintf("%v %#x", r.Kind, r.PC)
}

// changes prints where m is not as before.
func (m *irMachine) changes(w io.Writer, before *irMachine) error {
	var lines []string
	for r := range ir.Reg(64) {
		if x := m.R[r]; x != before.R[r] {
			line := fmt.Sprintf("%v=%#x", r, x)
			if r >= 32 {
				line += fmt.Sprintf(" (%v)", math.Float64frombits(x))
			}
			lines = append(lines, line)
		}
	}
	for _, off := range slices.Sorted(maps.Keys(m.Fields)) {
		if x := m.Fields[off]; x != before.Fields[off] {
			name := hostcode.StateField(off - abi.StateBias)
			if name == "" {
				name = fmt.Sprintf("state %d", off)
			}
			lines = append(lines, fmt.Sprintf("%s=%#x", name, x))
		}
	}
	quads := map[uint64]bool{}
	for va, b := range m.Mem {
		if b != before.Mem[va] {
			quads[va&^7] = true
		}
	}
	for _, va := range slices.Sorted(maps.Keys(quads)) {
		x, _ := m.Load(va, 8)
		lines = append(lines, fmt.Sprintf("%#x=%#x", va, x))
	}
	for _, line := range lines {
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return nil
}
