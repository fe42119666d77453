package initramfs

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"axpress/lifter/image"
	"axpress/lifter/image/compressed"

	"github.com/cavaliergopher/cpio"
)

// The reasons why an input is refused; test for them with errors.Is.
var (
	ErrFormat   = errors.New("not an initramfs")
	ErrDamaged  = errors.New("damaged initramfs")
	ErrTooLarge = errors.New("initramfs too large")
)

// DefaultMaxTotal is the limit that Options.MaxTotal 0 means: 4 GiB, several
// times what the RAM of an Alpha that boots from one would hold.
const DefaultMaxTotal = 4 << 30

// Options limit what Read takes.
type Options struct {
	// MaxTotal is how many bytes all archives may have when decompressed;
	// 0 means DefaultMaxTotal.
	MaxTotal int64
}

// File is one regular Alpha ELF file.
type File struct {
	Name  string   // the path in the archive as written there, usually without a leading slash
	Links []string // further hard links to the same file, in archive order
	Data  []byte
}

// Read returns the Alpha ELF files of the initrd, in archive order, a file with
// several hard links once. The name is for messages. Errors wrap an Err value of
// this package; the files read before the error are returned with it.
func Read(name string, initrd []byte, o Options) ([]File, error) {
	if o.MaxTotal <= 0 {
		o.MaxTotal = DefaultMaxTotal
	}
	r := &reader{name: name, left: o.MaxTotal}
	r.in = &countReader{r: bytes.NewReader(initrd)}
	err := r.archives(bufio.NewReader(r.in))
	return r.files, err
}

// reader is the state of one Read.
type reader struct {
	name  string
	in    *countReader // the input, for the offset in messages
	left  int64        // bytes of archive still allowed
	files []File
}

// countReader counts the bytes taken from the input.
type countReader struct {
	r io.Reader
	n int64
}

