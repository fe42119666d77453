package cache

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// errHeld says that another open file has the lock.
var errHeld = unix.EWOULDBLOCK

// flock takes the lock of f, which goes when f is closed: the host closes the files of a process
// however it ends. It does not wait. Other errors than errHeld say that the file system has no locks.
func flock(f *os.File) error {
	return again(func() error { return unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) })
}

// again calls call until no signal has interrupted it.
func again(call func() error) error {
	for {
		if err := call(); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// there says whether f is still the file at its path.
func there(f *os.File) bool {
	mine, err := f.Stat()
	if err != nil {
		return false
	}
	st, err := os.Lstat(f.Name())
	return err == nil && os.SameFile(mine, st)
}

// temp makes an unfinished file.
func (c *Cache) temp() (*os.File, error) {
	return c.unfinished(func() (*os.File, error) { return os.CreateTemp(c.dir, tempPrefix) })
}

// tempFolder makes an unfinished folder.
func (c *Cache) tempFolder() (*os.File, error) {
	return c.unfinished(func() (*os.File, error) {
		dir, err := os.MkdirTemp(c.dir, tempPrefix)
		if err != nil {
			return nil, err
		}
		return os.Open(dir)
	})
}

// unfinished makes what create makes in the cache's folder, which is made too if need be. It is locked as long as it
// is open, where the file system has locks.
func (c *Cache) unfinished(create func() (*os.File, error)) (*os.File, error) {
	for {
		f, err := create()
		if errors.Is(err, fs.ErrNotExist) { // perhaps deleted meanwhile
			if err = os.MkdirAll(c.dir, 0o755); err == nil {
				f, err = create()
			}
		}
		if err != nil {
			return nil, fmt.Errorf("write to the translation cache in %s: %w", c.dir, cause(err))
		}
		if err := flock(f); !errors.Is(err, errHeld) && there(f) {
			return f, nil
		}
		f.Close() // a sweep came before the lock
	}
}

// cause is err without the name of an unfinished file, which tells nobody anything.
func cause(err error) error {
	var of *fs.PathError
	if errors.As(err, &of) && strings.HasPrefix(filepath.Base(of.Path), tempPrefix) {
		return of.Err
	}
	return err
}

// reserve makes room for bytes in f, where the file system can.
func reserve(f *os.File, bytes int64) error {
	err := again(func() error { return unix.Fallocate(int(f.Fd()), 0, 0, max(bytes, 1)) })
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOSYS) {
		return nil
	}
	return err
}

// forsaken is the age from which an unfinished file that cannot be locked is nobody's.
const forsaken = 24 * time.Hour

// sweep removes unfinished files and claims whose process is gone. What cannot be removed stays.
func (c *Cache) sweep() {
	des, err := os.ReadDir(c.dir)
	if err != nil {
		return
	}
	for _, d := range des {
		if name := d.Name(); strings.HasPrefix(name, tempPrefix) || strings.HasPrefix(name, claimPrefix) {
			sweepOne(filepath.Join(c.dir, name), d)
		}
	}
}

// sweepOne removes the file at path if it is nobody's. A process number in it or its name would not tell: numbers are
// used again, and those of another container mean nothing here.
func sweepOne(path string, d fs.DirEntry) {
	access := os.O_RDWR // what the lock of a file needs on NFS
	if d.IsDir() {
		access = os.O_RDONLY
	}
	f, err := os.OpenFile(path, access|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err == nil {
		defer f.Close()
		if err = flock(f); err == nil && there(f) {
			_ = os.RemoveAll(path)
			return
		}
	}
	if errors.Is(err, errHeld) {
		return
	}
	if info, err := d.Info(); err == nil && time.Since(info.ModTime()) > forsaken {
		_ = os.RemoveAll(path)
	}
}
