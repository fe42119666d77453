package llvm

import (
	"encoding/binary"

	"axpress/ir"
)

// Exits are many and cold. At the cheap setting registers are in their spill slots before
// (ir/spill), which keeps exits free of code and of live values. At the full setting it is
// the other way round: side exits store what is not in its slot, and the hot path stores
// for calls and returns alone.

// beforeExit does what must be done before v, which has a side exit.
func (u *unit) beforeExit(v *ir.Value) {
	if !u.o.Hot {
		u.spillAll(v.Snap)
	}
}

// spillAll stores the registers of snap whose slots do not hold them yet.
func (u *unit) spillAll(snap []ir.RegValue) {
	for _, rv := range snap {
		if !u.slots.Holds(rv) {
			u.slots.Hold(rv)
			u.cur.NewStore(u.valueOf(rv.Val), u.slotOf(rv.Reg))
		}
	}
}

// spillOnExit is spillAll on a way out, which nothing comes after.
func (u *unit) spillOnExit(snap []ir.RegValue) {
	for _, rv := range snap {
		if !u.slots.Holds(rv) {
			u.cur.NewStore(u.valueOf(rv.Val), u.slotOf(rv.Reg))
		}
	}
}

// unspilled names the registers of snap that are not in their slots, and their values.
func (u *unit) unspilled(snap []ir.RegValue) string {
	var key []byte
	for _, rv := range snap {
		if !u.slots.Holds(rv) {
			key = binary.AppendUvarint(append(key, byte(rv.Reg)), uint64(rv.Val.ID))
		}
	}
	return string(key)
}
