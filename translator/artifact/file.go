package artifact

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"axpress/runtime/abi"
)

// The file: a fixed header, the manifest as JSON, then sections. The text begins
// on a host page boundary, so that it can be mapped executable.
//
//	magic 8 | manifest bytes 8 | section count 8 | per section: offset 8, bytes 8, CRC-32C 8
//	CRC-32C of all the above and the manifest 8
const (
	magic    = "AXPRESS1"
	Format   = "3" // of the manifest and the sections
	hostPage = 4096
)

// The sections, in order.
const (
	secText = iota
	secEntries
	secPages
	secSpans
	secVPages
	secFaults
	secUnits
	numSections
)

// ErrDamaged is wrapped by every refusal of a file that is no complete, intact
// artefact; ErrForeign by refusals of intact ones that were made for another
// build of the runtime.
var (
	ErrDamaged = errors.New("damaged translation")
	ErrForeign = errors.New("translation of another version")
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Write writes a to w. Equal artefacts give equal bytes.
func (a *Artifact) Write(w io.Writer) error {
	a.Format, a.Layout = Format, abi.LayoutHash()
	manifest, err := json.Marshal(a.Manifest)
	if err != nil {
		return err
	}
	units, err := json.Marshal(struct {
		Units   []Unit
		Missing []string
	}{a.Units, a.Missing})
	if err != nil {
		return err
	}
	secs := [numSections][]byte{a.Text, bytesOf(a.Entries), bytesOf(a.Pages), bytesOf(a.Spans), bytesOf(a.VPages), bytesOf(a.Faults), units}
	head := make([]byte, 0, 1024)
	head = append(head, magic...)
	head = binary.LittleEndian.AppendUint64(head, uint64(len(manifest)))
	head = binary.LittleEndian.AppendUint64(head, numSections)
	off := alignUp(headerBytes+len(manifest), hostPage)
	for _, s := range secs {
		for _, v := range []uint64{uint64(off), uint64(len(s)), uint64(crc32.Checksum(s, castagnoli))} {
			head = binary.LittleEndian.AppendUint64(head, v)
		}
		off = alignUp(off+len(s), hostPage)
	}
	sum := crc32.Update(crc32.Checksum(head, castagnoli), castagnoli, manifest)
	head = binary.LittleEndian.AppendUint64(head, uint64(sum))
	n := 0
	put := func(b []byte) error {
		k, err := w.Write(b)
		n += k
		return err
	}
	if err := put(head); err != nil {
		return err
	}
	if err := put(manifest); err != nil {
		return err
	}
	for _, s := range secs {
		if err := put(make([]byte, alignUp(n, hostPage)-n)); err != nil {
			return err
		}
		if err := put(s); err != nil {
			return err
		}
	}
	return nil
}

const headerBytes = 8 + 8 + 8 + numSections*24 + 8

func alignUp(n, a int) int { return (n + a - 1) / a * a }

// bytesOf views a table as bytes: both are little-endian and without padding.
func bytesOf[T any](s []T) []byte {
	if len(s) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&s[0])), len(s)*int(unsafe.Sizeof(s[0])))
}

func tableOf[T any](b []byte) ([]T, error) {
	var t T
	size := int(unsafe.Sizeof(t))
	if len(b)%size != 0 {
		return nil, fmt.Errorf("%w: table of %d bytes is no multiple of %d", ErrDamaged, len(b), size)
	}
	if len(b) == 0 {
		return nil, nil
	}
	return unsafe.Slice((*T)(unsafe.Pointer(&b[0])), len(b)/size), nil
}

