package compressed

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// maxWindow is how much history a compressed stream may make its decoder keep.
// zstd --ultra -22 uses 128 MiB, xz -9 64 MiB.
const maxWindow = 128 << 20

// MagicSize is how many bytes Find needs to see.
const MagicSize = 6

// Format is one row of the table of what Linux itself may find compressed
// (lib/decompress.c).
type Format struct {
	Name  string
	magic string
	Exact bool // the decoder takes no byte after the end of its stream
	// open starts decompression; done frees the decoder. nil: not supported.
	open func(in *bufio.Reader) (plain io.Reader, done func(), err error)
}

var formats = [...]Format{
	{"gzip", "\x1f\x8b", true, openGzip},
	{"zstd", "\x28\xb5\x2f\xfd", false, openZstd},
	{"xz", "\xfd7zXZ\x00", false, openXZ},
	{"bzip2", "BZh", false, openBzip2},
	{"lzma", "\x5d\x00\x00", false, nil},
	{"lzo", "\x89LZO", false, nil},
	{"lz4", "\x02\x21\x4c\x18", false, nil},
}

// Find returns the format of what begins with head, nil if it is none of them.
func Find(head []byte) *Format {
	for i := range formats {
		if bytes.HasPrefix(head, []byte(formats[i].magic)) {
			return &formats[i]
		}
	}
	return nil
}

// Supported says whether Open can succeed.
func (f *Format) Supported() bool { return f.open != nil }

// Open starts to decompress in. The caller calls done when it has read enough of
// plain. What is cut short gives io.ErrUnexpectedEOF or io.EOF, here or in plain. It
// must not be called for a format that is not Supported.
func (f *Format) Open(in *bufio.Reader) (plain io.Reader, done func(), err error) { return f.open(in) }

func nothing() {}

func openGzip(in *bufio.Reader) (io.Reader, func(), error) {
	z, err := gzip.NewReader(in)
	if err != nil {
		return nil, nil, err
	}
	z.Multistream(false)
	return z, nothing, nil
}

func openZstd(in *bufio.Reader) (io.Reader, func(), error) {
	z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return nil, nil, err
	}
	return z, z.Close, nil
}

func openBzip2(in *bufio.Reader) (io.Reader, func(), error) {
	return bzip2.NewReader(in), nothing, nil
}

func openXZ(in *bufio.Reader) (io.Reader, func(), error) {
	if err := checkXZ(in); err != nil {
		return nil, nil, err
	}
	z, err := xz.NewReader(in)
	if err != nil {
		return nil, nil, err
	}
	return z, nothing, nil
}

// checkXZ refuses a first block whose dictionary is larger than maxWindow,
// because the decoder allocates it at once (The .xz File Format, sections 3.1
// and 5.3.1: the properties of LZMA2 are one byte that encodes its size).
func checkXZ(in *bufio.Reader) error {
	const streamHeader = 12
	head, _ := in.Peek(streamHeader + 2)
	if len(head) < streamHeader+2 || head[streamHeader] == 0 {
		return nil // truncated or without blocks: the decoder's business
	}
	block, _ := in.Peek(streamHeader + (int(head[streamHeader])+1)*4)
	block = block[streamHeader:]
	flags, rest := block[1], block[2:]
	for _, sizeField := range []byte{0x40, 0x80} { // compressed, uncompressed size: varints
		if flags&sizeField == 0 {
			continue
		}
		for len(rest) > 0 && rest[0]&0x80 != 0 {
			rest = rest[1:]
		}
		rest = rest[min(1, len(rest)):]
	}
	if flags&3 != 0 || len(rest) < 3 || rest[0] != 0x21 || rest[1] != 1 {
		return errors.New("xz: only the LZMA2 filter is supported")
	}
	if bits := rest[2]; bits > 40 || bits/2+11 > 62 || uint64(2|bits&1)<<(bits/2+11) > maxWindow {
		return fmt.Errorf("xz: dictionary size code %d is too large", bits)
	}
	return nil
}
