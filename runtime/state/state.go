package state

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"reflect"
)

// Block is what a part saves and loads.
type Block struct {
	Name    string // at most 255 bytes; says to a person what it is
	Version uint32
	Fields  []any // pointers to the fields, in the order of their bytes
	// Check is called when the fields have been loaded and says whether they can be;
	// if not they get their old values back. nil: all can.
	Check func() error
}

// ErrRefused is what every error of loading wraps.
var ErrRefused = errors.New("saved state refused")

var order = binary.LittleEndian

// headerSize is what follows a block's name: version, shape and length.
const headerSize = 3 * 4

// Writer collects blocks. The zero value is empty.
type Writer struct{ buf []byte }

// Bytes are all blocks so far. The caller must not write more while it uses them.
func (w *Writer) Bytes() []byte { return w.buf }

// Block appends a block.
func (w *Writer) Block(b Block) {
	fields := b.values()
	if len(b.Name) == 0 || len(b.Name) > 255 {
		panic("BUG: state: block name " + b.Name)
	}
	w.buf = append(append(w.buf, byte(len(b.Name))), b.Name...)
	w.buf = order.AppendUint32(w.buf, b.Version)
	w.buf = order.AppendUint32(w.buf, shape(fields))
	at := len(w.buf)
	w.buf = order.AppendUint32(w.buf, 0)
	for _, f := range fields {
		w.buf = encode(w.buf, f)
	}
	order.PutUint32(w.buf[at:], uint32(len(w.buf)-at-4))
}

// Reader takes blocks from bytes, in the order in which they were written.
type Reader struct{ rest []byte }

// NewReader reads data, which it does not change and which must not change.
func NewReader(data []byte) *Reader { return &Reader{data} }

// Block loads the next block into b's fields. An error wraps ErrRefused; the fields
// are then unchanged, and the Reader stays where it is.
func (r *Reader) Block(b Block) error {
	fields := b.values()
	h, err := r.header()
	refuse := func(format string, a ...any) error {
		return fmt.Errorf("%s: %s: %w", b.Name, fmt.Sprintf(format, a...), ErrRefused)
	}
	switch want := shape(fields); {
	case err != nil:
		return refuse("%v", err)
	case h.name != b.Name:
		return refuse("the next block is of %q", h.name)
	case h.version != b.Version:
		return refuse("version %d, expected version %d", h.version, b.Version)
	case h.shape != want:
		return refuse("version %d with fields of shape %08x, expected %08x", h.version, h.shape, want)
	}
	d := decoder{rest: h.body}
	loaded := make([]reflect.Value, len(fields))
	for i, f := range fields {
		loaded[i] = reflect.New(f.Type()).Elem()
		if err := d.decode(loaded[i]); err != nil {
			return refuse("field %d of %d: %v", i+1, len(fields), err)
		}
	}
	if len(d.rest) != 0 {
		return refuse("%d bytes, expected %d", len(h.body), len(h.body)-len(d.rest))
	}
	swap := func() {
		for i, f := range fields {
			old := reflect.New(f.Type()).Elem()
			old.Set(f)
			f.Set(loaded[i])
			loaded[i] = old
		}
	}
	swap()
	if b.Check != nil {
		if err := b.Check(); err != nil {
			swap()
			return refuse("%v", err)
		}
	}
	r.rest = h.after
	return nil
}

// Done says whether all bytes have been read.
func (r *Reader) Done() error {
	if len(r.rest) == 0 {
		return nil
	}
	if h, err := r.header(); err == nil {
		return fmt.Errorf("a block of %q that nobody expects: %w", h.name, ErrRefused)
	}
	return fmt.Errorf("%d bytes behind the last block: %w", len(r.rest), ErrRefused)
}

// header is the head of a block, and the bytes that it stands before.
type header struct {
	name           string
	version, shape uint32
	body, after    []byte
}

func (r *Reader) header() (h header, err error) {
	p := r.rest
	if len(p) == 0 {
		return h, errors.New("no block is left")
	}
	n := int(p[0])
	if n == 0 || len(p) < 1+n+headerSize {
		return h, errors.New("the bytes end in the head of a block, or are none")
	}
	h.name, p = string(p[1:1+n]), p[1+n:]
	h.version, h.shape = order.Uint32(p), order.Uint32(p[4:])
	length := order.Uint32(p[8:])
	p = p[headerSize:]
	if uint64(length) > uint64(len(p)) {
		return h, fmt.Errorf("%d bytes are left, expected %d", len(p), length)
	}
	h.body, h.after = p[:length], p[length:]
	return h, nil
}

// values are what b's pointers point to.
func (b *Block) values() []reflect.Value {
	out := make([]reflect.Value, len(b.Fields))
	for i, f := range b.Fields {
		p := reflect.ValueOf(f)
		if p.Kind() != reflect.Pointer || p.IsNil() {
			panic(fmt.Sprintf("BUG: state: %s: field %d is no pointer but %T", b.Name, i+1, f))
		}
		out[i] = p.Elem()
	}
	return out
}

// shape is a checksum over the types of the fields.
func shape(fields []reflect.Value) uint32 {
	text := []byte{}
	for _, f := range fields {
		text = append(describe(text, f.Type()), ';')
	}
	return crc32.ChecksumIEEE(text)
}
