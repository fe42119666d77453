// Package cache is a content-addressed store of files: a key names a file whose
// content the key determines. Entries are written beside their place and renamed
// into it, so a reader sees a whole entry or none, and an interruption leaves
// nothing behind that would be mistaken for one.
package cache

import (
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

// suffix marks entries; tempPrefix unfinished ones.
const (
	suffix     = ".axp"
	tempPrefix = ".new-"
)

// DefaultDir is the user's cache folder for translations.
func DefaultDir() (string, error) {
	base, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find the cache folder: %w (set XDG_CACHE_HOME or use --cache)", err)
	}
	return filepath.Join(base, "axpress", "translations"), nil
}

// Open returns the cache in dir, making the folder if need be.
func Open(dir string) (*Cache, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("open the translation cache: %w", err)
	}
	return &Cache{dir: dir}, nil
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
func (c *Cache) Has(key string) bool {
	st, err := os.Stat(c.Path(key))
	return err == nil && st.Mode().IsRegular()
}

// Used notes that the entry of key is of use now. A cache that may only be read stays as it is.
func (c *Cache) Used(key string) {
	now := time.Now()
	_ = os.Chtimes(c.Path(key), now, now)
}

// Put makes the entry of key from what write writes. Either the whole entry is
// there afterwards, or an error is returned and the cache is as before.
func (c *Cache) Put(key string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(c.dir, tempPrefix)
	if err != nil {
		return fmt.Errorf("write to the translation cache: %w", err)
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
			err = fmt.Errorf("write %s: %w", c.Path(key), err)
		}
	}()
	if err := write(f); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Chmod(0o644); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), c.Path(key))
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
// or a pipe, is none. Unfinished files of interrupted writers that are older than a
// day are removed on the way.
func (c *Cache) List() ([]Item, error) {
	des, err := os.ReadDir(c.dir)
	if err != nil {
		return nil, err
	}
	var items []Item
	for _, d := range des {
		info, err := d.Info()
		if err != nil {
			continue
		}
		path := filepath.Join(c.dir, d.Name())
		if strings.HasPrefix(d.Name(), tempPrefix) && time.Since(info.ModTime()) > 24*time.Hour {
			os.Remove(path)
			continue
		}
		if key, ok := strings.CutSuffix(d.Name(), suffix); ok && c.Has(key) {
			items = append(items, Item{Key: key, Path: path, Bytes: info.Size(), Time: info.ModTime()})
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
