package llvm

import (
	"fmt"

	lir "github.com/llir/llvm/ir"
	"github.com/llir/llvm/ir/constant"
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/metadata"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"axpress/ir"
	"axpress/runtime/abi"
)

// Version names the lowering; it is part of the cache key, together with the
// hash of the translator's own build.
const Version = "llvm-4"

// UnitRef names an entry of another unit of the same artefact.
type UnitRef struct {
	Symbol      string
	Start       uint64 // guest address of the unit
	Index       int    // number of the entry
	Relocatable bool
}

// Options are what Emit must know besides the units.
type Options struct {
	// Link finds the unit that the unit of guest address from can call directly for
	// guest address pc. The entry it names begins with a poll.
	Link func(from, pc uint64) (UnitRef, bool)
	// Hot asks for the full setting: larger code, that is slower to make, but
	// faster to run.
	Hot bool
	// Disable leaves lowerings out, by name (see Lowerings).
	Disable map[string]bool
	// LLVM is the major version of the LLVM that is to read the text; 0 is the oldest that can.
	LLVM int
	// AVX says that the host has AVX.
	AVX bool
	// User says whether the kernel's instruction at pc accesses user memory. It may
	// be nil.
	User func(pc uint64) bool
}

// Lowering is a way to better code that can be left out.
type Lowering struct{ Name, Doc string }

// The lowerings, all of the full setting.
const (
	lowerWindows    = "windows"
	lowerBases      = "bases"
	lowerInduction  = "induction"
	lowerPrefetches = "prefetches"
	lowerSink       = "sink"
	lowerTables     = "tables"
	lowerExits      = "exits"
	lowerSingles    = "mapsingle"
	lowerAlign      = "align"
)

// Lowerings returns what Options.Disable may name.
func Lowerings() []Lowering {
	return []Lowering{
		{lowerWindows, "access memory through windows of the host's address space (window.go)"},
		{lowerBases, "check a base address once for all accesses near it (bases.go)"},
		{lowerInduction, "check induction pointers before the loop (induction.go)"},
		{lowerPrefetches, "prefetch where the guest does (window.go)"},
		{lowerSink, "sink what only exits want to where they spill it (sink.go)"},
		{lowerTables, "make one table of a switch, by guest address (switch.go)"},
		{lowerSingles, "let the host widen singles that are loaded (float.go)"},
		{lowerAlign, "check addresses at once for the alignment that later accesses of the block need (bases.go)"},
		{lowerExits, "let side exits share the spilling of registers (leave.go)"},
	}
}

// Symbol returns the symbol of the unit whose first entry is at pc.
func Symbol(pc uint64) string { return fmt.Sprintf("u_%x", pc) }

// Emit returns the LLVM module for units, as text. It fails if a unit is not in
// the promoted form or holds something the back end does not know.
func Emit(units []*ir.Func, o Options) (text string, err error) {
	m := newModule(o)
	for _, f := range units {
		m.declare(Symbol(f.PC))
	}
	for _, f := range units {
		if err := m.unit(f); err != nil {
			return "", fmt.Errorf("emit LLVM for %s at %#x: %w", f.Name, f.PC, err)
		}
	}
	return m.m.String(), nil
}

// module is one LLVM module being written.
type module struct {
	o      Options
	lower  map[ir.Op]lower
	m      *lir.Module
	result *types.StructType
	sig    []types.Type
	funcs  map[string]*lir.Func
	intrin map[string]*lir.Func
	// slots of arguments and results by register
	argOf, resOf     map[ir.Reg]int
	argRegs, resRegs []ir.Reg // their keys, in order
	argIcount        int
	argState         int
	argTarget        int
	argIndex         int
	resIcount        int
	resPC            int
	invariant        *metadata.Attachment
	likely           *metadata.Attachment
	unlikely         *metadata.Attachment
	masks            [4]*lir.Global // see baseMask
}

var i8ptr = types.NewPointer(types.I8)

