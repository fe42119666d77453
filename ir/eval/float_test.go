package eval

import (
	"math"
	"testing"

	"axpress/ir"
)

// Ways to round to an integer.
func TestFloatToInt(t *testing.T) {
	for _, c := range []struct {
		x    float64
		want [4]int64 // by ir.RoundXxx
	}{
		{2.5, [4]int64{2, 2, 3, 2}}, {3.5, [4]int64{4, 3, 4, 3}}, {-0.75, [4]int64{-1, -1, 0, 0}}, {-7, [4]int64{-7, -7, -7, -7}},
		{0x1p52 + 1, [4]int64{1<<52 + 1, 1<<52 + 1, 1<<52 + 1, 1<<52 + 1}},
	} {
		for how, want := range c.want {
			if got, ok := toInt(int64(how), c.x); !ok || int64(got) != want {
				t.Errorf("%v, %d: %d, %v, want %d", c.x, how, int64(got), ok, want)
			}
		}
	}
	if n, ok := toInt(ir.RoundZero, math.NaN()); ok {
		t.Errorf("NaN: %d", n)
	}
}

// What the host would signal leaves the unit; what it would not gives a result.
func TestFloatLeaves(t *testing.T) {
	const tiny, least, most = 0x1p-1060, 0x1p-1022, math.MaxFloat64
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range []struct {
		op    ir.Op
		x, y  float64
		leave bool
	}{
		{ir.OpFAdd, 1, 2, false},
		{ir.OpFAdd, tiny, 2, true},
		{ir.OpFAdd, nan, 2, true},
		{ir.OpFAdd, most, most, true},
		{ir.OpFAdd, inf, -inf, true},
		{ir.OpFSub, least, least, false},
		{ir.OpFSub, 1.5 * least, least, true},
		{ir.OpFMul, least, 0.5, true},
		{ir.OpFMul, least, 0x1p-100, true},
		{ir.OpFMul, least, 0, false},
		{ir.OpFDiv, 1, 0, true},
		{ir.OpFDiv, 1, inf, false},
		{ir.OpFSqrt, -1, 0, true},
		{ir.OpFTrunc, 0x1p-130, 0, true},
		{ir.OpFTrunc, 0x1p-200, 0, true},
		{ir.OpFTrunc, 1e300, 0, true},
		{ir.OpFTrunc, 1.5, 0, false},
		{ir.OpFToSI, -0x1p63, 0, false},
		{ir.OpFToSI, 0x1p63, 0, true},
		{ir.OpFCmpEQ, inf, 1, false},
		{ir.OpFCmpEQ, nan, 1, true},
		{ir.OpFCmpLT, tiny, 1, true},
	} {
		f := &ir.Func{}
		v := f.NewValue(c.op, ir.F64)
		switch c.op {
		case ir.OpFTrunc:
			v.Type = ir.F32
		case ir.OpFToSI:
			v.Type = ir.I64
		}
		for range ir.Table[c.op].NArgs {
			v.Args = append(v.Args, f.NewValue(ir.OpFConst, ir.F64))
		}
		if _, ok := evalFloat(v, [3]uint64{math.Float64bits(c.x), math.Float64bits(c.y)}); ok == c.leave {
			t.Errorf("%v %v %v: leaves is %v, want %v", c.op, c.x, c.y, !ok, c.leave)
		}
	}
}
