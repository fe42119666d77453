package pipeline

import (
	"encoding/binary"
	"errors"

	"axpress/ir"
	"axpress/ir/pass"
	"axpress/lifter/discover"
	"axpress/lifter/image"
	"axpress/runtime/abi"
	"axpress/translator/llvm"
)

// ErrPlace says that code without a place of its own cannot have a hot translation.
var ErrPlace = errors.New("position-independent code has no translation at the full setting")

// isHot says whether f contains one of the addresses.
func isHot(f *discover.Function, hot []uint64) bool {
	for _, pc := range hot {
		for i := range f.Blocks {
			if b := &f.Blocks[i]; b.Start <= pc && pc < b.End {
				return true
			}
		}
	}
	return false
}

// span is the guest pages of a unit, by address.
type span struct{ first, last uint64 }

func spanOf(f *discover.Function) span {
	return span{f.Blocks[0].Start & abi.PageMask, (f.Blocks[len(f.Blocks)-1].End - 1) & abi.PageMask}
}

// linkFrom returns the unit that the unit at from can call directly for guest
// address pc. Code of a program may be called if it lies in the pages of the
// caller: these have been found to hold what was translated.
func (t *translation) linkFrom(from, pc uint64) (llvm.UnitRef, bool) {
	ref, ok := t.links[pc]
	if ok && !t.kernel && !t.relocatable {
		caller, callee := t.spans[from], t.spans[ref.Start]
		ok = callee.first >= caller.first && callee.last <= caller.last
	}
	return ref, ok
}

// callee is pass.Options.Callee: small functions that are hot themselves may be copied.
func (t *translation) callee(pc uint64) *ir.Func {
	f := t.functions[t.links[pc].Start]
	if f == nil || insts(f) > pass.MaxBody {
		return nil
	}
	u, err := t.lift(f)
	if err != nil {
		return nil
	}
	return u
}

// userAccesses reads the kernel's exception table, which lists all instructions
// that may access user memory (Linux, arch/alpha/include/asm/extable.h: pairs of a
// 32-bit distance to the instruction and a fix-up).
func userAccesses(img *image.Image) map[uint64]bool {
	user := map[uint64]bool{}
	for i := range img.Sections {
		s := &img.Sections[i]
		if s.Name != "__ex_table" {
			continue
		}
		table, ok := img.Bytes(s.Addr, int(s.Size))
		if !ok {
			continue
		}
		for off := 0; off+8 <= len(table); off += 8 {
			user[s.Addr+uint64(off)+uint64(int64(int32(binary.LittleEndian.Uint32(table[off:]))))] = true
		}
	}
	return user
}

// maxFunction is the number of instructions from which functions are split. Hot ones
// stay whole, such as an interpreter's loop.
func maxFunction(o Options) int {
	if o.Hot != nil {
		return 16_000
	}
	return 0
}

// PassOptions are the options of the passes at either setting. At the cheap setting
// registers are written home before exits anyway. At the full setting an innermost loop
// may carry more, where each store would be executed each time round.
func PassOptions(hot bool) pass.Options {
	o := pass.Options{Pinned: abi.SnapshotRegs}
	if hot {
		o.Full, o.Carry, o.CarryLoop = true, 8, 16
	}
	return o
}
