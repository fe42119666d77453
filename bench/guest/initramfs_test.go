package guest

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cavaliergopher/cpio"
)

func pack(t *testing.T, nodes []node) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := packInitramfs(&b, nodes); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestInitramfsIsDeterministic(t *testing.T) {
	nodes := []node{
		{"init", cpio.TypeReg | 0o755, []byte("#!/bin/sh\n")},
		{"etc/axpress/demo", cpio.TypeReg | 0o644, nil},
		{"bin/sh", cpio.TypeSymlink | 0o777, []byte("/bin/busybox")},
		{"dev", cpio.TypeDir | 0o755, nil},
	}
	want := pack(t, nodes)
	slices.Reverse(nodes)
	if got := pack(t, nodes); !bytes.Equal(got, want) {
		t.Error("the archive depends on the order of the files, or on the time")
	}

	zip, err := gzip.NewReader(bytes.NewReader(want))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	archive := cpio.NewReader(zip)
	for i := int64(1); ; i++ {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, h.Name)
		if h.Inode != i || h.Uid != 0 || h.Guid != 0 || h.ModTime.Unix() != 0 {
			t.Errorf("%s: inode %d, owner %d:%d, time %v", h.Name, h.Inode, h.Uid, h.Guid, h.ModTime)
		}
		if h.Name == "bin/sh" && h.Linkname != "/bin/busybox" {
			t.Errorf("bin/sh -> %q", h.Linkname)
		}
		if data, err := io.ReadAll(archive); err != nil || h.Name == "init" && string(data) != "#!/bin/sh\n" {
			t.Errorf("%s holds %q, %v", h.Name, data, err)
		}
	}
	if want := []string{"bin", "bin/sh", "dev", "etc", "etc/axpress", "etc/axpress/demo", "init"}; !slices.Equal(names, want) {
		t.Errorf("names %q, want %q", names, want)
	}
}

func TestInitramfsRefusesBadNames(t *testing.T) {
	for _, name := range []string{"", "/init", "../x", "a//b", "./a"} {
		if err := packInitramfs(io.Discard, []node{{name, cpio.TypeReg, nil}}); err == nil {
			t.Errorf("%q was taken", name)
		}
	}
	if err := packInitramfs(io.Discard, []node{{name: "a"}, {name: "a"}}); err == nil {
		t.Error("two files of one name were taken")
	}
}

func TestInitrdTree(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{fileBusybox: "B", fileAio: "A", fileLinks: "/linuxrc\n/bin/sh\n/usr/bin/wc\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	nodes, err := initrdTree(dir, filepath.Join(dir, fileAio))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, n := range nodes {
		names = append(names, n.name)
	}
	for _, want := range []string{"aio", "aio.c", "bin/busybox", "bin/sh", "usr/bin/wc", "init", "dev", "etc/axpress/demo"} {
		if !slices.Contains(names, want) {
			t.Errorf("no %s in %s", want, strings.Join(names, " "))
		}
	}
	if slices.Contains(names, "linuxrc") {
		t.Error("linuxrc is in the tree: the kernel would prefer it in some set-ups")
	}
}
