package gosrc

import (
	"fmt"

	"github.com/dave/jennifer/jen"

	"axpress/ir"
)

// Go does not tell what the host's floating-point unit signals, so the code looks at
// operands and results, and leaves the instruction to the interpreter if they are
// unusual: a little too often, which is allowed.
//
//	v9 = float64(v3 * v4)
//	if m := math.Float64bits(v9) << 1; m-1<<54 >= 2045<<53 && (m != 0 || v3 != 0 && v4 != 0) {
//		return 0xfffffc0000310a4c | gocode.Interpret, n + 5
//	}
//
// The result is good if its exponent is neither that of denormals, nor that of the
// smallest normal numbers, to one of which something that underflows may have been
// rounded, nor that of infinities and NaNs; or if it is an exact zero. Operands that
// may be denormal are looked at first: most are results, which are none. All results
// are converted explicitly, so that no operations are fused (The Go Programming Language
// Specification, "Floating-point operators").

// format is what the checks must know of a type. Numbers are looked at as bits, shifted
// left by one, so without their sign.
type format struct {
	bits  string // function of package math
	least string // the smallest normal number
	usual string // the smallest one of the next exponent
	count string // the number of usual results
	inf   string
}

var formats = map[ir.Type]format{
	ir.F64: {"Float64bits", "1<<53", "1<<54", "2045<<53", "2047<<53"},
	ir.F32: {"Float32bits", "1<<24", "1<<25", "253<<24", "255<<24"},
}

var floatLowering = map[ir.Op]lower{
	ir.OpFAdd:      arithmetic("+", ""),
	ir.OpFSub:      arithmetic("-", ""),
	ir.OpFMul:      arithmetic("*", "%s != 0 && %s != 0"),
	ir.OpFDiv:      arithmetic("/", "%s != 0"),
	ir.OpFSqrt:     lowerSqrt,
	ir.OpFTrunc:    lowerFTrunc,
	ir.OpFToSI:     lowerFToSI,
	ir.OpFCmpEQ:    floatCompare("=="),
	ir.OpFCmpLT:    floatCompare("<"),
	ir.OpFCmpLE:    floatCompare("<="),
	ir.OpFConst:    lowerFConst,
	ir.OpFExt:      func(u *unit, v *ir.Value) error { u.define(v, convert("float64", u.ref(v.Args[0]))); return nil },
	ir.OpSIToF:     lowerSIToF,
	ir.OpMapS:      func(u *unit, v *ir.Value) error { u.define(v, call(lib("MapS"), u.ref(v.Args[0]))); return nil },
	ir.OpUnmapS:    func(u *unit, v *ir.Value) error { u.define(v, call(lib("UnmapS"), u.ref(v.Args[0]))); return nil },
	ir.OpFPOperate: lowerFPOperate,
}

// chopped are the functions of runtime/gocode that round towards zero.
var chopped = map[ir.Op]string{ir.OpFAdd: "AddChopped", ir.OpFSub: "SubChopped", ir.OpFMul: "MulChopped", ir.OpFDiv: "DivChopped"}

// isChopped says whether v is arithmetic that one of these does.
func isChopped(v *ir.Value) bool {
	return v.Type == ir.F64 && v.Imm == ir.RoundZero && chopped[v.Op] != ""
}

// directed says whether v rounds in a way that neither Go's arithmetic does nor the
// functions for it.
func directed(v *ir.Value) bool {
	if isChopped(v) {
		return false
	}
	switch v.Op {
	case ir.OpFAdd, ir.OpFSub, ir.OpFMul, ir.OpFDiv, ir.OpFSqrt, ir.OpFTrunc:
		return v.Imm != ir.RoundNearest && v.Imm != ir.RoundNone
	}
	return false
}

// leaveDirected has f left for the interpreter where it would round in a way that is not
// known here.
func leaveDirected(f *ir.Func) {
	for _, b := range f.Blocks {
		for i, v := range b.Vals {
			if directed(v) {
				b.Vals = b.Vals[:i]
				b.Term = ir.Term{Kind: ir.TermInterpret, PC: v.PC, Snap: v.Snap}
				break
			}
		}
	}
}

