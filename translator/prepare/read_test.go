package prepare

import (
	"bytes"
	"debug/elf"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cavaliergopher/cpio"
	"golang.org/x/sys/unix"

	"axpress/lifter/image"
	"axpress/lifter/image/imagetest"
)

// programFile is a program of one instruction, at a place of its own.
func programFile(page uint64) []byte {
	va := 0x120000000 + page*image.PageSize
	return imagetest.Build(imagetest.File{Entry: va, Segs: []imagetest.Seg{
		{VAddr: va, Data: imagetest.Words(0x6bfa8001), Flags: elf.PF_R | elf.PF_X}}})
}

// tree has two programs, one of them twice, a broken one, and other files.
func tree() map[string][]byte {
	one := programFile(0)
	return map[string][]byte{
		"bin/one": one, "bin/same": one, "lib/two": programFile(1), "lib/broken": one[:100], "etc/motd": []byte("hello"), "etc/empty": nil,
	}
}

func TestReadFolder(t *testing.T) {
	root := t.TempDir()
	for name, data := range tree() {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	checkTree(t, root)
}

func TestReadInitramfs(t *testing.T) {
	var b bytes.Buffer
	w := cpio.NewWriter(&b)
	for _, name := range []string{"bin/one", "bin/same", "etc/empty", "etc/motd", "lib/broken", "lib/two"} {
		data := tree()[name]
		if err := w.WriteHeader(&cpio.Header{Name: name, Mode: cpio.TypeReg | 0o755, Size: int64(len(data))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "initrd")
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	checkTree(t, path)
}

// A pipe is read as a file is: once.
func TestReadPipe(t *testing.T) {
	var archive bytes.Buffer
	w := cpio.NewWriter(&archive)
	one := programFile(0)
	if err := w.WriteHeader(&cpio.Header{Name: "one", Mode: cpio.TypeReg | 0o755, Size: int64(len(one))}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(one); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"ELF": one, "initramfs": archive.Bytes()} {
		pipe := filepath.Join(t.TempDir(), "pipe")
		if err := unix.Mkfifo(pipe, 0o600); err != nil {
			t.Fatal(err)
		}
		written := make(chan error, 1)
		go func() { written <- os.WriteFile(pipe, data, 0) }()
		if images, _, err := Read(pipe); err != nil || len(images) != 1 {
			t.Errorf("%s: %v %v", name, images, err)
		}
		if err := <-written; err != nil {
			t.Error(err)
		}
	}
}

func checkTree(t *testing.T, path string) {
	t.Helper()
	images, skipped, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(images) != 2 || filepath.Base(images[0].Name) != "one" || filepath.Base(images[1].Name) != "two" {
		t.Errorf("%d images: %v", len(images), images)
	}
	if len(skipped) != 1 || filepath.Base(skipped[0].Name) != "broken" || skipped[0].Reason == "" {
		t.Errorf("skipped %v", skipped)
	}
}

func TestReadNothing(t *testing.T) {
	if _, _, err := Read(t.TempDir()); !errors.Is(err, ErrNothing) {
		t.Errorf("empty folder: %v", err)
	}
	path := filepath.Join(t.TempDir(), "data")
	data := imagetest.Build(imagetest.File{Type: elf.ET_DYN, Segs: []imagetest.Seg{{VAddr: 0x120000000, Data: []byte("data"), Flags: elf.PF_R}}})
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	images, _, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	notes := &notes{}
	results, err := Translate(t.Context(), images, Options{CacheDir: t.TempDir(), Report: notes})
	if err != nil || len(results) != 0 || len(notes.lines) != 1 {
		t.Errorf("a library without code: %v, %v, %q", results, err, notes.lines)
	}
}

// A library in which nothing is found is left out of a folder, and refused by itself: an
// empty translation is none.
func TestNoFunction(t *testing.T) {
	root, cacheDir := t.TempDir(), t.TempDir()
	empty := imagetest.Build(imagetest.File{Type: elf.ET_DYN, Segs: []imagetest.Seg{{VAddr: image.PageSize, Data: make([]byte, 64), Flags: elf.PF_R | elf.PF_X}}})
	for name, data := range map[string][]byte{"libempty.so": empty, "one": programFile(0)} {
		if err := os.WriteFile(filepath.Join(root, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	images, skipped, err := Read(root)
	if err != nil || len(images) != 1 || len(skipped) != 1 || !strings.Contains(skipped[0].Reason, "no function") {
		t.Errorf("folder: %v, %v, %v", images, skipped, err)
	}
	if images, _, err = Read(filepath.Join(root, "libempty.so")); err != nil {
		t.Fatal(err)
	}
	if results, err := Translate(t.Context(), images, Options{CacheDir: cacheDir}); !errors.Is(err, ErrNothing) {
		t.Errorf("file: %v, %v", results, err)
	}
	if entries, err := filepath.Glob(filepath.Join(cacheDir, "*", "*")); err != nil || len(entries) > 0 {
		t.Errorf("in the cache: %v %v", entries, err)
	}
}

// notes is a Reporter that keeps the notes.
type notes struct {
	silent
	lines []string
}

func (n *notes) Note(line string) { n.lines = append(n.lines, line) }

// The progress of several files is one, and ends at its end.
func TestProgress(t *testing.T) {
	var images []*image.Image
	for i := range uint64(2) {
		img, err := image.Parse("p", programFile(i))
		if err != nil {
			t.Fatal(err)
		}
		images = append(images, img)
	}
	p := &progress{}
	results, err := Translate(t.Context(), images, Options{CacheDir: t.TempDir(), Report: p})
	if err != nil {
		t.Fatal(err)
	}
	if len(results) != 2 || p.began != 1 || p.ended != 1 || p.done != p.total || p.total != 2 {
		t.Errorf("%d results, %+v", len(results), p)
	}
	for _, r := range results {
		if r.Cached || r.Seconds == 0 || r.Artifact == nil || r.Artifact.Key != r.Key {
			t.Errorf("%+v", r)
		}
	}
}

type progress struct {
	silent
	began, ended, done, total int
}

func (p *progress) Begin([]string) { p.began++ }
func (p *progress) End()           { p.ended++ }
func (p *progress) Progress(done, total int) {
	if done < p.done {
		p.ended = -100 // never backwards
	}
	p.done, p.total = done, total
}
