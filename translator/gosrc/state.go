package gosrc

import (
	"fmt"
	"reflect"

	"github.com/dave/jennifer/jen"

	"axpress/ir"
	"axpress/runtime/abi"
)

// state is a field of the guest state, or a part of one, as in R[3].
func (u *unit) state(f string) expr {
	u.usesState = true
	return expr{code: jen.Id("s").Dot(f), prec: precPrimary, size: 1}
}

// slotOf is the spill slot of register r, a place in the guest state.
func (u *unit) slotOf(r ir.Reg) expr {
	if r < 32 {
		return u.state(fmt.Sprintf("R[%d]", r))
	}
	return u.state(fmt.Sprintf("F[%d]", r-32))
}

// fieldAt names the 64-bit field of the guest state at byte offset off, as far as ops
// may touch it: a plain one, or an element of an array.
func fieldAt(off int64) (string, error) {
	t := reflect.TypeFor[abi.State]()
	for i := range t.NumField() {
		f := t.Field(i)
		at := off - int64(f.Offset)
		switch {
		case at < 0 || at >= int64(f.Type.Size()):
		case f.Type.Size() == 8 && at == 0:
			return f.Name, nil
		case f.Type.Kind() == reflect.Array && f.Type.Elem().Kind() == reflect.Uint64 && at%8 == 0:
			return fmt.Sprintf("%s[%d]", f.Name, at/8), nil
		}
	}
	return "", fmt.Errorf("no field of 64 bits at offset %d of the guest state", off)
}

func lowerGetReg(u *unit, v *ir.Value) error {
	if !u.cfg.Entry[u.here] {
		return fmt.Errorf("register read outside an entry block")
	}
	u.slots.Step(v, true)
	x := u.slotOf(ir.Reg(v.Imm))
	if v.Type == ir.F64 {
		x = call(jen.Qual("math", "Float64frombits"), x)
	}
	u.assign(v, x.code)
	return nil
}

func lowerSetReg(u *unit, v *ir.Value) error {
	u.spillAll([]ir.RegValue{{Reg: ir.Reg(v.Imm), Val: v.Args[0]}})
	return nil
}

func lowerLdState(u *unit, v *ir.Value) error {
	f, err := fieldAt(v.Imm)
	if err != nil {
		return err
	}
	x, err := fromBits(v.Type, u.state(f))
	if err == nil {
		u.assign(v, x.code)
	}
	return err
}

func lowerStState(u *unit, v *ir.Value) error {
	f, err := fieldAt(v.Imm)
	if err != nil {
		return err
	}
	x := u.ref(v.Args[0])
	switch v.Args[0].Type {
	case ir.I64:
	case ir.F64:
		x = call(jen.Qual("math", "Float64bits"), x)
	default:
		return fmt.Errorf("a store of type %s to the guest state", v.Args[0].Type)
	}
	u.add(jen.Add(u.state(f).code).Op("=").Add(x.code))
	return nil
}

// fromBits makes a value of type t of its 64 bits.
func fromBits(t ir.Type, x expr) (expr, error) {
	switch t {
	case ir.I64:
		return x, nil
	case ir.F64:
		return call(jen.Qual("math", "Float64frombits"), x), nil
	}
	return x, fmt.Errorf("a load of type %s from the guest state", t)
}