// ordinaryValues knows which values have been found not to be NaN or denormal.
type ordinaryValues struct {
	cfg *ir.CFG
	// checked is the blocks where a value was checked, by its ID.
	checked [][]int32
}

func newOrdinaryValues(cfg *ir.CFG, values int) *ordinaryValues {
	return &ordinaryValues{cfg, make([][]int32, values)}
}

// has says whether v can be no NaN and no denormal number in block b.
func (o *ordinaryValues) has(v *ir.Value, b int) bool {
	switch v.Op {
	case ir.OpFAdd, ir.OpFSub, ir.OpFMul, ir.OpFDiv, ir.OpFSqrt, ir.OpFTrunc, ir.OpSIToF:
		return true
	case ir.OpFExt:
		return o.has(v.Args[0], b)
	case ir.OpFConst:
		return v.Imm == 0
	}
	for _, at := range o.checked[v.ID] {
		if o.cfg.Dominates(at, int32(b)) {
			return true
		}
	}
	return false
}

// note notes that the operands of v have been checked in block b.
func (o *ordinaryValues) note(v *ir.Value, b int) {
	for _, a := range v.Args {
		if !o.has(a, b) {
			o.checked[a.ID] = append(o.checked[a.ID], int32(b))
		}
	}
}

// magnitude is x as bits without its sign, shifted left by one.
func magnitude(t ir.Type, x expr) expr {
	return binary(call(jen.Qual("math", formats[t].bits), x), "<<", number(1))
}

// checkOperands leaves at v if an operand is denormal or, if nan says so, a NaN.
func (u *unit) checkOperands(v *ir.Value, x []expr, nan bool) {
	for i, a := range v.Args {
		if u.ordinary.has(a, u.here) || i > 0 && a == v.Args[0] {
			continue
		}
		f := formats[a.Type]
		bad := "m-1 < " + f.least + "-1"
		if nan {
			bad += " || m > " + f.inf
		}
		u.add(jen.If(jen.Id("m").Op(":=").Add(magnitude(a.Type, x[i]).code), jen.Id(bad)).Block(u.leave(u.exitPC(v.PC, "Interpret"))))
	}
}

// checkResult leaves at v if its result to is unusual; inexact, if not "", is when a
// zero is not exact.
func (u *unit) checkResult(v *ir.Value, to, inexact string) {
	f := formats[v.Type]
	bad := fmt.Sprintf("m-%s >= %s && m != 0", f.usual, f.count)
	if inexact != "" {
		bad = fmt.Sprintf("m-%s >= %s && (m != 0 || %s)", f.usual, f.count, inexact)
	}
	u.add(jen.If(jen.Id("m").Op(":=").Add(magnitude(v.Type, name(to)).code), jen.Id(bad)).Block(u.leave(u.exitPC(v.PC, "Interpret"))))
	u.ordinary.note(v, u.here)
}

// result declares the variable of v even if nobody wants it, as it is checked.
func (u *unit) result(v *ir.Value, x expr) (to string) {
	x = convert(goType(v.Type), x)
	if u.scopes.uses[v.ID] == 0 {
		return u.keep(x).id
	}
	u.assign(v, x.code)
	u.read[v.ID] = true
	return variable(v)
}

// names are the operands of v, as names of variables.
func (u *unit) names(v *ir.Value) (x []expr) {
	for _, a := range v.Args {
		x = append(x, u.keep(u.stable(a)))
	}
	return x
}

// arithmetic computes with Go's operator. inexact is when a result that is zero is not
// exact, about the names of the operands.
func arithmetic(op, inexact string) lower {
	return func(u *unit, v *ir.Value) error {
		u.beforeExit(v)
		x := u.names(v)
		u.checkOperands(v, x, false)
		value := binary(x[0], op, x[1])
		if isChopped(v) {
			value = call(lib(chopped[v.Op]), x[0], x[1])
		}
		to := u.result(v, value)
		when := inexact
		switch op {
		case "*":
			when = fmt.Sprintf(inexact, x[0].id, x[1].id)
			if v.Args[0] == v.Args[1] { // go vet does not want it twice
				when = x[0].id + " != 0"
			}
		case "/":
			when = fmt.Sprintf(inexact, x[0].id)
		}
		u.checkResult(v, to, when)
		return nil
	}
}