func newModule(o Options) *module {
	m := &module{o: o, lower: lowering, m: lir.NewModule(), funcs: map[string]*lir.Func{}, intrin: map[string]*lir.Func{},
		argOf: map[ir.Reg]int{}, resOf: map[ir.Reg]int{}}
	m.m.TargetTriple = "x86_64-unknown-linux-gnu"
	for i, s := range abi.UnitArgs {
		t := types.Type(types.I64)
		switch s {
		case abi.SlotNone:
		case abi.SlotIcount:
			m.argIcount = i
		case abi.SlotState:
			m.argState, t = i, i8ptr
		case abi.SlotTarget:
			m.argTarget = i
		case abi.SlotIndex:
			m.argIndex = i
		default:
			if r, ok := s.Reg(); ok {
				m.argOf[ir.Reg(r)] = i
				m.argRegs = append(m.argRegs, ir.Reg(r))
			}
		}
		m.sig = append(m.sig, t)
	}
	var fields []types.Type
	for i, s := range abi.UnitResults {
		switch s {
		case abi.SlotIcount:
			m.resIcount = i
		case abi.SlotPC:
			m.resPC = i
		default:
			if r, ok := s.Reg(); ok {
				m.resOf[ir.Reg(r)] = i
				m.resRegs = append(m.resRegs, ir.Reg(r))
			}
		}
		fields = append(fields, types.I64)
	}
	m.result = types.NewStruct(fields...)
	m.m.NewTypeDef("ret", m.result)
	// hhvmcc calls keep the stack aligned to 8 bytes only, and units must not
	// realign it: that takes RBP, which is an argument.
	flag := m.attach("", constant.NewInt(types.I32, 1), &metadata.String{Value: "override-stack-alignment"}, constant.NewInt(types.I32, 8))
	m.m.NamedMetadataDefs["llvm.module.flags"] = &metadata.NamedDef{Name: "llvm.module.flags", Nodes: []metadata.Node{flag.Node.(*metadata.Tuple)}}
	m.invariant = m.attach("invariant.load")
	m.likely = m.attach("prof", &metadata.String{Value: "branch_weights"}, constant.NewInt(types.I32, 1<<20), constant.NewInt(types.I32, 1))
	m.unlikely = m.attach("prof", &metadata.String{Value: "branch_weights"}, constant.NewInt(types.I32, 1), constant.NewInt(types.I32, 1<<20))
	return m
}

func (m *module) attach(name string, fields ...metadata.Field) *metadata.Attachment {
	t := &metadata.Tuple{MetadataID: metadata.MetadataID(len(m.m.MetadataDefs)), Fields: fields}
	m.m.MetadataDefs = append(m.m.MetadataDefs, t)
	return &metadata.Attachment{Name: name, Node: t}
}

// declare returns the function of that symbol, declaring it at first use.
func (m *module) declare(symbol string) *lir.Func {
	if f, ok := m.funcs[symbol]; ok {
		return f
	}
	params := make([]*lir.Param, len(m.sig))
	for i, t := range m.sig {
		params[i] = lir.NewParam("", t)
	}
	f := m.m.NewFunc(symbol, m.result, params...)
	f.CallingConv = enum.CallingConvHHVM
	f.FuncAttrs = append(f.FuncAttrs, enum.FuncAttrNoUnwind, enum.FuncAttrNoRedZone, lir.AttrString("no-realign-stack"))
	m.funcs[symbol] = f
	return f
}

// unitType is the type of a pointer to a unit.
func (m *module) unitType() *types.PointerType {
	return types.NewPointer(types.NewFunc(m.result, m.sig...))
}

// intrinsic declares an LLVM intrinsic.
func (m *module) intrinsic(name string, ret types.Type, params ...types.Type) value.Value {
	if f, ok := m.intrin[name]; ok {
		return f
	}
	ps := make([]*lir.Param, len(params))
	for i, t := range params {
		ps[i] = lir.NewParam("", t)
	}
	f := m.m.NewFunc(name, ret, ps...)
	m.intrin[name] = f
	return f
}

func llvmType(t ir.Type) types.Type {
	return [...]types.Type{ir.Void: types.Void, ir.I1: types.I1, ir.I8: types.I8, ir.I16: types.I16, ir.I32: types.I32,
		ir.I64: types.I64, ir.F32: types.Float, ir.F64: types.Double}[t]
}

func i64(n int64) *constant.Int { return constant.NewInt(types.I64, n) }

var (
	zero8  = constant.NewInt(types.I8, 0)
	false1 = constant.False
)
