package image

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"axpress/lifter/image/compressed"
)

// Boot images are what Linux's arch/alpha/boot makes for the SRM console: a loader, and
// behind it, at a multiple of 512 bytes, the memory of the kernel (objstrip), plain
// (bootimage for disks, bootpfile for the network) or compressed (bootpzfile).
const (
	bootHead   = 64                    // what tells them
	bootBlock  = 512                   // unit of their parts
	loaderMax  = 1 << 20               // where the kernel begins at the latest; loaders have some 10 KB
	bootBanner = "Linux SRM bootblock" // tools/objstrip.c
	bssMin     = 4096                  // bytes of zeros that every kernel ends with
)

// startAddresses are where kernels can be linked to (Linux,
// arch/alpha/kernel/vmlinux.lds.S); the memory of one does not say it.
var startAddresses = []uint64{KSEGBase + 0x310000, KSEGBase + 0x1010000}

// The instructions that loaders and kernels begin with (arch/alpha/boot/head.S,
// arch/alpha/kernel/head.S), without their displacements.
const (
	brT12    = 0xc3600000 // br $27,.+4
	brGP     = 0xc3a00000 // br $29,.+4
	ldahT12  = 0x27bb0000 // ldah $29,x($27)
	ldahGP   = 0x27bd0000 // ldah $29,x($29)
	ldaGP    = 0x23bd0000 // lda $29,x($29)
	ldqT12   = 0xa77d0000 // ldq $27,x($29)
	dispMask = 0xffff
)

// isBootImage reports whether a file that begins with head is one.
func isBootImage(head []byte) bool {
	return bytes.HasPrefix(head, []byte(bootBanner)) ||
		word(head, 0) == brGP && word(head, 4)&^dispMask == ldahGP && word(head, 8)&^dispMask == ldaGP
}

// word returns the instruction at off, 0 beyond the end.
func word(b []byte, off uint64) uint32 {
	if off > uint64(len(b)) || uint64(len(b))-off < 4 {
		return 0
	}
	return binary.LittleEndian.Uint32(b[off:])
}

// disp is the sum of the displacements of an ldah and an lda.
func disp(ldah, lda uint32) uint64 {
	return uint64(int64(int16(ldah))<<16 + int64(int16(lda)))
}

// isKernelStart reports whether the memory of a kernel begins with head.
func isKernelStart(head []byte) bool {
	return word(head, 0) == brT12 && word(head, 4)&^dispMask == ldahT12 && word(head, 8)&^dispMask == ldaGP
}

// startKernel returns the address of start_kernel, which the kernel's first instructions
// load from its GOT; false if they do not.
func startKernel(memory []byte) (uint64, bool) {
	if !isKernelStart(memory) {
		return 0, false
	}
	gp := 4 + disp(word(memory, 4), word(memory, 8))
	for off := uint64(12); off < 64; off += 4 {
		if w := word(memory, off); w&^dispMask == ldqT12 {
			at := gp + uint64(int64(int16(w)))
			if at > uint64(len(memory)) || uint64(len(memory))-at < 8 {
				return 0, false
			}
			return binary.LittleEndian.Uint64(memory[at:]), true
		}
	}
	return 0, false
}

// startAddress finds where the kernel is linked to: there start_kernel begins as a
// function does.
func startAddress(memory []byte) (base uint64, ok bool) {
	at, ok := startKernel(memory)
	if !ok {
		return 0, false
	}
	for _, start := range startAddresses {
		off := at - start
		if at < start || off%4 != 0 || word(memory, off)&^dispMask != ldahT12 || word(memory, off+4)&^dispMask != ldaGP {
			continue
		}
		if base != 0 {
			return 0, false // at both
		}
		base = start
	}
	return base, base != 0
}

const doVMLinux = "give the vmlinux that it was made from"

// bootImage reads a boot image.
func (p *parser) bootImage() error {
	memory, err := p.bootMemory()
	if err != nil {
		return err
	}
	base, ok := startAddress(memory)
	if !ok {
		return p.fail(ErrUnsupported, "boot image", doVMLinux, "its kernel does not say where it is to be loaded")
	}
	size := uint64(len(memory))
	end := len(bytes.TrimRight(memory, "\x00"))
	p.img.Kind, p.img.Entry = Kernel, base
	data := memory[:min((end+7)&^7, len(memory))]
	p.img.Segments = []Segment{{VAddr: base, PAddr: base, MemSize: size, Data: data, Perm: R | W | X, pages: data}}
	return nil
}

// bootMemory returns the memory of the kernel in a boot image.
func (p *parser) bootMemory() ([]byte, error) {
	head, err := p.bytes("boot image", 0, min(p.src.size, loaderMax))
	if err != nil {
		return nil, err
	}
	for off := 0; off < len(head); off += bootBlock {
		if isKernelStart(head[off:]) {
			return p.plainMemory(uint64(off))
		}
		if f := compressed.Find(head[off:min(off+compressed.MagicSize, len(head))]); f != nil && f.Exact && off > 0 {
			memory, err := p.packedMemory(f, int64(off))
			if memory != nil || err != nil {
				return memory, err
			}
		}
	}
	return nil, p.fail(ErrUnsupported, "boot image", doVMLinux, "no kernel behind its loader")
}

// plainMemory reads the kernel at off, which goes on to the end of the file.
func (p *parser) plainMemory(off uint64) ([]byte, error) {
	memory, err := p.bytes("boot image", off, p.src.size-off)
	if err != nil {
		return nil, err
	}
	if len(memory) < bssMin || len(bytes.Trim(memory[len(memory)-bssMin:], "\x00")) > 0 {
		return nil, p.fail(ErrUnsupported, "boot image", "give its vmlinux, and its initrd by --initrd",
			"it does not end with a kernel: it is truncated, or an initrd follows, and nothing says where that begins")
	}
	return memory, nil
}

// packedMemory decompresses what is at off, and returns it if it is a kernel. What
// follows is an initrd.
func (p *parser) packedMemory(f *compressed.Format, off int64) ([]byte, error) {
	section := io.NewSectionReader(p.src.at, off, int64(p.src.size)-off)
	in := bufio.NewReader(section)
	plain, done, err := f.Open(in)
	if err != nil {
		return nil, nil // it only looks like one
	}
	defer done()
	head := make([]byte, bootHead)
	if _, err := io.ReadFull(plain, head); err != nil || !isKernelStart(head) {
		return nil, nil
	}
	memory := bytes.NewBuffer(head)
	n, err := io.Copy(memory, io.LimitReader(plain, maxPlain))
	switch {
	case n == maxPlain:
		return nil, p.fail(ErrUnsupported, "boot image", doVMLinux, "%v, %d bytes", compressed.ErrTooLarge, maxPlain)
	case err != nil:
		return nil, p.fail(ErrTruncated, fmt.Sprintf("boot image, offset %#x", off), doCopy, "the %s data of its kernel: %v", f.Name, err)
	}
	read, err := section.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil, err
	}
	end := uint64(off + read - int64(in.Buffered())) // the decoder is exact
	rest, err := p.bytes("initrd of the boot image", end, p.src.size-end)
	if len(bytes.Trim(rest, "\x00")) > 0 {
		p.img.Initrd = rest
	}
	return memory.Bytes(), err
}
