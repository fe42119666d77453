package artifact

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"testing"
)

// seal makes a file whose checksums are right of sections that are anything: what reads them must not trust them.
func seal(manifest []byte, sections [numSections][]byte) []byte {
	head := append([]byte{}, magic...)
	head = binary.LittleEndian.AppendUint64(head, uint64(len(manifest)))
	head = binary.LittleEndian.AppendUint64(head, numSections)
	off := alignUp(headerBytes+len(manifest), hostPage)
	var body []byte
	for _, s := range sections {
		for _, v := range []uint64{uint64(off), uint64(len(s)), uint64(crc32.Checksum(s, castagnoli))} {
			head = binary.LittleEndian.AppendUint64(head, v)
		}
		padded := make([]byte, alignUp(len(s), hostPage))
		copy(padded, s)
		body = append(body, padded...)
		off += len(padded)
	}
	head = binary.LittleEndian.AppendUint64(head, uint64(crc32.Update(crc32.Checksum(head, castagnoli), castagnoli, manifest)))
	data := append(head, manifest...)
	return append(append(data, make([]byte, alignUp(len(data), hostPage)-len(data))...), body...)
}

// FuzzSections: tables with anything in them are refused, or lead nowhere outside the file.
func FuzzSections(f *testing.F) {
	var b bytes.Buffer
	if err := sample().Write(&b); err != nil {
		f.Fatal(err)
	}
	good := b.Bytes()
	word := func(i int) uint64 { return binary.LittleEndian.Uint64(good[8*i:]) }
	manifest := good[headerBytes : headerBytes+word(1)]
	var secs [numSections][]byte
	for i := range secs {
		secs[i] = good[word(3+3*i):][:word(4+3*i)]
	}
	f.Add(string(manifest), secs[0], secs[1], secs[2], secs[3], secs[4], secs[5], secs[6])
	f.Fuzz(func(t *testing.T, manifest string, text, entries, pages, spans, vpages, faults, units []byte) {
		a, at, err := parse(seal([]byte(manifest), [numSections][]byte{text, entries, pages, spans, vpages, faults, units}))
		if err != nil {
			if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrForeign) {
				t.Fatalf("refused as neither damaged nor foreign: %v", err)
			}
			return
		}
		if at%hostPage != 0 || !bytes.Equal(a.Text, text) {
			t.Fatalf("text at %#x", at)
		}
		for _, e := range a.Entries {
			_ = a.Text[e.Code]
		}
		for _, p := range a.Pages {
			_ = a.Entries[p.First : p.First+p.N]
		}
		for _, x := range a.Faults {
			_, _ = a.Text[x.At], a.Text[x.Fix]
		}
		if _, _, err := a.UnitList(); err != nil && !errors.Is(err, ErrDamaged) {
			t.Fatal(err)
		}
		a.Code()
	})
}
