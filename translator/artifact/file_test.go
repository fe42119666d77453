package artifact

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"axpress/runtime/abi"
)

func sample() *Artifact {
	return &Artifact{
		Manifest: Manifest{Key: "k", Kind: KindKernel, Source: "vmlinux", CodeStart: 0x1010000, CodeEnd: 0x1012000},
		Text:     bytes.Repeat([]byte{0xc3}, 5000),
		Entries:  []abi.CodeEntry{{PC: 0x1000, Code: 16, Index: 0}, {PC: 0x1008, Code: 16, Index: 1}},
		Spans:    []abi.CodeSpan{{Lo: 0x1000, Hi: 0x1010, Code: 16}},
		Units:    []Unit{{PC: 0x1000, Code: 16, Insts: 4, Name: "f"}},
		Missing:  []string{"g"},
	}
}

func write(t *testing.T, a *Artifact) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := a.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func load(t *testing.T, data []byte) (*Artifact, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.axp")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return Load(path)
}

func TestRoundTrip(t *testing.T) {
	want := sample()
	data := write(t, want)
	if !bytes.Equal(data, write(t, sample())) {
		t.Error("the same artefact gives different files")
	}
	got, err := load(t, data)
	if err != nil {
		t.Fatal(err)
	}
	units, missing, err := got.UnitList()
	if err != nil || len(units) != 1 || units[0] != want.Units[0] || len(missing) != 1 {
		t.Errorf("units %v, missing %v, error %v", units, missing, err)
	}
	if !bytes.Equal(got.Text, want.Text) || got.Entries[1] != want.Entries[1] || got.Spans[0] != want.Spans[0] || got.CodeEnd != want.CodeEnd {
		t.Error("text, tables or manifest differ after loading")
	}
}

// Every damage is refused as such: a byte changed anywhere but in padding, the
// file cut anywhere, an empty file.
func TestDamageIsRefused(t *testing.T) {
	data := write(t, sample())
	for at := 0; at < len(data); at += 61 {
		if data[at] == 0 {
			continue // may be padding
		}
		bad := bytes.Clone(data)
		bad[at] ^= 0x10
		if _, err := load(t, bad); !errors.Is(err, ErrDamaged) {
			t.Errorf("byte %d changed: %v, want ErrDamaged", at, err)
		}
	}
	for _, n := range []int{0, 7, headerBytes, len(data) / 2, len(data) - 1} {
		if _, err := load(t, data[:n]); !errors.Is(err, ErrDamaged) {
			t.Errorf("cut to %d bytes: %v, want ErrDamaged", n, err)
		}
	}
}

func TestEntriesOutsideTheTextAreRefused(t *testing.T) {
	a := sample()
	a.Entries[0].Code = 1 << 20
	if _, err := load(t, write(t, a)); !errors.Is(err, ErrDamaged) {
		t.Errorf("%v, want ErrDamaged", err)
	}
}

func FuzzParse(f *testing.F) {
	var b bytes.Buffer
	if err := sample().Write(&b); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		if a, _, err := parse(data); err == nil {
			a.UnitList()
		}
	})
}
