// Package cache is a content-addressed store of files: a key names a file whose
// content the key determines. Entries are written beside their place and renamed
// into it, so a reader sees a whole entry or none, and an interruption leaves
// nothing behind that would be mistaken for one.
//
// Several processes may use one folder. Who is about to make entries claims their
// keys, so that others wait for the result; unfinished files and claims are locked
// (flock) by the process that they belong to, and the next Open removes those whose
// process is gone. Reading needs neither locks nor the right to write.
package cache

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Cache is a folder of entries.
type Cache struct{ dir string }

// suffix marks entries; the prefixes unfinished ones and claims.
const (
	suffix      = ".axp"
	tempPrefix  = ".new-"
	claimPrefix = ".claim-"
)

// DefaultDir is the user's cache folder for translations.
func DefaultDir() (string, error) {
	base, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find the cache folder: %w (set XDG_CACHE_HOME or use --cache)", err)
	}
	return filepath.Join(base, "axpress", "translations"), nil
}

// Open returns the cache in dir. The folder is made when something is put there: it
// need not exist, nor be writable. What interrupted writers have left is removed.
func Open(dir string) *Cache {
	c := &Cache{dir: dir}
	c.sweep()
	return c
}

// Dir returns the folder of the cache.
func (c *Cache) Dir() string { return c.dir }

// Key derives a key from everything that determines an entry.
func Key(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s\n", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil)[:20])
}

// Path returns where the entry of key is, whether or not it exists.
func (c *Cache) Path(key string) string { return filepath.Join(c.dir, key+suffix) }

// Has says whether there is an entry of key; it may still turn out damaged.
func (c *Cache) Has(key string) bool { return c.Stat(key) != nil }

// Stat returns the file that is the entry of key, nil if there is none. Whoever makes the entry again makes another file.
func (c *Cache) Stat(key string) os.FileInfo {
	st, err := os.Stat(c.Path(key))
	if err != nil || !st.Mode().IsRegular() {
		return nil
	}
	return st
}

// Used notes that the entry of key is of use now. A cache that may only be read stays as it is.
func (c *Cache) Used(key string) {
	now := time.Now()
	_ = os.Chtimes(c.Path(key), now, now)
}

// Room makes the folder if need be, and says what keeps entries of so many bytes in all from being
// put there. What it does not foresee Put reports: a limit that the host hides, or another writer.
func (c *Cache) Room(bytes int64) error {
	f, err := c.temp()
	if err != nil {
		return err
	}
	if err = cmp.Or(reserve(f, bytes), discard(f)); err != nil {
		return fmt.Errorf("write about %d MB to the translation cache in %s: %w", (bytes+999_999)/1_000_000, c.dir, cause(err))
	}
	return nil
}

// Put makes the entry of key from what write writes. Either the whole entry is
// there afterwards, or an error is returned and the cache is as before.
func (c *Cache) Put(key string, write func(io.Writer) error) (err error) {
	f, err := c.temp()
	if err != nil {
		return err
	}
	if err = finish(f, write); err == nil {
		err = os.Rename(f.Name(), c.Path(key))
	}
	if err != nil {
		_ = discard(f) // the error is why
		return fmt.Errorf("write %s: %w", c.Path(key), cause(err))
	}
	_ = f.Close() // what it holds is on the disk already
	return nil
}

// finish writes what write writes to f, down to the disk.
func finish(f *os.File, write func(io.Writer) error) error {
	if err := write(f); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return f.Chmod(0o644)
}

// discard removes an unfinished file.
func discard(f *os.File) error { return errors.Join(os.RemoveAll(f.Name()), f.Close()) }

// Folder returns where the folder of key is, whether or not it exists.
func (c *Cache) Folder(key string) string { return filepath.Join(c.dir, key) }

// PutFolder makes the folder of key, which replaces an older one, by what build makes in a new folder. Folders
// are no entries: List and Clear leave them alone.
func (c *Cache) PutFolder(key string, build func(dir string) error) error {
	f, err := c.tempFolder()
	if err != nil {
		return err
	}
	if err = build(f.Name()); err == nil {
		err = os.RemoveAll(c.Folder(key))
	}
	if err == nil {
		err = os.Rename(f.Name(), c.Folder(key))
	}
	if err != nil {
		_ = discard(f) // the error is why
		return err
	}
	return f.Close()
}

// Remove deletes the entry of key, if there is one.
func (c *Cache) Remove(key string) error {
	err := os.Remove(c.Path(key))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Item is one entry in a listing.
type Item struct {
	Key   string
	Path  string
	Bytes int64
	Time  time.Time // when it was last used, or made
}

// List returns the entries in order of their keys; what is no file, like a folder
// or a pipe, is none. A cache whose folder does not exist is empty.
func (c *Cache) List() ([]Item, error) {
	des, err := os.ReadDir(c.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var items []Item
	for _, d := range des {
		info, err := d.Info()
		if err != nil {
			continue
		}
		if key, ok := strings.CutSuffix(d.Name(), suffix); ok && c.Has(key) {
			items = append(items, Item{Key: key, Path: filepath.Join(c.dir, d.Name()), Bytes: info.Size(), Time: info.ModTime()})
		}
	}
	return items, nil
}

// Clear removes all entries and returns how many bytes that freed.
func (c *Cache) Clear() (int64, error) {
	items, err := c.List()
	if err != nil {
		return 0, err
	}
	var freed int64
	for _, it := range items {
		if err := os.Remove(it.Path); err != nil {
			return freed, err
		}
		freed += it.Bytes
	}
	return freed, nil
}
