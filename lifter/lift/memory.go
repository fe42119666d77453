package lift

import (
	"axpress/ir"
	"axpress/lifter/isa"
)

// address returns Rb + displacement.
func (l *lifter) address(in *isa.Inst) *ir.Value {
	if in.Rb == zeroReg {
		return l.b.Int64(in.Imm)
	}
	base := l.r(in.Rb)
	if in.Imm == 0 {
		return base
	}
	return l.opc(ir.OpAdd, base, uint64(in.Imm))
}

// unaligned returns the address of LDQ_U and STQ_U (Handbook, section 4.2.3).
func (l *lifter) unaligned(in *isa.Inst) *ir.Value { return l.opc(ir.OpAnd, l.address(in), ^uint64(7)) }

// widen makes a register value of a loaded one: longwords are sign-extended,
// bytes and words zero-extended (sections 4.2.2, 4.2.4).
func (l *lifter) widen(v *ir.Value) *ir.Value {
	switch v.Type {
	case ir.I64:
		return v
	case ir.I32:
		return l.sext32(v)
	}
	return l.b.Conv(ir.OpZExt, ir.I64, v)
}

// narrow makes a value of type t to be stored of a register value.
func (l *lifter) narrow(t ir.Type, v *ir.Value) *ir.Value {
	if t == ir.I64 {
		return v
	}
	return l.b.Conv(ir.OpTrunc, t, v)
}

func load(t ir.Type) liftFunc {
	kind := int64(ir.PrefetchRead)
	if t == ir.I64 {
		kind = ir.PrefetchOnce
	}
	return func(l *lifter, in *isa.Inst) {
		if in.Ra == zeroReg {
			l.prefetch(in, kind)
			return
		}
		l.setR(in.Ra, l.widen(l.b.Load(t, l.address(in))))
	}
}

// prefetch lifts a load of R31 or F31, which has no effect but on caches (21264
// Hardware Reference Manual, section 2.6: LDL, LDBU, LDWU and LDF, LDG, LDT prefetch,
// LDQ does and evicts next, LDS does with the intent to modify).
func (l *lifter) prefetch(in *isa.Inst, kind int64) {
	l.b.Emit(ir.OpPrefetch, ir.Void, kind, l.address(in))
}

func store(t ir.Type) liftFunc {
	return func(l *lifter, in *isa.Inst) {
		v, va := l.narrow(t, l.r(in.Ra)), l.address(in)
		l.b.Store(va, v)
	}
}

func (l *lifter) liftLDQU(in *isa.Inst) {
	if in.Ra != zeroReg {
		l.setR(in.Ra, l.b.Load(ir.I64, l.unaligned(in)))
	}
}

func (l *lifter) liftSTQU(in *isa.Inst) {
	v, va := l.r(in.Ra), l.unaligned(in)
	l.b.Store(va, v)
}

// loadLocked lifts LDx_L (section 4.2.4). It is no prefetch even with R31: the
// reservation is an effect of its own.
func loadLocked(t ir.Type) liftFunc {
	return func(l *lifter, in *isa.Inst) {
		v := l.b.Emit(ir.OpLoadLocked, t, 0, l.address(in))
		if in.Ra != zeroReg {
			l.setR(in.Ra, l.widen(v))
		}
	}
}

// storeCond lifts STx_C: Ra is 1 if it stored, else 0 (section 4.2.5).
func storeCond(t ir.Type) liftFunc {
	return func(l *lifter, in *isa.Inst) {
		v, va := l.narrow(t, l.r(in.Ra)), l.address(in)
		stored := l.b.Emit(ir.OpStoreCond, ir.I1, 0, va, v)
		if in.Ra != zeroReg {
			l.setR(in.Ra, l.bit(stored))
		}
	}
}

// fence lifts MB and WMB (sections 4.11.7, 4.11.12); kind is OpFence's.
func fence(kind int64) liftFunc {
	return func(l *lifter, _ *isa.Inst) { l.b.Emit(ir.OpFence, ir.Void, kind) }
}

// loadT and storeT move a T floating value unchanged (sections 4.8.4, 4.8.8).
func (l *lifter) loadT(in *isa.Inst) {
	if in.Ra == zeroReg {
		l.prefetch(in, ir.PrefetchRead)
		return
	}
	l.setFBits(in.Ra, l.b.Load(ir.I64, l.address(in)), false)
}

func (l *lifter) storeT(in *isa.Inst) {
	v, va := l.fBits(in.Ra), l.address(in)
	l.b.Store(va, v)
}

// loadS and storeS convert between memory and register format.
func (l *lifter) loadS(in *isa.Inst) {
	if in.Ra == zeroReg {
		l.prefetch(in, ir.PrefetchModify)
		return
	}
	l.setF(in.Ra, l.mapS(l.b.Load(ir.I32, l.address(in))), false)
}

func (l *lifter) storeS(in *isa.Inst) {
	v, va := l.unmapS(l.f(in.Ra)), l.address(in)
	l.b.Store(va, v)
}

// mapS turns S floating memory format (i32) into register format, unmapS is the
// inverse (Handbook, sections 4.8.3 and 4.8.7).
func (l *lifter) mapS(v *ir.Value) *ir.Value   { return l.b.Conv(ir.OpMapS, ir.F64, v) }
func (l *lifter) unmapS(v *ir.Value) *ir.Value { return l.b.Conv(ir.OpUnmapS, ir.I32, v) }
