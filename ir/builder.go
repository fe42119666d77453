package ir

// Builder appends values to a block. It folds nothing: passes do.
type Builder struct {
	F  *Func
	B  *Block
	PC uint64 // PC of the guest instruction being lifted, copied to every value
}

// Emit appends a value.
func (b *Builder) Emit(op Op, t Type, imm int64, args ...*Value) *Value {
	v := b.F.NewValue(op, t, args...)
	v.Imm, v.PC, v.Block = imm, b.PC, b.B
	b.B.Vals = append(b.B.Vals, v)
	return v
}

// Const appends an integer constant; n is brought to the form that
// Canonical describes.
func (b *Builder) Const(t Type, n int64) *Value { return b.Emit(OpConst, t, Canonical(t, n)) }

// Int64 appends an i64 constant.
func (b *Builder) Int64(n int64) *Value { return b.Emit(OpConst, I64, n) }

// PCConst appends the guest address pc.
func (b *Builder) PCConst(pc uint64) *Value { return b.Emit(OpPC, I64, int64(pc)) }

// GetReg appends a read of guest register r.
func (b *Builder) GetReg(r Reg) *Value { return b.Emit(OpGetReg, r.Type(), int64(r)) }

// SetReg appends a write of guest register r.
func (b *Builder) SetReg(r Reg, v *Value) { b.Emit(OpSetReg, Void, int64(r), v) }

// LdState appends a read of the state field of type t at byte offset off.
func (b *Builder) LdState(t Type, off int64) *Value { return b.Emit(OpLdState, t, off) }

// StState appends a write of the state field at byte offset off.
func (b *Builder) StState(off int64, v *Value) { b.Emit(OpStState, Void, off, v) }

// Binary appends a two-operand op whose result has the type of x.
func (b *Builder) Binary(op Op, x, y *Value) *Value { return b.Emit(op, x.Type, 0, x, y) }

// Unary appends a one-operand op whose result has the type of x.
func (b *Builder) Unary(op Op, x *Value) *Value { return b.Emit(op, x.Type, 0, x) }

// Cmp appends a comparison (or an overflow test): an op whose result is i1.
func (b *Builder) Cmp(op Op, x, y *Value) *Value { return b.Emit(op, I1, 0, x, y) }

// Conv appends a conversion of x to t: OpTrunc, OpZExt, OpSExt, OpBitcast, ...
func (b *Builder) Conv(op Op, t Type, x *Value) *Value { return b.Emit(op, t, 0, x) }

// Select appends c ? x : y.
func (b *Builder) Select(c, x, y *Value) *Value { return b.Emit(OpSelect, x.Type, 0, c, x, y) }

// Load appends a guest load of type t.
func (b *Builder) Load(t Type, va *Value) *Value { return b.Emit(OpLoad, t, 0, va) }

// Store appends a guest store.
func (b *Builder) Store(va, v *Value) { b.Emit(OpStore, Void, 0, va, v) }

// Guard appends a side exit to the interpreter at b.PC unless c holds.
func (b *Builder) Guard(c *Value) { b.Emit(OpGuard, Void, 0, c) }

// Retire appends the end of one guest instruction.
func (b *Builder) Retire() { b.Emit(OpRetire, Void, 1) }
