package guest

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"

	"github.com/klauspost/compress/zstd"
)

// maxIndex bounds the index of an exported guest, in bytes: it has a few hundred lines.
const maxIndex = 1 << 22

// Import puts what Export has written to a file into the cache of o, and from then on Build and the others take it, on
// any system. A file that is damaged, or is none of Export's, is refused, and the cache stays as it was.
func Import(ctx context.Context, o Options, from string) error {
	o, err := o.withDefaults()
	if err != nil {
		return err
	}
	f, err := os.Open(from)
	if err != nil {
		return fmt.Errorf("guest: import: %w", err)
	}
	defer f.Close()
	if err := (store{dir: o.CacheDir}).importFrom(ctx, logger{o.Log}, f); err != nil {
		return fmt.Errorf("guest: import %s: %w", from, err)
	}
	return nil
}

// Forget has Build and the others take no imported guest any more. It reports whether there was one.
func Forget(o Options) (bool, error) {
	o, err := o.withDefaults()
	if err != nil {
		return false, err
	}
	err = os.Remove(store{dir: o.CacheDir}.importedFile())
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// importFrom reads an exported guest. Everything is checked before anything gets to its place.
func (s store) importFrom(ctx context.Context, log logger, from io.Reader) (err error) {
	unlock, err := s.lock(ctx, log)
	if err != nil {
		return err
	}
	defer unlock()
	work, err := s.clearWork()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	z, err := zstd.NewReader(from)
	if err != nil {
		return err
	}
	defer z.Close()
	t := tar.NewReader(z)
	x, err := readIndex(t)
	if err != nil {
		return err
	}
	for _, e := range x.Entries {
		log.printf("importing %s", e.Name)
		for _, f := range e.Files {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := extract(t, e.at(f), f, filepath.Join(work, e.Name, filepath.FromSlash(f.Name))); err != nil {
				return err
			}
		}
		if !complete(filepath.Join(work, e.Name)) {
			return fmt.Errorf("damaged: %s has no %s", e.Name, fileManifest)
		}
	}
	if _, err := t.Next(); err != io.EOF {
		return errors.Join(errors.New("damaged: there is more in it than its index says"), err)
	}
	if _, err := io.Copy(io.Discard, z); err != nil { // to its end, where its own check sum is
		return fmt.Errorf("damaged: %w", err)
	}
	return s.adopt(x, work)
}

// adopt moves the entries from work to their places and notes them.
func (s store) adopt(x index, work string) error {
	list, err := s.readImported()
	if err != nil {
		return err
	}
	list = maps.Clone(list)
	if list == nil {
		list = map[string]string{}
	}
	if err := os.MkdirAll(s.entry(""), 0o755); err != nil {
		return err
	}
	for _, e := range x.Entries {
		dir := s.entry(e.Name)
		for _, ours := range e.Ours {
			list[ours] = e.Name
		}
		if complete(dir) {
			continue
		}
		if err := os.RemoveAll(dir); err != nil {
			return fmt.Errorf("remove a damaged entry: %w", err)
		}
		if err := syncAndRename(filepath.Join(work, e.Name), dir); err != nil {
			return err
		}
	}
	text, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		return err
	}
	fresh := filepath.Join(work, "imported")
	if err := os.WriteFile(fresh, append(text, '\n'), 0o644); err != nil {
		return err
	}
	return syncAndRename(fresh, s.importedFile())
}

var (
	entryName = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*-[0-9a-f]{20}$`)
	sum256    = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// readIndex reads and checks the index, the archive's first file.
func readIndex(t *tar.Reader) (x index, err error) {
	h, err := t.Next()
	if err != nil || h.Name != exportIndex || h.Size > maxIndex {
		return x, errors.Join(errors.New("this is no guest that axpress guest export has written, or it is damaged"), err)
	}
	if err := json.NewDecoder(t).Decode(&x); err != nil {
		return x, fmt.Errorf("damaged: its index: %w", err)
	}
	if x.Format != exportFormat {
		return x, fmt.Errorf("it has form %d, and this version reads %d: export it with this version of axpress", x.Format, exportFormat)
	}
	if len(x.Entries) == 0 {
		return x, errors.New("damaged: there is nothing in it")
	}
	for _, e := range x.Entries {
		if !entryName.MatchString(e.Name) || len(e.Ours) == 0 {
			return x, fmt.Errorf("damaged: %q is no entry", e.Name)
		}
		for _, f := range e.Files {
			if !fs.ValidPath(f.Name) || f.Name == "." || f.Mode != f.Mode.Perm() || f.Size < 0 || !sum256.MatchString(f.SHA256) {
				return x, fmt.Errorf("damaged: %q is no file of %s", f.Name, e.Name)
			}
		}
	}
	return x, nil
}

// extract writes the archive's next file, which must be the one called name that f describes, to a file.
func extract(t *tar.Reader, name string, f exportedFile, to string) (err error) {
	h, err := t.Next()
	if err != nil {
		return fmt.Errorf("damaged: %s: %w", name, err)
	}
	if h.Name != name || h.Size != f.Size || h.Typeflag != tar.TypeReg {
		return fmt.Errorf("damaged: %s is not where its index says", name)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, f.Mode|0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	sum := sha256.New()
	if _, err := io.Copy(io.MultiWriter(out, sum), t); err != nil {
		return fmt.Errorf("damaged: %s: %w", name, err)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != f.SHA256 {
		return fmt.Errorf("damaged: %s has SHA-256 %s, and its index says %s", name, got, f.SHA256)
	}
	return nil
}

// importedFile names the file that says which entries were imported.
func (s store) importedFile() string { return filepath.Join(s.dir, "imported.json") }

// readImported returns the imported entries' folder names, by the recipes that they are taken for (recipe.ours).
func (s store) readImported() (map[string]string, error) {
	text, err := os.ReadFile(s.importedFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var list map[string]string
	if err == nil {
		err = json.Unmarshal(text, &list)
	}
	if err != nil {
		return nil, fmt.Errorf("guest: what was imported: %s: %w; axpress guest import --forget removes it", s.importedFile(), err)
	}
	return list, nil
}

// entryOf returns the folder of the entry that was imported for a recipe, or "".
func (s store) entryOf(list map[string]string, r recipe) string {
	name, ok := list[r.ours()]
	if !ok || !entryName.MatchString(name) || !complete(s.entry(name)) {
		return ""
	}
	return s.entry(name)
}

// entry returns the folder of an entry.
func (s store) entry(name string) string { return filepath.Join(s.dir, "store", name) }