func (c *countReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// limitReader gives the error ErrTooLarge, not an end, when the limit is passed.
type limitReader struct {
	r    io.Reader
	left *int64
}

func (l limitReader) Read(p []byte) (int, error) {
	if *l.left <= 0 {
		return 0, ErrTooLarge
	}
	n, err := l.r.Read(p[:min(int64(len(p)), *l.left)])
	*l.left -= int64(n)
	return n, err
}

// fail makes this package's error line: what is wrong, where, what to do.
func (r *reader) fail(kind error, do, format string, args ...any) error {
	return fmt.Errorf("initramfs: %s: %w: %s (before offset %#x of the input); %s", r.name, kind, fmt.Sprintf(format, args...), r.in.n, do)
}

// wrap turns a decoder's or archive reader's error into this package's.
func (r *reader) wrap(err error, what string) error {
	switch {
	case errors.Is(err, ErrTooLarge):
		return r.fail(ErrTooLarge, "raise the limit if this is wanted", "%s is larger than the limit when decompressed", what)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return r.fail(ErrDamaged, "copy or build it again", "%s ends early", what)
	}
	return r.fail(ErrDamaged, "copy or build it again", "%s: %v", what, err)
}

// archives reads everything of the input: archives, compressed or not, and the
// zeros between them.
func (r *reader) archives(in *bufio.Reader) error {
	for first := true; ; first = false {
		head, err := skipZeros(in)
		if err != nil {
			return r.wrap(err, "the input")
		}
		switch {
		case len(head) == 0 && first:
			return r.fail(ErrFormat, "give a cpio archive, compressed or not", "nothing but zeros")
		case len(head) == 0:
			return nil
		case isCPIO(head):
			// Limited as well: what is copied out of it counts.
			if err := r.archive(limitReader{in, &r.left}, "the archive"); err != nil {
				return err
			}
			continue
		}
		c := compressed.Find(head)
		if c == nil {
			return r.fail(ErrFormat, "give a newc cpio archive, plain or compressed with gzip, zstd, xz or bzip2", "it begins with %q", head)
		}
		if !c.Supported() {
			return r.fail(ErrFormat, "compress it with gzip or zstd instead", "%s compression is not supported", c.Name)
		}
		if err := r.compressed(c, in); err != nil {
			return err
		}
		if !c.Exact {
			return nil
		}
	}
}

// compressed reads one compressed stream of archives.
func (r *reader) compressed(c *compressed.Format, in *bufio.Reader) error {
	what := "the " + c.Name + " archive"
	plain, done, err := c.Open(in)
	if err != nil {
		return r.wrap(err, what)
	}
	defer done()
	b := bufio.NewReader(limitReader{plain, &r.left})
	for {
		head, err := skipZeros(b)
		if err != nil {
			return r.wrap(err, what)
		}
		if len(head) == 0 {
			return nil
		}
		if !isCPIO(head) {
			return r.fail(ErrFormat, "give a newc cpio archive", "%s holds no newc cpio archive, it begins with %q", what, head)
		}
		if err := r.archive(b, what); err != nil {
			return err
		}
	}
}

// skipZeros skips zero bytes and returns the next bytes, at most 6, without
// taking them; none at the end of the input.
func skipZeros(b *bufio.Reader) ([]byte, error) {
	for {
		head, err := b.Peek(6)
		if len(head) == 0 {
			if err == io.EOF {
				err = nil
			}
			return nil, err
		}
		if head[0] != 0 {
			return head, nil
		}
		run, _ := b.Peek(b.Buffered())
		if _, err := b.Discard(len(run) - len(bytes.TrimLeft(run, "\x00"))); err != nil {
			return nil, err
		}
	}
}

// isCPIO tells the two kinds of archive that Linux reads by their magic.
func isCPIO(head []byte) bool {
	return string(head) == "070701" || string(head) == "070702"
}

// node identifies a file with several hard links within an archive.
type node struct {
	dev   int
	inode int64
}

// archive reads one cpio archive up to and including its trailer.
func (r *reader) archive(in io.Reader, what string) error {
	cr := cpio.NewReader(in)
	seen := map[node]int{}       // -> index in r.files
	names := map[node][]string{} // links seen before the data
	for {
		h, err := cr.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return r.wrap(err, what)
		}
		if h.Size < 0 {
			return r.fail(ErrDamaged, "copy or build it again", "%s: %q has size %d", what, h.Name, h.Size)
		}
		body := io.LimitReader(cr, h.Size)
		if h.Mode&cpio.ModeType == cpio.TypeReg {
			id := node{h.DeviceID, h.Inode}
			linked := h.Links > 1
			if i, ok := seen[id]; ok && linked {
				r.files[i].Links = append(r.files[i].Links, h.Name)
			} else if data, err := readAlpha(body); err != nil {
				return r.wrap(err, what)
			} else if data != nil {
				f := File{Name: h.Name, Data: data}
				if linked {
					// The archiver writes the data with the last link only.
					if early := names[id]; len(early) > 0 {
						f.Name, f.Links = early[0], append(early[1:len(early):len(early)], h.Name)
					}
					seen[id] = len(r.files)
				}
				r.files = append(r.files, f)
			} else if linked {
				names[id] = append(names[id], h.Name)
			}
		}
		// Skip the rest here: the library takes a body cut short for the end.
		left := body.(*io.LimitedReader)
		if n, err := io.Copy(io.Discard, left); err != nil {
			return r.wrap(err, what)
		} else if n >= 0 && left.N > 0 {
			return r.wrap(io.ErrUnexpectedEOF, fmt.Sprintf("%s, inside %q,", what, h.Name))
		}
	}
}

// readAlpha returns the rest of body if it is an Alpha ELF file, else nil.
// Memory grows with what is really there, not with what a header claims.
func readAlpha(body io.Reader) ([]byte, error) {
	var head [20]byte
	n, err := io.ReadFull(body, head[:])
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return nil, nil
	}
	if err != nil || !image.IsAlphaELF(head[:n]) {
		return nil, err
	}
	var b bytes.Buffer
	b.Write(head[:])
	if _, err := b.ReadFrom(body); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
