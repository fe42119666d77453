// Package softfp is exact Alpha floating-point arithmetic in plain Go.
//
// In: operands in register format, the format and the rounding mode of the
// operation. Out: the correctly rounded result in register format, and the
// conditions that came up. It knows no FPCR, no trap qualifier and no trap: the
// interpreter decides what becomes of a condition. It never uses the host's
// floating-point unit, so the host's modes and quirks cannot leak in.
//
// IEEE operations treat every operand by its value, denormals included; results
// that underflow are returned as IEEE denormals with Underflow set. NaN results
// follow the Alpha Architecture Handbook, section 4.7.10.4: Fb first, then Fa,
// quieted; else the canonical NaN. VAX operations have no NaN and no denormal:
// operands with exponent 0 are screened by the caller and count as zero, results
// that underflow are zero.
package softfp
