package outfile

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// content is what is in the file, "" if there is none.
func content(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return string(data)
}

func count(t *testing.T, dir string) int {
	t.Helper()
	des, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return len(des)
}

func TestCheckLeavesThingsAsTheyAre(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	if err := Check(path); err != nil || count(t, dir) != 0 {
		t.Errorf("no file: %v, %d files", err, count(t, dir))
	}
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Check(path); err != nil || content(t, path) != "old" {
		t.Errorf("a file: %v, %q", err, content(t, path))
	}
	for _, bad := range []string{dir, filepath.Join(path, "file"), filepath.Join(dir, "no", "file")} {
		if err := Check(bad); err == nil {
			t.Errorf("%s can be written", bad)
		}
	}
}

// A link to a file that is not there yet can be written, if the file can be made where it leads, through links to folders too.
func TestCheckFollowsLinks(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "a", "b"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, to string
		ok       bool
	}{
		{"folder", "a/b", false}, {"new", "file", true}, {"second", "new", true}, {"a/b/up", "../file", true}, {"folder/back", "../file", true},
		{"absolute", filepath.Join(dir, "file"), true}, {"a/b/chain", "../../folder/up", true}, {"lost", "nosuch/file", false}, {"itself", "itself", false},
	} {
		path := filepath.Join(dir, c.name)
		if err := os.Symlink(c.to, path); err != nil {
			t.Fatal(err)
		}
		if err := Check(path); (err == nil) != c.ok || errors.Is(err, os.ErrExist) {
			t.Errorf("%s, which leads to %s: %v", c.name, c.to, err)
		}
	}
	if n := count(t, dir) + count(t, filepath.Join(dir, "a")) + count(t, filepath.Join(dir, "a", "b")); n != 7+1+3 {
		t.Errorf("%d files and links, want %d", n, 7+1+3)
	}
}

// The file is replaced as a whole or not at all, with its permissions.
func TestWrite(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	if err := Write(path, Bytes([]byte("old"))); err != nil || content(t, path) != "old" {
		t.Fatalf("%v, %q", err, content(t, path))
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	err := Write(path, func(w io.Writer) error {
		_, _ = io.WriteString(w, "half")
		return broken
	})
	if !errors.Is(err, broken) || content(t, path) != "old" || count(t, dir) != 1 {
		t.Errorf("%v, %q, %d files", err, content(t, path), count(t, dir))
	}
	if err := Write(path, Bytes([]byte("new"))); err != nil || content(t, path) != "new" || count(t, dir) != 1 {
		t.Errorf("%v, %q, %d files", err, content(t, path), count(t, dir))
	}
	if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o640 {
		t.Errorf("%v, %v", st.Mode(), err)
	}
	// What cannot be put in its place leaves nothing.
	if err := Write(dir, Bytes(nil)); err == nil || count(t, dir) != 1 {
		t.Errorf("a folder was overwritten: %v, %d files", err, count(t, dir))
	}
}

// A link stays one, and a device too.
func TestWriteInPlace(t *testing.T) {
	dir := t.TempDir()
	path, link := filepath.Join(dir, "file"), filepath.Join(dir, "link")
	if err := os.Symlink("file", link); err != nil {
		t.Fatal(err)
	}
	if err := Write(link, Bytes([]byte("new"))); err != nil || content(t, path) != "new" {
		t.Errorf("%v, %q", err, content(t, path))
	}
	if st, err := os.Lstat(link); err != nil || st.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is %v, %v", st.Mode(), err)
	}
	if err := Write(os.DevNull, Bytes([]byte("new"))); err != nil {
		t.Error(err)
	}
}