// Load maps the artefact in file path. The mapping lives as long as the process:
// code may be running in it. Errors wrap ErrDamaged or ErrForeign where the file
// is to blame.
func Load(path string) (*Artifact, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if st.Size() < headerBytes || st.Size() > 1<<40 {
		return nil, fmt.Errorf("%s: %w: %d bytes", path, ErrDamaged, st.Size())
	}
	data, err := unix.Mmap(int(f.Fd()), 0, int(st.Size()), unix.PROT_READ, unix.MAP_PRIVATE)
	if err != nil {
		return nil, fmt.Errorf("map %s: %w", path, err)
	}
	a, textAt, err := parse(data)
	if err == nil && len(a.Text) > 0 {
		a.Text, err = unix.Mmap(int(f.Fd()), int64(textAt), len(a.Text), unix.PROT_READ|unix.PROT_EXEC, unix.MAP_PRIVATE)
	}
	if err != nil {
		unix.Munmap(data)
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return a, nil
}

// parse checks data and returns views of it.
func parse(data []byte) (a *Artifact, textAt uint64, err error) {
	damaged := func(what string) (*Artifact, uint64, error) { return nil, 0, fmt.Errorf("%w: %s", ErrDamaged, what) }
	if len(data) < headerBytes || string(data[:8]) != magic {
		return damaged("no " + magic + " header")
	}
	word := func(i int) uint64 { return binary.LittleEndian.Uint64(data[8*i:]) }
	manifestLen := word(1)
	if word(2) != numSections || manifestLen > uint64(len(data)-headerBytes) {
		return damaged("header")
	}
	manifest := data[headerBytes : headerBytes+int(manifestLen)]
	if sum := crc32.Update(crc32.Checksum(data[:headerBytes-8], castagnoli), castagnoli, manifest); uint64(sum) != word(headerBytes/8-1) {
		return damaged("header checksum")
	}
	a = &Artifact{}
	if err := json.Unmarshal(manifest, &a.Manifest); err != nil {
		return damaged("manifest")
	}
	if a.Format != Format || a.Layout != abi.LayoutHash() {
		return nil, 0, fmt.Errorf("%w: format %s, layout %s", ErrForeign, a.Format, a.Layout)
	}
	var secs [numSections][]byte
	for i := range secs {
		off, n, sum := word(3+3*i), word(4+3*i), word(5+3*i)
		if off > uint64(len(data)) || n > uint64(len(data))-off || off%hostPage != 0 {
			return damaged("section table")
		}
		secs[i] = data[off : off+n]
		if uint64(crc32.Checksum(secs[i], castagnoli)) != sum {
			return damaged(fmt.Sprintf("checksum of section %d", i))
		}
	}
	a.Text = secs[secText]
	if a.Entries, err = tableOf[abi.CodeEntry](secs[secEntries]); err != nil {
		return nil, 0, err
	}
	if a.Pages, err = tableOf[abi.CodePage](secs[secPages]); err != nil {
		return nil, 0, err
	}
	if a.Spans, err = tableOf[abi.CodeSpan](secs[secSpans]); err != nil {
		return nil, 0, err
	}
	if a.VPages, err = tableOf[abi.CodeVPage](secs[secVPages]); err != nil {
		return nil, 0, err
	}
	if a.Faults, err = tableOf[abi.CodeFault](secs[secFaults]); err != nil {
		return nil, 0, err
	}
	a.unitBytes = secs[secUnits]
	return a, word(3), a.check()
}

// check makes sure that no table leads outside the text or the tables.
func (a *Artifact) check() error {
	for _, e := range a.Entries {
		if int(e.Code) >= len(a.Text) {
			return fmt.Errorf("%w: entry %#x outside the code", ErrDamaged, e.PC)
		}
	}
	for _, s := range a.Spans {
		if int(s.Code) >= len(a.Text) {
			return fmt.Errorf("%w: unit of %#x outside the code", ErrDamaged, s.Lo)
		}
	}
	for _, f := range a.Faults {
		if int(f.At) >= len(a.Text) || int(f.Fix) >= len(a.Text) {
			return fmt.Errorf("%w: fault table leads outside the code", ErrDamaged)
		}
	}
	for _, p := range a.Pages {
		if uint64(p.First)+uint64(p.N) > uint64(len(a.Entries)) {
			return fmt.Errorf("%w: page entries outside the table", ErrDamaged)
		}
	}
	return nil
}

// UnitList returns the units and the names of those without code. It is read
// from the file when first asked for.
func (a *Artifact) UnitList() ([]Unit, []string, error) {
	if a.unitBytes == nil {
		return a.Units, a.Missing, nil
	}
	var t struct {
		Units   []Unit
		Missing []string
	}
	if err := json.Unmarshal(a.unitBytes, &t); err != nil {
		return nil, nil, fmt.Errorf("%w: unit list: %v", ErrDamaged, err)
	}
	return t.Units, t.Missing, nil
}

// Code returns what the runtime needs of a.
func (a *Artifact) Code() *abi.Code {
	return &abi.Code{Text: a.Text, Entries: a.Entries, Pages: a.Pages, Spans: a.Spans,
		Hot: a.Kind == KindHot, VPages: a.VPages, Faults: a.Faults,
		KernelLo: a.CodeStart, KernelHi: a.CodeEnd}
}
