package eval

import (
	"math"

	"axpress/ir"
)

// floating is the ops that may signal: they compute a result, or say that they
// leave the unit. Host arithmetic gives the result; whether something would be
// signaled is decided here from operands and result alone, a little too often.
var floating = map[ir.Op]func(v *ir.Value, x, y float64) float64{
	ir.OpFAdd:   func(v *ir.Value, x, y float64) float64 { return round(v, x+y) },
	ir.OpFSub:   func(v *ir.Value, x, y float64) float64 { return round(v, x-y) },
	ir.OpFMul:   func(v *ir.Value, x, y float64) float64 { return round(v, x*y) },
	ir.OpFDiv:   func(v *ir.Value, x, y float64) float64 { return round(v, x/y) },
	ir.OpFSqrt:  func(v *ir.Value, x, _ float64) float64 { return round(v, math.Sqrt(x)) },
	ir.OpFTrunc: func(v *ir.Value, x, _ float64) float64 { return round(v, x) },
}

// round rounds to the type of v. float64 has more than twice the digits of float32,
// so that sums, products, quotients and square roots are rounded correctly.
func round(v *ir.Value, x float64) float64 {
	if v.Type == ir.F32 {
		return float64(float32(x))
	}
	return x
}

var compares = map[ir.Op]func(x, y float64) bool{
	ir.OpFCmpEQ: func(x, y float64) bool { return x == y },
	ir.OpFCmpLT: func(x, y float64) bool { return x < y },
	ir.OpFCmpLE: func(x, y float64) bool { return x <= y },
}

// evalFloat executes an op that may signal. !ok: it leaves the unit, as
// arithmetic does here if it is to round in another way than to nearest.
func evalFloat(v *ir.Value, args [3]uint64) (result uint64, ok bool) {
	if v.Op == ir.OpFToSI {
		return toInt(v.Imm, toFloat(v.Args[0].Type, args[0]))
	}
	if v.Imm != ir.RoundNearest && v.Imm != ir.RoundNone {
		return 0, false
	}
	var x [2]float64
	finite := true
	for i, a := range v.Args {
		x[i] = toFloat(a.Type, args[i])
		if special(a.Type, x[i]) {
			return 0, false
		}
		finite = finite && !math.IsInf(x[i], 0)
	}
	if cmp := compares[v.Op]; cmp != nil {
		return bit(cmp(x[0], x[1])), true
	}
	r := floating[v.Op](v, x[0], x[1])
	switch {
	case math.IsNaN(r), math.IsInf(r, 0) && finite:
		return 0, false
	case special(v.Type, r), math.Abs(r) == least(v.Type), r == 0 && underflows(v.Op, x):
		return 0, false
	}
	return fromFloat(v.Type, r), true
}

// toInt rounds x to an integer.
func toInt(how int64, x float64) (n uint64, ok bool) {
	switch how {
	case ir.RoundNearest:
		x = math.RoundToEven(x)
	case ir.RoundDown:
		x = math.Floor(x)
	case ir.RoundUp:
		x = math.Ceil(x)
	default:
		x = math.Trunc(x)
	}
	if ok = x >= -0x1p63 && x < 0x1p63; ok {
		n = uint64(int64(x))
	}
	return n, ok
}

// underflows says whether a zero result of op is not exact.
func underflows(op ir.Op, x [2]float64) bool {
	switch op {
	case ir.OpFMul:
		return x[0] != 0 && x[1] != 0
	case ir.OpFDiv, ir.OpFTrunc:
		return x[0] != 0 && !math.IsInf(x[1], 0)
	}
	return false
}

// special says whether x is a NaN or, of type t, denormal.
func special(t ir.Type, x float64) bool { return math.IsNaN(x) || x != 0 && math.Abs(x) < least(t) }

// least is the smallest positive normal number of type t. As a result it may have
// come about by rounding up what underflows.
func least(t ir.Type) float64 {
	if t == ir.F32 {
		return 0x1p-126
	}
	return 0x1p-1022
}

func toFloat(t ir.Type, b uint64) float64 {
	if t == ir.F32 {
		return float64(math.Float32frombits(uint32(b)))
	}
	return math.Float64frombits(b)
}

func fromFloat(t ir.Type, x float64) uint64 {
	if t == ir.F32 {
		return uint64(math.Float32bits(float32(x)))
	}
	return math.Float64bits(x)
}
