package isa

import "slices"

// Model is an implementation of Alpha: what software can tell it by, and so what
// it has. Models are values of a fixed table and must not be written to.
//
// All models have VAX floating point, precise traps, every rounding mode and all
// FPCR bits: what an early implementation leaves to traps that software completes
// is done at once here.
type Model struct {
	Name    string // "EV67"
	Chip    string // "21264A"
	Implver uint64 // result of IMPLVER (Handbook, table D-4)
	Amask   uint64 // the bits that AMASK clears (Handbook, table D-3)
	CPUType uint64 // type of the processor in the HWRPB's per-CPU slot
	PABits  uint64 // bits of a physical address (the chips' hardware reference manuals)
	MHz     uint64 // a rate at which the model was sold, within what Linux believes of it (Linux, arch/alpha/kernel/time.c validate_cc_value)
}

// Results of IMPLVER.
const (
	implverEV4 = 0
	implverEV5 = 1
	implverEV6 = 2
)

// Bits of AMASK. The first four tell of extensions, see Ext.AmaskBit.
const (
	amaskBWX    = 1 << 0
	amaskFIX    = 1 << 1
	amaskCIX    = 1 << 2
	amaskMVI    = 1 << 8
	amaskTrap   = 1 << 9  // arithmetic traps are precise
	amaskModify = 1 << 12 // prefetch with modify intent

	amaskEV6  = amaskBWX | amaskFIX | amaskMVI | amaskTrap
	amaskEV67 = amaskEV6 | amaskCIX | amaskModify
)

// models are in the order of their appearance.
var models = [...]Model{
	{"EV4", "21064", implverEV4, 0, 2, 34, 200},
	{"EV5", "21164", implverEV5, 0, 5, 40, 300},
	{"EV56", "21164A", implverEV5, amaskBWX, 7, 40, 500},
	{"PCA56", "21164PC", implverEV5, amaskBWX | amaskMVI, 9, 40, 533},
	{"EV6", "21264", implverEV6, amaskEV6, 8, 44, 500},
	{"EV67", "21264A", implverEV6, amaskEV67, 11, 44, 667},
	{"EV68", "21264B", implverEV6, amaskEV67, 13, 44, 833},
	{"EV7", "21364", implverEV6, amaskEV67, 15, 44, 1150},
}

// defaultModel is the index of DefaultModel.
const defaultModel = 5

// Models returns the models in the order of their appearance. The caller owns the
// slice.
func Models() []*Model {
	var out []*Model
	for i := range models {
		out = append(out, &models[i])
	}
	return out
}

// DefaultModel is EV67, which has every extension.
func DefaultModel() *Model { return &models[defaultModel] }

// ModelByName finds a model by its name, nil if there is none.
func ModelByName(name string) *Model {
	if i := slices.IndexFunc(models[:], func(m Model) bool { return m.Name == name }); i >= 0 {
		return &models[i]
	}
	return nil
}

// Or returns m, or the default model if m is nil.
func (m *Model) Or() *Model {
	if m == nil {
		return DefaultModel()
	}
	return m
}

// Has tells whether the model has the extension.
func (m *Model) Has(e Ext) bool {
	bit := e.AmaskBit()
	return bit < 0 || m.Amask>>bit&1 != 0
}

// Since is the first model that has the extension.
func (e Ext) Since() *Model {
	return &models[slices.IndexFunc(models[:], func(m Model) bool { return m.Has(e) })]
}

// Decode is the package's Decode on a model: an instruction of an extension that m lacks is
// no instruction there.
func (m *Model) Decode(word uint32) Inst {
	in := Decode(word)
	if !m.Has(in.Op.Info().Ext) {
		return invalid(word)
	}
	return in
}
