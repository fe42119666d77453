package unit

import (
	"encoding/binary"

	"axpress/lifter/image"
)

// userAccesses reads the kernel's exception table, which lists all instructions
// that may access user memory (Linux, arch/alpha/include/asm/extable.h: pairs of a
// 32-bit distance to the instruction and a fix-up).
func userAccesses(img *image.Image) map[uint64]bool {
	user := map[uint64]bool{}
	for i := range img.Sections {
		s := &img.Sections[i]
		if s.Name != "__ex_table" {
			continue
		}
		table, ok := img.Bytes(s.Addr, int(s.Size))
		if !ok {
			continue
		}
		for off := 0; off+8 <= len(table); off += 8 {
			user[s.Addr+uint64(off)+uint64(int64(int32(binary.LittleEndian.Uint32(table[off:]))))] = true
		}
	}
	return user
}
