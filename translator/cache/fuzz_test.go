package cache

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"axpress/runtime/abi"
	"axpress/translator/artifact"
)

// intact is the file of a small artefact.
func intact(t testing.TB) []byte {
	t.Helper()
	a := &artifact.Artifact{
		Manifest: artifact.Manifest{Key: "k", Kind: artifact.KindKernel, Source: "vmlinux"},
		Text:     bytes.Repeat([]byte{0xc3}, 100),
		Entries:  []abi.CodeEntry{{PC: 0x1000, Code: 16}},
		Spans:    []abi.CodeSpan{{Lo: 0x1000, Hi: 0x1010, Code: 16}},
	}
	var b bytes.Buffer
	if err := a.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// keys are those of the entries that are damaged.
var keys = []string{"a", "b", "c", ""}

// damage does something to the place of an entry: what other programs, full disks and mistakes leave behind. Errors
// are of combinations that cannot be made.
func damage(c *Cache, kind byte, key, other string, arg int, good []byte) {
	path := c.Path(key)
	cut := good[:arg%(len(good)+1)]
	at := arg % len(good)
	for good[at] == 0 { // may be padding, which does not matter
		at = (at + 1) % len(good)
	}
	flipped := bytes.Clone(good)
	flipped[at] ^= 1 << (arg % 8)
	file := func(data []byte) {
		_ = os.Remove(path) // it may be a pipe, which would not take it
		_ = os.WriteFile(path, data, 0o600)
	}
	switch kind % 12 {
	case 0:
		file(good)
	case 1:
		file(cut)
	case 2:
		file(flipped)
	case 3:
		file(append(bytes.Clone(cut), good...))
	case 4:
		_ = os.Chmod(path, fs.FileMode(arg)&0o777)
	case 5:
		_ = os.Symlink(c.Path(other), path) // perhaps to itself, perhaps to nothing
	case 6:
		_ = os.Symlink("/dev/zero", path)
	case 7:
		_ = os.Mkdir(path, 0o700)
	case 8:
		_ = os.MkdirAll(filepath.Join(path, "within"), 0o700)
	case 9:
		_ = unix.Mkfifo(path, 0o600) // opening it would wait for a writer
	case 10:
		_ = os.RemoveAll(path)
	case 11:
		stale := filepath.Join(c.Dir(), tempPrefix+other)
		_ = os.Mkdir(stale, 0o700)
		_ = os.Chtimes(stale, time.Time{}, time.Now().Add(-48*time.Hour))
	}
}

// FuzzDamaged: whatever the folder holds, an entry that is not intact is refused, a new one replaces it unless a folder
// is in its place, and listing and clearing come to an end.
func FuzzDamaged(f *testing.F) {
	for kind := byte(0); kind < 12; kind++ {
		f.Add([]byte{kind, 0, 1, 77, 5, 1, 0, 0, 0, 2, 0, 0})
		f.Add([]byte{0, 0, 0, 0, kind, 0, 0, 200})
	}
	good := intact(f)
	f.Fuzz(func(t *testing.T, script []byte) {
		c := Open(filepath.Join(t.TempDir(), "cache"))
		if err := os.MkdirAll(c.Dir(), 0o755); err != nil {
			t.Fatal(err)
		}
		for ; len(script) >= 4; script = script[4:] {
			key, other := keys[script[1]%4], keys[script[2]%4]
			damage(c, script[0], key, other, int(script[3])*41+int(script[0]), good)
		}
		items, err := c.List()
		if err != nil {
			t.Fatal(err)
		}
		for _, it := range items {
			if !c.Has(it.Key) {
				t.Errorf("%q is listed and not there", it.Key)
			}
		}
		for _, key := range keys {
			data, err := os.ReadFile(placeOf(c, key))
			if err != nil || bytes.Equal(data, good) {
				continue // what loads stays mapped
			}
			if _, err := artifact.Load(c.Path(key)); !errors.Is(err, artifact.ErrDamaged) && !errors.Is(err, artifact.ErrForeign) {
				t.Errorf("%q, %d bytes: %v", key, len(data), err)
			}
		}
		for _, key := range keys {
			err := c.Put(key, func(w io.Writer) error {
				_, err := w.Write(good)
				return err
			})
			st, missing := os.Lstat(c.Path(key))
			if missing != nil {
				t.Fatal(missing)
			}
			if (err == nil) == st.IsDir() {
				t.Errorf("put %q: %v; a folder there: %v", key, err, st.IsDir())
			}
			if data, _ := os.ReadFile(c.Path(key)); err == nil && (!bytes.Equal(data, good) || !c.Has(key)) {
				t.Errorf("put %q, and it is another", key)
			}
		}
		if _, err := c.Clear(); err != nil {
			t.Errorf("clear: %v", err)
		}
		if items, err := c.List(); err != nil || len(items) != 0 {
			t.Errorf("%d entries after Clear, %v", len(items), err)
		}
	})
}

// placeOf is where the entry of key is, "" if there is none.
func placeOf(c *Cache, key string) string {
	if !c.Has(key) {
		return ""
	}
	return c.Path(key)
}
