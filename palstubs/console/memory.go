package console

import (
	"fmt"
	"strings"

	"axpress/runtime/abi"
)

// MaxMemory is what Linux/Alpha uses of a machine's memory, in bytes (L kernel/setup.c, setup_memory). It leaves the rest alone, and
// gives up an initial RAM disk that is there.
const MaxMemory = 32 << 30

// UsedMemory returns how many bytes of a machine's memory the kernel uses if it is booted with cmdline: no more than the last
// mem= says, if that is not 0 (L kernel/setup.c, setup_arch).
func UsedMemory(size uint64, cmdline string) uint64 {
	limit := uint64(0)
	for _, word := range strings.FieldsFunc(cmdline, func(r rune) bool { return r == ' ' || r == '\t' }) {
		if text, ok := strings.CutPrefix(word, "mem="); ok {
			limit = memLimit(text) &^ (abi.PageSize - 1)
		}
	}
	if limit == 0 {
		limit = MaxMemory
	}
	return min(size, limit)
}

// memLimit reads a number as the kernel does (L kernel/setup.c get_mem_size_limit): decimal, octal or hexadecimal as in C, as
// far as its digits go, and one of the units K, M and G.
func memLimit(text string) uint64 {
	base := uint64(10)
	if hex, ok := strings.CutPrefix(strings.ToLower(text), "0x"); ok && strings.IndexAny(hex, "0123456789abcdef") == 0 {
		text, base = hex, 16
	} else if strings.HasPrefix(text, "0") {
		base = 8
	}
	n := uint64(0)
	for text != "" {
		d := uint64(strings.IndexByte("0123456789abcdef", strings.ToLower(text)[0]))
		if d >= base { // none is the largest number
			break
		}
		n, text = n*base+d, text[1:]
	}
	if text != "" {
		n <<= map[byte]uint{'K': 10, 'k': 10, 'M': 20, 'm': 20, 'G': 30, 'g': 30}[text[0]]
	}
	return n
}

// CheckMemory refuses a size of memory that no kernel can use.
func CheckMemory(size uint64) error {
	switch {
	case size%abi.PageSize != 0:
		return fmt.Errorf("memory of %d bytes: not a multiple of the page size, %d", size, abi.PageSize)
	case size > MaxMemory:
		return fmt.Errorf("memory of %d bytes: Linux/Alpha uses no more than %d (32 GB), and would lose the initramfs, which lies above", size, uint64(MaxMemory))
	}
	return nil
}
