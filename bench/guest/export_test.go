package guest

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"axpress/bench/suite"
)

// fakeFiles is a buildFunc that writes files, as their names say.
func fakeFiles(names ...string) buildFunc {
	return func(_ context.Context, r recipe, _, out string, _ *os.File) (map[string]string, error) {
		for _, name := range names {
			path := filepath.Join(out, filepath.FromSlash(name))
			if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(r.kind+" "+name), 0o755)); err != nil {
				return nil, err
			}
		}
		return map[string]string{sourceRelease: "1.0"}, nil
	}
}

// exportedGuest returns the file of an exported guest that a fake Debian has built, with the suite.
func exportedGuest(t *testing.T) []byte {
	t.Helper()
	b, err := newBuilder(Options{CacheDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	b.host = someHost()
	sources, err := suite.Sources()
	if err != nil {
		t.Fatal(err)
	}
	recipes := guestRecipes(t, Small)
	recipes["suite"] = suiteRecipe(suite.Variants(), sources)
	for name, r := range recipes {
		files := []string{fileKernel, fileInitrd, fileAio, fileBusybox, "deep/er/file"}
		if _, built, err := b.ensure(t.Context(), r, fakeFiles(files...)); err != nil || !built {
			t.Fatalf("%s: %v, %v", name, built, err)
		}
	}
	// What only serves to make others stays at home.
	if _, _, err := b.ensure(t.Context(), recipe{kind: kindProgram + "lua"}, fakeFiles("lua")); err != nil {
		t.Fatal(err)
	}
	x, err := b.index()
	if err != nil || len(x.Entries) != len(recipes) {
		t.Fatalf("%d entries, %v; want %d", len(x.Entries), err, len(recipes))
	}
	var file bytes.Buffer
	if err := b.write(t.Context(), &file, x); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// noDebian takes dpkg and all else from PATH.
func noDebian(t *testing.T) { t.Setenv("PATH", t.TempDir()) }

// An exported guest is found where there is no Debian, and nothing is built; what was not exported is not there.
func TestExportImport(t *testing.T) {
	file := writeFile(t, exportedGuest(t))
	noDebian(t)
	o := Options{CacheDir: t.TempDir()}
	if _, err := Build(t.Context(), o); !errors.Is(err, ErrNoDebian) || !strings.Contains(err.Error(), "guest import FILE") {
		t.Errorf("before: %v", err)
	}
	if err := Import(t.Context(), o, file); err != nil {
		t.Fatal(err)
	}
	g, err := Build(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if g.Release != "1.0" || g.Built {
		t.Errorf("%+v", g)
	}
	for path, want := range map[string]string{
		g.Kernel: "kernel-small vmlinux", g.Initrd: "initramfs initramfs.cpio.gz", g.Aio: "initramfs aio", g.Busybox: "busybox busybox",
		filepath.Join(filepath.Dir(g.Kernel), "deep/er/file"): "kernel-small deep/er/file",
	} {
		text, err := os.ReadFile(path)
		if err != nil || string(text) != want {
			t.Errorf("%s: %q, %v", path, text, err)
		}
		if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o100 == 0 {
			t.Errorf("%s cannot be executed any more", path)
		}
	}
	few, err := suite.Choose([]string{"ev67-O2"})
	if err != nil {
		t.Fatal(err)
	}
	s, err := BuildSuite(t.Context(), o, few)
	if err != nil || !s.Whole || s.Guest.Kernel != g.Kernel {
		t.Errorf("suite: %+v, %v", s, err)
	}
	for name, build := range map[string]func() error{
		"stress": func() error { _, err := BuildSMP(t.Context(), o); return err },
		"flavour": func() error {
			_, err := Build(t.Context(), Options{CacheDir: o.CacheDir, Flavour: Generic})
			return err
		},
		"another source": func() error {
			_, err := Build(t.Context(), Options{CacheDir: o.CacheDir, KernelSource: "linux-source-1.1"})
			return err
		},
	} {
		if err := build(); !errors.Is(err, ErrNoDebian) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := Import(t.Context(), o, file); err != nil {
		t.Errorf("a second time: %v", err)
	}
	for _, want := range []bool{true, false} {
		if had, err := Forget(o); had != want || err != nil {
			t.Errorf("forget: %v, %v; want %v", had, err, want)
		}
	}
	if _, err := Build(t.Context(), o); !errors.Is(err, ErrNoDebian) {
		t.Errorf("forgotten: %v", err)
	}
}

// A kernel and an initramfs of somebody's own need no Debian.
func TestOwnFiles(t *testing.T) {
	noDebian(t)
	kernel, initrd := writeFile(t, []byte("kernel")), writeFile(t, []byte("initrd"))
	o := Options{CacheDir: t.TempDir(), Kernel: kernel, Initrd: initrd}
	g, err := Build(t.Context(), o)
	if err != nil || g.Kernel != kernel || g.Initrd != initrd || g.Release != "" || g.Aio != "" {
		t.Errorf("%+v, %v", g, err)
	}
	if s, err := BuildSuite(t.Context(), o, suite.Variants()); err != nil || s.Initrd != initrd || s.Guest.Kernel != kernel || !s.Whole {
		t.Errorf("suite: %+v, %v", s, err)
	}
	if found, err := os.ReadDir(o.CacheDir); err != nil || len(found) != 0 {
		t.Errorf("the cache has %v, %v", found, err)
	}
}

// writeFile returns the path of a new file.
func writeFile(t *testing.T, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// repack returns an exported guest with its index and its files changed.
func repack(t *testing.T, file []byte, change func(x *index, files map[string][]byte)) []byte {
	t.Helper()
	z, err := zstd.NewReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	var names []string
	files := map[string][]byte{}
	r := tar.NewReader(z)
	for {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, h.Name)
		if files[h.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	var x index
	if err := json.Unmarshal(files[exportIndex], &x); err != nil {
		t.Fatal(err)
	}
	before := len(files)
	change(&x, files)
	if files[exportIndex], err = json.Marshal(x); err != nil {
		t.Fatal(err)
	}
	if len(files) > before {
		names = append(names, "extra")
	}
	var out bytes.Buffer
	c, err := zstd.NewWriter(&out)
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(c)
	for _, name := range names {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(files[name]))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(files[name]); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), c.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// A damaged file, one that is cut off, and one that says something bad are refused, and nothing of them is left.
func TestImportRefuses(t *testing.T) {
	file := exportedGuest(t)
	bad := map[string][]byte{
		"empty": nil, "no archive": []byte("hello"), "trailing": append(slices.Clone(file), "garbage"...),
		"other content": repack(t, file, func(x *index, files map[string][]byte) {
			e := x.Entries[0]
			files[e.at(e.Files[0])][0]++
		}),
		"other size": repack(t, file, func(x *index, files map[string][]byte) {
			e := x.Entries[0]
			files[e.at(e.Files[0])] = []byte("x")
		}),
		"extra file": repack(t, file, func(_ *index, files map[string][]byte) { files["extra"] = []byte("x") }),
		"form":       repack(t, file, func(x *index, _ map[string][]byte) { x.Format++ }),
		"nothing":    repack(t, file, func(x *index, _ map[string][]byte) { x.Entries = nil }),
		"less":       repack(t, file, func(x *index, _ map[string][]byte) { x.Entries = x.Entries[:1] }),
		"above":      repack(t, file, func(x *index, _ map[string][]byte) { x.Entries[0].Name = "../" + x.Entries[0].Name }),
		"file above": repack(t, file, func(x *index, _ map[string][]byte) { x.Entries[0].Files[0].Name = "../../x" }),
		"set-uid":    repack(t, file, func(x *index, _ map[string][]byte) { x.Entries[0].Files[0].Mode |= fs.ModeSetuid }),
		"no sum":     repack(t, file, func(x *index, _ map[string][]byte) { x.Entries[0].Files[0].SHA256 = "" }),
		"nameless":   repack(t, file, func(x *index, _ map[string][]byte) { x.Entries[0].Ours = nil }),
	}
	for i := range 40 {
		at := len(file) * i / 40
		bad[fmt.Sprint("cut at ", at)] = file[:at]
		flipped := slices.Clone(file)
		flipped[at] ^= 0x10
		bad[fmt.Sprint("flipped at ", at)] = flipped
	}
	good := t.TempDir()
	if err := Import(t.Context(), Options{CacheDir: good}, writeFile(t, repack(t, file, func(*index, map[string][]byte) {}))); err != nil {
		t.Errorf("as it was: %v", err)
	}
	for name, data := range bad {
		dir := t.TempDir()
		err := Import(t.Context(), Options{CacheDir: dir}, writeFile(t, data))
		left := filesBelow(t, dir)
		switch {
		case err != nil && len(left) > 0:
			t.Errorf("%s: left %q, %v", name, slices.Collect(maps.Keys(left)), err)
		case err == nil && !(strings.HasPrefix(name, "flipped") && maps.Equal(left, filesBelow(t, good))):
			// Compressed data have bits that mean nothing.
			t.Errorf("%s: taken", name)
		}
	}
}

// filesBelow returns what the files below dir hold, by path from there, but for locks.
func filesBelow(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == "lock" {
			return err
		}
		data, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path) // path begins with dir
		all[rel] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
