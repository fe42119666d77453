package llvm

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	lir "github.com/llir/llvm/ir"
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"axpress/runtime/abi"
)

// What hhvmcc does is nowhere promised: a version of LLVM that no longer has it takes the
// convention of C instead, without a word. So before a translation a module is compiled
// whose functions move nothing, if arguments and results are where runtime/abi says:
//
//	probe_args:    jmp probe     arguments, which inline assembly wants there, are handed on
//	probe_results: ret           results, which inline assembly left there; nothing else is kept
//	probe_call:    call probe; ret    results of a call, and R12 as it was
//
// In any other convention there are moves, pushes and pops.

// The host registers of the arguments and results of runtime/abi, in order, and those that
// units may change besides.
var (
	argRegisters    = [len(abi.UnitArgs)]string{"rbx", "r12", "rbp", "r15", "rdi", "rsi", "rdx"}
	resultRegisters = [len(abi.UnitResults)]string{"rbx", "rbp", "rdi", "rsi"}
	freeRegisters   = []string{"rax", "rcx", "rdx", "r8", "r9", "r10", "r11", "r13", "r14", "r15"}
)

// probeCode is the code of the functions of Probe, by symbol; distances are zero.
var probeCode = map[string][]byte{
	"probe_args":    {0xe9, 0, 0, 0, 0},
	"probe_results": {0xc3},
	"probe_call":    {0xe8, 0, 0, 0, 0, 0xc3},
}

// Probe returns a module, as text, whose object file CheckProbe can judge.
func Probe() string {
	m := newModule(Options{})
	next := m.declare("probe")

	u, args := m.probe("probe_args")
	u.inlineAsm(types.Void, inputs(argRegisters[:]), args...)
	tail := u.callUnit(next, args)
	tail.Tail = enum.TailTail
	u.cur.NewRet(tail)

	u, _ = m.probe("probe_results")
	u.cur.NewRet(u.inlineAsm(m.result, "={"+strings.Join(resultRegisters[:], "},={")+"},~{"+strings.Join(freeRegisters, "},~{")+"}"))

	u, args = m.probe("probe_call")
	r := u.callUnit(next, args)
	kept := []value.Value{u.state}
	for i := range resultRegisters {
		kept = append(kept, u.cur.NewExtractValue(r, uint64(i)))
	}
	u.inlineAsm(types.Void, inputs(append([]string{argRegisters[m.argState]}, resultRegisters[:]...)), kept...)
	u.cur.NewRet(r)
	return m.m.String()
}

// probe begins a function of the module of Probe, and returns its arguments.
func (m *module) probe(symbol string) (*unit, []value.Value) {
	u := &unit{module: m, fn: m.declare(symbol)}
	u.cur, u.state = u.fn.NewBlock(""), u.fn.Params[m.argState]
	var args []value.Value
	for _, p := range u.fn.Params {
		args = append(args, p)
	}
	return u, args
}

// inputs are the constraints of values in registers.
func inputs(registers []string) string { return "{" + strings.Join(registers, "},{") + "}" }

// inlineAsm emits inline assembly without text, that is constraints only.
func (u *unit) inlineAsm(result types.Type, constraints string, args ...value.Value) value.Value {
	var sig []types.Type
	for _, a := range args {
		sig = append(sig, a.Type())
	}
	asm := lir.NewInlineAsm(types.NewPointer(types.NewFunc(result, sig...)), "", constraints+",~{dirflag},~{fpsr},~{flags}")
	asm.SideEffect = true
	return u.cur.NewCall(asm, args...)
}

// CheckProbe says whether object, made of the text of Probe, shows the convention that
// runtime/abi relies on.
func CheckProbe(object []byte) error {
	f, err := elf.NewFile(bytes.NewReader(object))
	if err != nil {
		return fmt.Errorf("probe of the calling convention: %w", err)
	}
	syms, err := f.Symbols()
	if err != nil {
		return fmt.Errorf("probe of the calling convention: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(probeCode)) {
		code, err := codeOf(f, syms, name)
		if err != nil {
			return fmt.Errorf("probe of the calling convention: %s: %w", name, err)
		}
		if want := probeCode[name]; !bytes.Equal(code, want) {
			return fmt.Errorf("calling convention hhvmcc is not what it was: %s becomes %d bytes, % x; it must be % x", name, len(code), code[:min(len(code), 16)], want)
		}
	}
	return nil
}

// codeOf returns the bytes of function name.
func codeOf(f *elf.File, syms []elf.Symbol, name string) ([]byte, error) {
	i := slices.IndexFunc(syms, func(s elf.Symbol) bool { return s.Name == name })
	if i < 0 || int(syms[i].Section) >= len(f.Sections) {
		return nil, errors.New("it is not in the object file")
	}
	text, err := f.Sections[syms[i].Section].Data()
	if err != nil {
		return nil, err
	}
	if at, n := syms[i].Value, syms[i].Size; at <= uint64(len(text)) && n <= uint64(len(text))-at {
		return text[at : at+n], nil
	}
	return nil, errors.New("it is not in its section")
}
