package image

import (
	"bufio"
	"bytes"
	"debug/dwarf"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"

	"axpress/lifter/image/compressed"
)

// maxPlain is how many bytes a compressed file may have when decompressed: twice a
// kernel with all its debug information.
const maxPlain = 1 << 30

// source is the bytes of a file, which need not be in memory.
type source struct {
	at   io.ReaderAt
	size uint64
	all  []byte // what at reads, if it is in memory
}

func bytesSource(data []byte) *source {
	return &source{at: bytes.NewReader(data), size: uint64(len(data)), all: data}
}

// has says whether the file has n bytes at off.
func (s *source) has(off, n uint64) bool { return off <= s.size && n <= s.size-off }

// bytes returns the n bytes at off, which the file has. They may be shared with the input.
func (s *source) bytes(off, n uint64) ([]byte, error) {
	if s.all != nil {
		return s.all[off : off+n : off+n], nil
	}
	b := make([]byte, n)
	_, err := s.at.ReadAt(b, int64(off))
	if err == io.EOF { // one at the end of the file, or of a file that has shrunk
		if off+n == s.size {
			err = nil
		} else {
			err = io.ErrUnexpectedEOF
		}
	}
	return b, err
}

// head returns the first bytes, at most n.
func (s *source) head(n uint64) []byte {
	b, err := s.bytes(0, min(n, s.size))
	if err != nil {
		return nil // whoever reads on meets the error again
	}
	return b
}

// Open reads what there is to translate in the file at path, which is also the image's
// name: an ELF file, one that is compressed (gzip, xz, zstd, bzip2), or a boot image of
// Linux. Of an ELF file no more is read than what is loaded, and the symbols.
func Open(path string) (*Image, error) {
	f, src, err := openSource(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	m, err := parse(path, src, maxPlain)
	if err != nil {
		return nil, err
	}
	m.reopen = reopener(path)
	return m, nil
}

// reopener opens the file at path again when it is called.
func reopener(path string) func() (*source, io.Closer, error) {
	return func() (*source, io.Closer, error) {
		f, src, err := openSource(path)
		return src, f, err
	}
}

// openSource opens the file at path. What is no regular file, such as a pipe, is read.
func openSource(path string) (*os.File, *source, error) {
	fail := func(err error) error {
		return fmt.Errorf("image: cannot read: %w; give the path of a readable ELF file", err)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, fail(err)
	}
	st, err := f.Stat()
	if err == nil && st.Mode().IsRegular() {
		return f, &source{at: f, size: uint64(st.Size())}, nil
	}
	var data []byte
	if err == nil {
		data, err = io.ReadAll(f)
	}
	if err != nil {
		return nil, nil, fail(errors.Join(err, f.Close()))
	}
	return f, bytesSource(data), nil
}

// Parse reads the same as Open from data. The name is for messages and becomes the
// image's name. Errors wrap an Err value of this package.
func Parse(name string, data []byte) (*Image, error) {
	m, err := parse(name, bytesSource(data), maxPlain)
	if err != nil {
		return nil, err
	}
	m.reopen = func() (*source, io.Closer, error) { return bytesSource(data), io.NopCloser(nil), nil }
	return m, nil
}

// parse reads src, whatever it is.
func parse(name string, src *source, limit int64) (*Image, error) {
	p := &parser{name: name, src: src, img: &Image{Name: name}}
	if err := p.unpack(limit); err != nil {
		return nil, err
	}
	steps := []func() error{p.header, p.segments, p.sections, p.check}
	if isBootImage(p.src.head(bootHead)) {
		steps = []func() error{p.bootImage}
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return nil, err
		}
	}
	p.img.GP = p.findGP()
	p.img.Names = p.img.Symbols
	p.img.Hash = p.img.hash()
	return p.img, nil
}

// unpack makes what is compressed plain. What is inside is looked at first, as it may be
// anything: an initramfs is compressed too.
func (p *parser) unpack(limit int64) error {
	f := compressed.Find(p.src.head(compressed.MagicSize))
	if f == nil {
		return nil
	}
	where := "offset 0"
	if !f.Supported() {
		return p.fail(ErrUnsupported, where, "decompress it first, or use gzip, xz, zstd or bzip2", "it begins like %s, which is not supported", f.Name)
	}
	damaged := func(err error) error {
		switch {
		case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
			return p.fail(ErrTruncated, fmt.Sprintf("of %d bytes", p.src.size), doCopy, "the %s data end early", f.Name)
		case errors.Is(err, compressed.ErrTooLarge):
			return p.fail(ErrUnsupported, fmt.Sprintf("the file has %d", p.src.size), doGive, "%v, from %s", err, f.Name)
		}
		return p.fail(ErrMalformed, f.Name, doCopy, "cannot be decompressed: %v", err)
	}
	in := io.NewSectionReader(p.src.at, 0, int64(p.src.size))
	plain, done, err := f.Open(bufio.NewReader(in))
	if err != nil {
		return damaged(err)
	}
	head := make([]byte, bootHead)
	n, err := io.ReadFull(plain, head)
	done()
	if head = head[:n]; !isELF(head) && !isBootImage(head) {
		if n < len(elf.ELFMAG) && err != io.EOF {
			return damaged(err)
		}
		return p.fail(ErrNotELF, "in the "+f.Name+" data", doGive, "it begins with %q", head[:min(4, n)])
	}
	whole, err := f.OpenFile(p.src.at, int64(p.src.size), limit)
	if err != nil {
		return damaged(err)
	}
	p.src = &source{at: whole, size: uint64(whole.Size())}
	return nil
}

// DWARF reads the debug information of the file, or of that which Named was given: nil
// without an error if there is none. Nothing of it is kept.
func (m *Image) DWARF() (*dwarf.Data, error) {
	src, file, err := m.reopen()
	if err != nil {
		return nil, err
	}
	defer file.Close()
	p := &parser{name: m.Name, src: src, img: &Image{Name: m.Name}}
	if err := p.unpack(maxPlain); err != nil {
		return nil, err
	}
	if !isELF(p.src.head(bootHead)) {
		return nil, nil // a boot image, or a System.map
	}
	f, err := elf.NewFile(p.src.at)
	if err != nil {
		return nil, fmt.Errorf("image: %s: %w", m.Name, err)
	}
	if f.Section(".debug_line") == nil {
		return nil, nil
	}
	d, err := f.DWARF()
	if err != nil {
		return nil, fmt.Errorf("image: %s: its debug information: %w", m.Name, err)
	}
	return d, nil
}
