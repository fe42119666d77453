package prepare

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"axpress/lifter/discover"
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

// Read returns the images in the file or folder at path. What image.Open
// reads gives one; an initramfs and a folder give those of their Alpha ELF files that can be
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
	var data []byte
	var img *image.Image
	if st.Mode().IsRegular() {
		img, err = image.Open(path)
	} else if data, err = os.ReadFile(path); err == nil { // a pipe can be read once
		img, err = image.Parse(path, data)
	}
	if err == nil {
		return withInitrd(img)
	}
	if !errors.Is(err, image.ErrNotELF) {
		return nil, nil, err
	}
	if data == nil {
		if data, err = os.ReadFile(path); err != nil {
			return nil, nil, err
		}
	}
	images, skipped, err := Initramfs(path, data)
	if errors.Is(err, initramfs.ErrFormat) {
		return nil, nil, fmt.Errorf("%s: neither an ELF file nor an initramfs (cpio) nor a boot image, compressed or not; give a vmlinux, an Alpha program, an initramfs or a folder", path)
	}
	if err == nil && len(images) == 0 {
		err = fmt.Errorf("%s: %w: no Alpha program in the initramfs", path, ErrNothing)
	}
	return images, skipped, err
}

// withInitrd returns img, and the programs of the initrd that a boot image holds.
func withInitrd(img *image.Image) (images []*image.Image, skipped []Skipped, err error) {
	if len(img.Initrd) > 0 {
		images, skipped, err = Initramfs(img.Name, img.Initrd)
	}
	return append([]*image.Image{img}, images...), skipped, err
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
		img, err := image.Parse(f.Name, f.Data)
		c.add(f.Name, img, err)
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
		img, err := image.Open(path)
		if err != nil && !image.Refused(err) {
			return err
		}
		c.add(path, img, err)
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

// add adds the image in the file called name, which could not be read if err is not nil.
func (c *collector) add(name string, img *image.Image, err error) {
	if err == nil {
		err = noCode(img)
	}
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

// noCode says why a library has no code to translate, nil if it has some. What has an
// entry or names of functions has.
func noCode(img *image.Image) error {
	if img.Kind != image.Dyn || img.Entry != 0 || slices.ContainsFunc(img.Symbols, func(s image.Symbol) bool { return s.Func }) {
		return nil
	}
	_, err := discover.Discover(img, discover.Options{PageLimited: true})
	return err
}
