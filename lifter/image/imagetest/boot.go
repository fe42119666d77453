package imagetest

import "encoding/binary"

// BootKernel returns the memory of a kernel that is linked to start, as objstrip leaves it
// of a vmlinux: the first instructions of Linux's head.S, its start_kernel, which halts, and zeros.
func BootKernel(start uint64) []byte {
	const got, gp, startKernel = 0x1000, 0x9000, 0x2000 // offsets
	memory := make([]byte, 32<<10)
	put := func(at int, words ...uint32) { copy(memory[at:], Words(words...)) }
	put(0,
		0xc3600000,               // br $27,.+4
		0x27bb0001,               // ldah $29,1($27)
		0x23bd0000|(gp-4)&0xffff, // lda $29,x($29): to gp, with what ldah has added too much
		0xa77d8008,               // ldq $27,-0x7ff8($29): start_kernel, from the GOT
		0x6b5b4000,               // jsr $26,($27)
		0)                        // call_pal halt
	put(startKernel, 0x27bb0000|(gp-startKernel+0x8000)>>16, 0x23bd0000|(gp-startKernel)&0xffff, 0)
	binary.LittleEndian.PutUint64(memory[got+8:], start+startKernel)
	return memory
}

// BootLoader returns a boot image: the loader that arch/alpha/boot puts before what follows,
// in short.
func BootLoader(what []byte) []byte {
	loader := make([]byte, 1024)
	copy(loader, Words(0xc3a00000, 0x27bd0000, 0x23bd0200)) // br $29,.+4; ldah $29,0($29); lda $29,0x200($29)
	return append(loader, what...)
}
