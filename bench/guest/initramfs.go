package guest

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/cavaliergopher/cpio"
)

// node is a file of the initramfs.
type node struct {
	name string        // without a leading slash
	mode cpio.FileMode // type and permissions
	data []byte        // a file's content, a symbolic link's target
}

// buildInitrd returns the buildFunc of the initramfs with the busybox of that store entry.
func (b *builder) buildInitrd(busyboxDir string) buildFunc {
	return func(ctx context.Context, r recipe, work, out string, log *os.File) (map[string]string, error) {
		aio := filepath.Join(out, fileAio)
		if err := buildAio(ctx, command{dir: work, log: log}, aio); err != nil {
			return nil, err
		}
		nodes, err := initrdTree(busyboxDir, aio)
		if err != nil {
			return nil, err
		}
		return nil, writeInitramfs(filepath.Join(out, fileInitrd), nodes)
	}
}

// buildAio compiles recipe/aio.c to a static program.
func buildAio(ctx context.Context, c command, to string) error {
	text, err := recipeFile("aio.c")
	if err != nil {
		return err
	}
	from := filepath.Join(c.dir, "aio.c")
	if err := os.WriteFile(from, []byte(text), 0o644); err != nil {
		return err
	}
	return c.run(ctx, crossPrefix+"gcc", "-O2", "-Wall", "-Werror", "-static", "-Wl,--no-relax", "-o", to, "aio.c")
}

// initrdTree returns the guest's root file system: the programs, busybox's links, and the files of the recipe.
func initrdTree(busyboxDir, aio string) ([]node, error) {
	var nodes []node
	for _, dir := range []string{"dev", "proc", "sys", "tmp", "root", "mnt"} {
		nodes = append(nodes, node{dir, cpio.TypeDir | 0o755, nil})
	}
	for from, to := range map[string]string{filepath.Join(busyboxDir, fileBusybox): "bin/busybox", aio: "aio"} {
		data, err := os.ReadFile(from)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, node{to, cpio.TypeReg | 0o755, data})
	}
	links, err := os.ReadFile(filepath.Join(busyboxDir, fileLinks))
	if err != nil {
		return nil, err
	}
	for link := range strings.FieldsSeq(string(links)) {
		if name := strings.TrimPrefix(link, "/"); name != "linuxrc" {
			nodes = append(nodes, node{name, cpio.TypeSymlink | 0o777, []byte("/bin/busybox")})
		}
	}
	names, err := initrdFiles()
	if err != nil {
		return nil, err
	}
	for _, name := range append(names, "aio.c") {
		text, err := recipeFile(name)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, recipeNode(name, text))
	}
	return nodes, nil
}

// recipeNode says where a recipe file goes: init and aio.c to the root, scripts/NAME to etc/axpress, others where they are.
func recipeNode(name, text string) node {
	n := node{name, cpio.TypeReg | 0o644, []byte(text)}
	if base, ok := strings.CutPrefix(name, "scripts/"); ok {
		n.name = "etc/axpress/" + base
	}
	if name == "init" {
		n.mode = cpio.TypeReg | 0o755
	}
	return n
}

// writeInitramfs writes a gzipped cpio archive of nodes to a file.
func writeInitramfs(to string, nodes []node) error {
	f, err := os.Create(to)
	if err != nil {
		return fmt.Errorf("initramfs: %w", err)
	}
	w := bufio.NewWriter(f)
	if err := errors.Join(packInitramfs(w, nodes), w.Flush(), f.Close()); err != nil {
		return fmt.Errorf("initramfs %s: %w", to, err)
	}
	return nil
}

// packInitramfs writes a gzipped cpio archive (newc) of nodes. Folders above a file need no node of their own.
//
// Postconditions: the bytes depend on the nodes alone, not on their order or on the time: names are sorted, inode
// numbers count up, owners and times are 0.
func packInitramfs(w io.Writer, nodes []node) error {
	sorted, err := withParents(nodes)
	if err != nil {
		return err
	}
	zip, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	archive := cpio.NewWriter(zip)
	for i, n := range sorted {
		header := &cpio.Header{
			Name:    n.name,
			Mode:    n.mode,
			Size:    int64(len(n.data)),
			Links:   1,
			Inode:   int64(i + 1),
			ModTime: time.Unix(0, 0),
		}
		if err := archive.WriteHeader(header); err != nil {
			return fmt.Errorf("%s: %w", n.name, err)
		}
		if _, err := archive.Write(n.data); err != nil { // a symbolic link's data is its target
			return fmt.Errorf("%s: %w", n.name, err)
		}
	}
	return errors.Join(archive.Close(), zip.Close())
}

// withParents returns the nodes sorted by name, with the folders above them. Two nodes of one name are an error.
func withParents(nodes []node) ([]node, error) {
	byName := map[string]node{}
	for _, n := range nodes {
		if n.name == "" || n.name != path.Clean(n.name) || path.IsAbs(n.name) || strings.HasPrefix(n.name, "..") {
			return nil, fmt.Errorf("%q is no relative path", n.name)
		}
		if _, ok := byName[n.name]; ok {
			return nil, fmt.Errorf("two files are called %s", n.name)
		}
		byName[n.name] = n
	}
	for _, n := range nodes {
		for dir := path.Dir(n.name); dir != "."; dir = path.Dir(dir) {
			if _, ok := byName[dir]; !ok {
				byName[dir] = node{dir, cpio.TypeDir | 0o755, nil}
			}
		}
	}
	sorted := make([]node, 0, len(byName))
	for _, n := range byName {
		sorted = append(sorted, n)
	}
	slices.SortFunc(sorted, func(a, b node) int { return strings.Compare(a.name, b.name) })
	return sorted, nil
}
