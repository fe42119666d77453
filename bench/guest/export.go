package guest

import (
	"archive/tar"
	"bytes"
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
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"

	"axpress/bench/suite"
	"axpress/bench/workloads"
)

// Part is what a command runs.
type Part string

// The parts. The guest is in every export.
const (
	PartGuest  Part = "guest"  // of `axpress demo`
	PartBench  Part = "bench"  // the workloads
	PartSuite  Part = "suite"  // the checks, all variants
	PartStress Part = "stress" // the load on several CPUs
)

// Parts returns every part.
func Parts() []Part { return []Part{PartGuest, PartBench, PartSuite, PartStress} }

// An exported guest is a tar archive, compressed with zstd: first exportIndex, then the files that it names, in its
// order, each as store/ENTRY/FILE.
const exportIndex = "index.json"

// exportFormat is the version of that form.
const exportFormat = 1

// index says what is in an exported guest.
type index struct {
	Format  int             `json:"format"`
	Entries []exportedEntry `json:"entries"`
}

// exportedEntry is one entry of the store.
type exportedEntry struct {
	Name  string         `json:"name"` // of its folder
	Ours  []string       `json:"ours"` // the recipes that it is taken for, by recipe.ours
	Files []exportedFile `json:"files"`
}

// exportedFile is one file of an entry.
type exportedFile struct {
	Name   string      `json:"name"` // below the entry, with slashes
	Mode   fs.FileMode `json:"mode"`
	Size   int64       `json:"size"`
	SHA256 string      `json:"sha256"`
}

// Export builds what the parts need, if the cache does not have it, and writes it to a file that Import reads on another
// system. Conditions are those of Build. When it fails there is no file, or the one of before.
func Export(ctx context.Context, o Options, parts []Part, to string) (err error) {
	if o.Kernel != "" || o.Initrd != "" || o.Variant != Plain {
		return errors.New("guest: only a guest that is built here, with all variants, can be exported")
	}
	b, err := newBuilder(o, benchGroups(parts)...)
	if err != nil {
		return err
	}
	if err := b.parts(ctx, parts); err != nil {
		return err
	}
	x, err := b.index()
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(to), ".export-*")
	if err != nil {
		return fmt.Errorf("guest: export: %w", err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("guest: export %s: %w", to, errors.Join(err, f.Close(), os.Remove(f.Name())))
		}
	}()
	if err := b.write(ctx, f, x); err != nil {
		return err
	}
	if err := errors.Join(f.Chmod(0o644), f.Sync()); err != nil {
		return err
	}
	return os.Rename(f.Name(), to)
}

// benchGroups returns the groups of packages that only the bench needs, if it is among the parts.
func benchGroups(parts []Part) []Group {
	if slices.Contains(parts, PartBench) {
		return []Group{GroupBench}
	}
	return nil
}

// parts makes the parts, so that b.entries has their entries.
func (b *builder) parts(ctx context.Context, parts []Part) error {
	if _, err := b.guest(ctx); err != nil {
		return err
	}
	makers := map[Part]func() error{
		PartGuest:  func() error { return nil },
		PartBench:  func() error { _, err := b.bench(ctx, workloads.All()); return err },
		PartSuite:  func() error { _, err := b.suite(ctx, suite.Variants()); return err },
		PartStress: func() error { _, err := b.smp(ctx); return err },
	}
	for _, p := range parts {
		if err := makers[p](); err != nil {
			return err
		}
	}
	return nil
}

// index lists the entries that were made, less those that are only for making others, and their files.
func (b *builder) index() (x index, err error) {
	x.Format = exportFormat
	ours := map[string][]string{}
	for o, dir := range b.entries {
		ours[dir] = append(ours[dir], o)
	}
	for _, dir := range slices.Sorted(maps.Keys(ours)) {
		m, err := readManifest(dir)
		if err != nil {
			return x, err
		}
		if strings.HasPrefix(m.Kind, kindProgram) {
			continue
		}
		slices.Sort(ours[dir])
		e := exportedEntry{Name: filepath.Base(dir), Ours: ours[dir]}
		err = filepath.WalkDir(dir, func(at string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			file, err := describeFile(dir, at)
			e.Files = append(e.Files, file)
			return err
		})
		if err != nil {
			return x, err
		}
		x.Entries = append(x.Entries, e)
	}
	return x, nil
}

// describeFile describes the file at, of the entry dir.
func describeFile(dir, at string) (f exportedFile, err error) {
	name, err := filepath.Rel(dir, at)
	if err != nil {
		return f, err
	}
	in, err := os.Open(at)
	if err != nil {
		return f, err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return f, err
	}
	h := sha256.New()
	size, err := io.Copy(h, in)
	return exportedFile{filepath.ToSlash(name), info.Mode().Perm(), size, hex.EncodeToString(h.Sum(nil))}, err
}

// write writes the archive.
func (b *builder) write(ctx context.Context, to io.Writer, x index) error {
	z, err := zstd.NewWriter(to)
	if err != nil {
		return err
	}
	t := tar.NewWriter(z)
	text, err := json.MarshalIndent(x, "", "  ")
	if err != nil {
		return err
	}
	add := func(name string, mode fs.FileMode, size int64, content io.Reader) error {
		if err := t.WriteHeader(&tar.Header{Name: name, Mode: int64(mode), Size: size, Format: tar.FormatPAX}); err != nil {
			return err
		}
		_, err := io.Copy(t, content)
		return err
	}
	if err := add(exportIndex, 0o644, int64(len(text)), bytes.NewReader(text)); err != nil {
		return err
	}
	for _, e := range x.Entries {
		b.log.printf("exporting %s", e.Name)
		for _, f := range e.Files {
			if err := ctx.Err(); err != nil {
				return err
			}
			in, err := os.Open(filepath.Join(b.store.entry(e.Name), filepath.FromSlash(f.Name)))
			if err != nil {
				return err
			}
			if err := errors.Join(add(e.at(f), f.Mode, f.Size, in), in.Close()); err != nil {
				return err
			}
		}
	}
	return errors.Join(t.Close(), z.Close())
}

// at is where a file of the entry is in the archive.
func (e exportedEntry) at(f exportedFile) string { return path.Join("store", e.Name, f.Name) }
