package cache

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
)

func open(t *testing.T) *Cache {
	t.Helper()
	return Open(filepath.Join(t.TempDir(), "cache"))
}

func put(c *Cache, key, text string) error {
	return c.Put(key, func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	})
}

func TestPut(t *testing.T) {
	c := open(t)
	if c.Has("k") {
		t.Error("an empty cache has an entry")
	}
	if err := put(c, "k", "content"); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(c.Path("k")); err != nil || string(data) != "content" || !c.Has("k") {
		t.Errorf("entry %q, %v", data, err)
	}
}

// A writer that fails half way leaves the old entry, and no other file.
func TestFailedPutLeavesTheCacheAsItWas(t *testing.T) {
	c := open(t)
	if err := put(c, "k", "old"); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	err := c.Put("k", func(w io.Writer) error {
		io.WriteString(w, "half")
		return broken
	})
	if !errors.Is(err, broken) {
		t.Errorf("Put gives %v", err)
	}
	des, err := os.ReadDir(c.Dir())
	if err != nil || len(des) != 1 {
		t.Errorf("%d files after a failed Put, %v", len(des), err)
	}
	if data, _ := os.ReadFile(c.Path("k")); string(data) != "old" {
		t.Errorf("entry is %q", data)
	}
}

// names are those of the files in the cache's folder.
func names(t *testing.T, c *Cache) (list []string) {
	t.Helper()
	des, err := os.ReadDir(c.Dir())
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range des {
		list = append(list, d.Name())
	}
	return list
}

func TestListAndClear(t *testing.T) {
	c := open(t)
	if items, err := c.List(); err != nil || len(items) != 0 {
		t.Errorf("no folder: %v, %v", items, err)
	}
	if err := put(c, "k", "x"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(c.Dir(), tempPrefix+"1"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	items, err := c.List()
	if err != nil || len(items) != 1 || items[0].Key != "k" || items[0].Bytes != 1 {
		t.Errorf("list %v, %v", items, err)
	}
	if freed, err := c.Clear(); err != nil || freed != 1 || c.Has("k") {
		t.Errorf("clear freed %d, %v", freed, err)
	}
}

// What interrupted writers have left goes at the next Open, however new it is; what a writer is at stays.
func TestOpenRemovesWhatIsNobodys(t *testing.T) {
	c := open(t)
	if err := put(c, "k", "x"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{tempPrefix + "1", claimPrefix + "k", claimPrefix + "other"} {
		if err := os.WriteFile(filepath.Join(c.Dir(), name), []byte("1\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	busy, err := c.temp()
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	claim, err := c.Claim(t.Context(), []string{"mine"}, Others{Made: func(string) bool { return false }})
	if err != nil {
		t.Fatal(err)
	}
	Open(c.Dir())
	if got, want := names(t, c), []string{claimPrefix + "mine", filepath.Base(busy.Name()), "k" + suffix}; !slices.Equal(got, want) {
		t.Errorf("there is %q, want %q", got, want)
	}
	claim.Release()
	if err := discard(busy); err != nil {
		t.Error(err)
	}
	if got := names(t, c); !slices.Equal(got, []string{"k" + suffix}) {
		t.Errorf("there is %q", got)
	}
}

// A folder that is deleted comes back.
func TestPutAfterTheFolderIsDeleted(t *testing.T) {
	c := open(t)
	if err := put(c, "k", "x"); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(c.Dir()); err != nil {
		t.Fatal(err)
	}
	if err := put(c, "k", "x"); err != nil || !c.Has("k") {
		t.Errorf("%v, %v", err, c.Has("k"))
	}
}

// Room makes a folder, says what it cannot do, and leaves no file.
func TestRoom(t *testing.T) {
	c := open(t)
	if err := c.Room(1 << 20); err != nil {
		t.Error(err)
	}
	if err := c.Room(1 << 60); err == nil {
		t.Error("there is room for an exabyte")
	}
	if got := names(t, c); len(got) != 0 {
		t.Errorf("left: %q", got)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Open(filepath.Join(file, "cache")).Room(1); !errors.Is(err, syscall.ENOTDIR) {
		t.Errorf("below a file: %v", err)
	}
}

func TestKeyTellsPartsApart(t *testing.T) {
	if Key("ab", "c") == Key("a", "bc") {
		t.Error("the same key for different parts")
	}
}
