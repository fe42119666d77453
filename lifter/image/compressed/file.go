package compressed

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// ErrTooLarge says that the plain bytes are more than the limit.
var ErrTooLarge = errors.New("larger than the limit when decompressed")

// keep is how many plain bytes are kept in memory: enough for a kernel without debug
// information.
const keep = 64 << 20

// File is the plain content of a compressed file. It implements io.ReaderAt, but must
// not be used by several goroutines at once.
type File struct {
	format *Format
	packed io.ReaderAt
	length int64 // of packed
	kept   []byte
	size   int64

	// The decoder under way, which has given the bytes before at.
	plain io.Reader
	done  func()
	at    int64
}

// OpenFile decompresses packed, of length bytes, once: so it is known to be whole, and its
// size. More than limit bytes give ErrTooLarge, what is cut short io.ErrUnexpectedEOF.
func (f *Format) OpenFile(packed io.ReaderAt, length, limit int64) (*File, error) {
	file := &File{format: f, packed: packed, length: length}
	if err := file.rewind(); err != nil {
		return nil, err
	}
	defer file.Close()
	chunk := make([]byte, 256<<10)
	for {
		n, err := file.plain.Read(chunk)
		file.size += int64(n)
		switch {
		case file.size > limit:
			return nil, fmt.Errorf("%w, %d bytes", ErrTooLarge, limit)
		case file.size > keep:
			file.kept = nil
		default:
			file.kept = append(file.kept, chunk[:n]...)
		}
		if err == io.EOF {
			return file, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// Size is the number of plain bytes.
func (f *File) Size() int64 { return f.size }

// Close frees the decoder; a later ReadAt starts another one.
func (f *File) Close() {
	if f.done != nil {
		f.done()
	}
	f.plain, f.done = nil, nil
}

// rewind starts to decompress from the beginning.
func (f *File) rewind() (err error) {
	f.Close()
	f.at = 0
	f.plain, f.done, err = f.format.Open(bufio.NewReader(io.NewSectionReader(f.packed, 0, f.length)))
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// ReadAt implements io.ReaderAt.
func (f *File) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 || off > f.size {
		return 0, fmt.Errorf("read at %d of %d bytes", off, f.size)
	}
	short := int64(len(p)) > f.size-off
	p = p[:min(int64(len(p)), f.size-off)]
	if f.kept != nil || len(p) == 0 {
		n = copy(p, f.kept[min(off, int64(len(f.kept))):])
	} else if n, err = f.decode(p, off); err != nil {
		return n, err
	}
	if short {
		err = io.EOF
	}
	return n, err
}

// decode reads p at off from the decoder.
func (f *File) decode(p []byte, off int64) (int, error) {
	if f.plain == nil || off < f.at {
		if err := f.rewind(); err != nil {
			return 0, err
		}
	}
	skipped, err := io.CopyN(io.Discard, f.plain, off-f.at)
	f.at += skipped
	if err == nil {
		var n int
		n, err = io.ReadFull(f.plain, p)
		f.at += int64(n)
		if err == nil {
			return n, nil
		}
	}
	f.Close()
	if err == io.EOF { // there was more of it the first time
		err = io.ErrUnexpectedEOF
	}
	return 0, err
}
