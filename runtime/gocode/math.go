package gocode

import (
	"math"
	"math/bits"
)

// Bit is 1 if b is true.
func Bit(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// AddOverflows64 says whether the signed sum overflows.
func AddOverflows64(x, y uint64) bool { return int64((x^(x+y))&(y^(x+y))) < 0 }

// AddOverflows32 says whether the signed sum overflows.
func AddOverflows32(x, y uint32) bool { return int32((x^(x+y))&(y^(x+y))) < 0 }

// SubOverflows64 says whether the signed difference overflows.
func SubOverflows64(x, y uint64) bool { return int64((x^y)&(x^(x-y))) < 0 }

// SubOverflows32 says whether the signed difference overflows.
func SubOverflows32(x, y uint32) bool { return int32((x^y)&(x^(x-y))) < 0 }

// MulOverflows64 says whether the signed product overflows.
func MulOverflows64(x, y uint64) bool {
	hi, lo := bits.Mul64(x, y)
	// The high half of the signed product is less by the other factor for each
	// negative one.
	hi -= uint64(int64(x)>>63)&y + uint64(int64(y)>>63)&x
	return hi != uint64(int64(lo)>>63)
}

// MulOverflows32 says whether the signed product overflows.
func MulOverflows32(x, y uint32) bool {
	p := int64(int32(x)) * int64(int32(y))
	return p != int64(int32(p))
}

// MapS widens x, in S floating memory format, to register format (LDS): the exponent 0
// stays, 255 becomes 2047, others change their bias.
func MapS(x uint32) float64 {
	const minNormal, inf, rebias, toInf = 1 << 23, 0xff << 23, (1023 - 127) << 52, (2047 - 255) << 52
	mag := x &^ (1 << 31)
	wide := uint64(mag) << 29
	switch {
	case mag >= inf:
		wide += toInf
	case mag >= minNormal:
		wide += rebias
	}
	return math.Float64frombits(uint64(x>>31)<<63 | wide)
}

// UnmapS is bits 63, 62 and 58:29 of x (STS).
func UnmapS(x float64) uint32 {
	b := math.Float64bits(x)
	return uint32(b>>32&0xc000_0000 | b>>29&0x3fff_ffff)
}
