// Package size reads sizes from command lines, as QEMU's -m does: megabytes, or a number with a unit.
package size

import (
	"fmt"
	"math/big"
	"regexp"
	"strings"
)

// Usage says to a person what Parse takes.
const Usage = "megabytes, or a number with B, K, M, G or T, such as 1.5G"

// Default is the unit of a number without one.
const Default = "M"

var form = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?)([BKMGT]?)$`)

// shifts are the units, as powers of two.
var shifts = map[string]uint{"B": 0, "K": 10, "M": 20, "G": 30, "T": 40}

// Parse returns the number of bytes that text says. Upper and lower case are the same. Errors: text says none, or not a
// whole number of bytes, or more than 63 bits.
func Parse(text string) (uint64, error) {
	m := form.FindStringSubmatch(strings.ToUpper(text))
	if m == nil {
		return 0, fmt.Errorf("%q is no size: want %s", text, Usage)
	}
	unit := m[2]
	if unit == "" {
		unit = Default
	}
	n, _ := new(big.Rat).SetString(m[1]) // form leaves only what it takes
	n.Mul(n, new(big.Rat).SetInt64(1<<shifts[unit]))
	switch {
	case !n.IsInt():
		return 0, fmt.Errorf("%q is no size: not a whole number of bytes", text)
	case !n.Num().IsInt64():
		return 0, fmt.Errorf("%q is no size that a machine has", text)
	}
	return n.Num().Uint64(), nil
}

// String writes a number of bytes so that Parse reads the same and a person sees at once how much it is.
func String(bytes uint64) string {
	for _, unit := range []string{"T", "G", "M", "K"} {
		if n := uint64(1) << shifts[unit]; bytes >= n && bytes%n == 0 {
			return fmt.Sprintf("%d%s", bytes/n, unit)
		}
	}
	return fmt.Sprintf("%dB", bytes)
}
