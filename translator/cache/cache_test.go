package cache

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func open(t *testing.T) *Cache {
	t.Helper()
	c, err := Open(filepath.Join(t.TempDir(), "cache"))
	if err != nil {
		t.Fatal(err)
	}
	return c
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

func TestListSkipsAndRemovesUnfinishedFiles(t *testing.T) {
	c := open(t)
	if err := put(c, "k", "x"); err != nil {
		t.Fatal(err)
	}
	stale := filepath.Join(c.Dir(), tempPrefix+"1")
	if err := os.WriteFile(stale, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-48 * time.Hour)
	if err := os.Chtimes(stale, old, old); err != nil {
		t.Fatal(err)
	}
	items, err := c.List()
	if err != nil || len(items) != 1 || items[0].Key != "k" || items[0].Bytes != 1 {
		t.Errorf("list %v, %v", items, err)
	}
	if _, err := os.Stat(stale); !os.IsNotExist(err) {
		t.Error("a stale unfinished file is still there")
	}
	if freed, err := c.Clear(); err != nil || freed != 1 || c.Has("k") {
		t.Errorf("clear freed %d, %v", freed, err)
	}
}

func TestKeyTellsPartsApart(t *testing.T) {
	if Key("ab", "c") == Key("a", "bc") {
		t.Error("the same key for different parts")
	}
}