func lowerSqrt(u *unit, v *ir.Value) error {
	u.beforeExit(v)
	x := u.names(v)
	u.checkOperands(v, x, false)
	wide := x[0]
	if v.Type == ir.F32 { // exact before it is rounded: the compiler knows
		wide = convert("float64", wide)
	}
	u.checkResult(v, u.result(v, call(jen.Qual("math", "Sqrt"), wide)), "")
	return nil
}

// lowerFTrunc needs no look at the operand: of a denormal one the result is an inexact
// zero.
func lowerFTrunc(u *unit, v *ir.Value) error {
	u.beforeExit(v)
	x := u.names(v)
	to := u.result(v, x[0])
	u.checkResult(v, to, x[0].id+" != 0")
	return nil
}

// toInteger is the function of package math for a way to round; none for truncation.
var toInteger = map[int64]string{ir.RoundNearest: "RoundToEven", ir.RoundDown: "Floor", ir.RoundUp: "Ceil"}

func lowerFToSI(u *unit, v *ir.Value) error {
	if v.Type != ir.I64 {
		return fmt.Errorf("conversion to %s", v.Type)
	}
	u.beforeExit(v)
	x := u.stable(v.Args[0])
	if v.Args[0].Type == ir.F32 {
		x = convert("float64", x)
	}
	if fn := toInteger[v.Imm]; fn != "" {
		x = call(jen.Qual("math", fn), x)
	} else {
		x = call(jen.Qual("math", "Trunc"), x)
	}
	x = u.keep(x)
	u.add(jen.If(jen.Op("!").Parens(jen.Id(fmt.Sprintf("%s >= -0x1p63 && %[1]s < 0x1p63", x.id)))).Block(u.leave(u.exitPC(v.PC, "Interpret"))))
	u.assign(v, convert("uint64", convert("int64", x)).code)
	return nil
}

func floatCompare(op string) lower {
	return func(u *unit, v *ir.Value) error {
		u.beforeExit(v)
		x := u.names(v)
		u.checkOperands(v, x, true)
		u.ordinary.note(v, u.here)
		u.assign(v, binary(x[0], op, x[1]).code)
		return nil
	}
}

func lowerFConst(u *unit, v *ir.Value) error {
	bits := number(uint64(v.Imm))
	if v.Type == ir.F32 {
		bits = number(uint64(uint32(v.Imm)))
	}
	u.define(v, call(jen.Qual("math", fmt.Sprintf("Float%dfrombits", v.Type.Bits())), bits))
	return nil
}

func lowerSIToF(u *unit, v *ir.Value) error {
	u.define(v, convert(goType(v.Type), convert(signedType(v.Args[0].Type), u.stable(v.Args[0]))))
	return nil
}

// lowerBitcast: the same bits as another type.
func lowerBitcast(u *unit, v *ir.Value) error {
	from, x := v.Args[0].Type, u.stable(v.Args[0])
	switch {
	case from == v.Type:
	case from.IsFloat() && v.Type.IsInt():
		x = call(jen.Qual("math", fmt.Sprintf("Float%dbits", from.Bits())), x)
	case v.Type.IsFloat() && from.IsInt():
		as := x
		x = call(jen.Qual("math", fmt.Sprintf("Float%dfrombits", from.Bits())), x)
		x.bits = &as
	}
	u.define(v, x)
	return nil
}

// lowerFPOperate has the runtime execute the guest's instruction.
func lowerFPOperate(u *unit, v *ir.Value) error {
	u.beforeExit(v)
	x := u.operands(v)
	u.orLeave(v, jen.Id("c").Dot("FPOperate").Call(number(uint64(uint32(v.Imm))).code, x[0].code, x[1].code), "Interpret")
	return nil
}
