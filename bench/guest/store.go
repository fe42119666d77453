package guest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// Names of the files in the store's entries.
const (
	fileManifest  = "manifest.json" // in every entry; it is written last
	fileKernel    = "vmlinux"       // of the plain variant; the others': vmlinux-VARIANT
	fileSystemMap = "System.map"    // likewise
	fileConfig    = "config"
	fileInitrd    = "initramfs.cpio.gz"
	fileBusybox   = "busybox"
	fileLinks     = "busybox.links" // the paths of busybox's applets, a line each
	fileAio       = "aio"
)

// store is the cache folder. Its layout:
//
//	store/KIND-HASH/   a complete entry; made by renaming, never changed
//	imported.json      which entries were imported, and are taken instead of built ones
//	work/              where the holder of the lock builds; emptied before and after
//	logs/KIND.log      the output of the last build of that kind that failed
//	lock               held (flock) while building
type store struct{ dir string }

// manifest says what an entry is; for people, and to know that it is complete.
type manifest struct {
	Recipe  int               `json:"recipe_version"`
	Kind    string            `json:"kind"`
	Hash    string            `json:"hash"`
	Sources map[string]string `json:"sources"` // package -> version
	Seconds float64           `json:"seconds"` // how long the build took
}

// buildFunc makes an entry: it works in the folder work, writes the entry's files into the folder out, and returns
// which versions of which source packages it used.
type buildFunc func(ctx context.Context, r recipe, work, out string, log *os.File) (map[string]string, error)

// ensure returns the folder of the recipe's entry, built by build if it is not there. built says which it was.
func (s store) ensure(ctx context.Context, log logger, r recipe, build buildFunc) (dir string, built bool, err error) {
	dir = s.entry(r.entry())
	if complete(dir) {
		return dir, false, nil
	}
	unlock, err := s.lock(ctx, log)
	if err != nil {
		return "", false, err
	}
	defer unlock()
	if complete(dir) { // somebody else built it while we waited
		return dir, false, nil
	}
	if err := s.build(ctx, log, r, build, dir); err != nil {
		return "", false, err
	}
	return dir, true, nil
}

// readManifest reads an entry's manifest.
func readManifest(dir string) (m manifest, err error) {
	path := filepath.Join(dir, fileManifest)
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	if err != nil {
		return m, fmt.Errorf("guest: damaged entry: %s: %w", path, err)
	}
	return m, nil
}

// complete reports whether an entry is there. Entries appear by a rename, so a manifest means all of it.
func complete(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, fileManifest))
	return err == nil
}

// build makes an entry in the work folder and moves it to dir. The caller holds the lock.
func (s store) build(ctx context.Context, log logger, r recipe, build buildFunc, dir string) (err error) {
	start := time.Now()
	work, err := s.clearWork()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	out, scratch, logs := filepath.Join(work, "out"), filepath.Join(work, "scratch"), filepath.Join(s.dir, "logs")
	for _, d := range []string{out, scratch, logs, filepath.Dir(dir)} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return fmt.Errorf("cache folder: %w", err)
		}
	}
	logPath := filepath.Join(logs, r.kind+".log")
	logFile, err := os.Create(logPath)
	if err != nil {
		return fmt.Errorf("build log: %w", err)
	}
	defer logFile.Close()

	log.printf("building %s in %s", r.entry(), work)
	sources, err := build(ctx, r, scratch, out, logFile)
	if err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("interrupted: %w", ctx.Err())
		}
		return fmt.Errorf("%w; the whole log is %s", err, logPath)
	}
	m := manifest{RecipeVersion, r.kind, r.hash(), sources, time.Since(start).Seconds()}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("manifest: %w", err)
	}
	if err := os.WriteFile(filepath.Join(out, fileManifest), append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("manifest: %w", err)
	}
	if err := os.RemoveAll(dir); err != nil { // without a manifest: somebody deleted a part of it
		return fmt.Errorf("remove a damaged entry: %w", err)
	}
	if err := syncAndRename(out, dir); err != nil {
		return err
	}
	log.printf("built %s in %.0f s", r.entry(), m.Seconds)
	return errors.Join(os.Remove(logPath))
}

// clearWork makes the work folder, empty. The caller holds the lock.
func (s store) clearWork() (string, error) {
	work := filepath.Join(s.dir, "work")
	if err := os.RemoveAll(work); err != nil { // left by a build that was killed
		return "", fmt.Errorf("clear the work folder: %w", err)
	}
	if err := os.MkdirAll(work, 0o755); err != nil {
		return "", fmt.Errorf("cache folder: %w", err)
	}
	return work, nil
}

// syncAndRename puts a finished folder or file into its place: the data is on the disk before the name is.
func syncAndRename(from, to string) error {
	err := filepath.WalkDir(from, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			return err
		}
		return errors.Join(f.Sync(), f.Close())
	})
	if err != nil {
		return fmt.Errorf("finish the entry: %w", err)
	}
	if err := os.Rename(from, to); err != nil {
		return fmt.Errorf("finish the entry: %w", err)
	}
	return nil
}

// lock takes the store's lock, waiting for another builder until ctx ends. The kernel drops it when we die.
func (s store) lock(ctx context.Context, log logger) (unlock func(), err error) {
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return nil, fmt.Errorf("cache folder: %w", err)
	}
	path := filepath.Join(s.dir, "lock")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("lock the cache: %w", err)
	}
	for waiting := false; ; waiting = true {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return func() { f.Close() }, nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR) {
			f.Close()
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		if !waiting {
			log.printf("another build holds %s; waiting", path)
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, fmt.Errorf("waiting for %s: %w", path, ctx.Err())
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// DefaultCacheDir returns where guests are kept when Options does not say: $XDG_CACHE_HOME/axpress/guest, or
// ~/.cache/axpress/guest.
func DefaultCacheDir() (string, error) {
	base, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("guest: no cache folder: %w; set XDG_CACHE_HOME or name a folder", err)
	}
	return filepath.Join(base, "axpress", "guest"), nil
}
