package prepare

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"axpress/lifter/image"
	"axpress/lifter/image/initramfs"
)

// Skipped is a file inside a folder or an initramfs that has no code to translate.
type Skipped struct {
	Name   string
	Reason string
}

// ErrNothing says that the input has no Alpha program.
var ErrNothing = errors.New("nothing to translate")

// elfMagic begins every ELF file.
var elfMagic = []byte("\x7fELF")

// Read returns the images in the file or folder at path. An ELF file gives one; an
// initramfs and a folder give those of their Alpha ELF files that can be
// translated, each content once, and name the others. Errors wrap those of
// lifter/image, lifter/image/initramfs and the host's, or ErrNothing.
func Read(path string) ([]*image.Image, []Skipped, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, nil, err
	}
	if st.IsDir() {
		return readFolder(path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, err
	}
	if bytes.HasPrefix(data, elfMagic) {
		img, err := image.Parse(path, data)
		if err != nil {
			return nil, nil, err
		}
		return []*image.Image{img}, nil, nil
	}
	images, skipped, err := Initramfs(path, data)
	if errors.Is(err, initramfs.ErrFormat) {
		return nil, nil, fmt.Errorf("%s: neither an ELF file nor an initramfs (cpio); give a vmlinux, an Alpha program, an initramfs or a folder", path)
	}
	if err == nil && len(images) == 0 {
		err = fmt.Errorf("%s: %w: no Alpha program in the initramfs", path, ErrNothing)
	}
	return images, skipped, err
}

// Initramfs returns the images of the Alpha programs in an initramfs, as Read does.
// One without any program is no error here.
func Initramfs(name string, data []byte) ([]*image.Image, []Skipped, error) {
	files, err := initramfs.Read(name, data, initramfs.Options{})
	if err != nil {
		return nil, nil, err
	}
	var c collector
	for _, f := range files {
		c.add(f.Name, f.Data)
	}
	return c.images, c.skipped, nil
}

func readFolder(root string) ([]*image.Image, []Skipped, error) {
	var c collector
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		ok, err := isAlphaFile(path)
		if err != nil || !ok {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		c.add(path, data)
		return nil
	})
	if err == nil && len(c.images) == 0 {
		err = fmt.Errorf("%s: %w: no Alpha program in the folder", root, ErrNothing)
	}
	return c.images, c.skipped, err
}

// isAlphaFile looks at the first bytes only: folders hold large files of all kinds.
func isAlphaFile(path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	head := make([]byte, 64)
	n, _ := f.Read(head) // an unreadable head is no ELF head
	return image.IsAlphaELF(head[:n]), nil
}

// collector gathers images of many files.
type collector struct {
	images  []*image.Image
	skipped []Skipped
	seen    map[[32]byte]bool
}

func (c *collector) add(name string, data []byte) {
	img, err := image.Parse(name, data)
	if err != nil {
		c.skipped = append(c.skipped, Skipped{name, err.Error()})
		return
	}
	if c.seen[img.Hash] {
		return
	}
	if c.seen == nil {
		c.seen = map[[32]byte]bool{}
	}
	c.seen[img.Hash] = true
	c.images = append(c.images, img)
}
