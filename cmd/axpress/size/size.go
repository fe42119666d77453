// Package size reads sizes from command lines: bytes, or a number with K, M or G.
package size

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"
)

// Parse returns the number of bytes that text says.
func Parse(text string) (uint64, error) {
	digits, shift := text, 0
	for i, unit := range []string{"K", "M", "G"} {
		if number, ok := strings.CutSuffix(text, unit); ok {
			digits, shift = number, 10*(i+1)
		}
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil || bits.Len64(n)+shift > 63 {
		return 0, fmt.Errorf("%q is no size: want bytes, or a number with K, M or G", text)
	}
	return n << shift, nil
}
