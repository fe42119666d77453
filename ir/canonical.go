package ir

// Canonical returns n as the Imm of an OpConst of type t: sign-extended from the
// width of t, but 0 or 1 for i1.
func Canonical(t Type, n int64) int64 {
	if t == I1 {
		return n & 1
	}
	s := 64 - t.Bits()
	return n << s >> s
}
