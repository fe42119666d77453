package initramfs_test

import (
	"bytes"
	"compress/gzip"
	"debug/elf"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"axpress/lifter/image/imagetest"
	"axpress/lifter/image/initramfs"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

type entry struct {
	name  string
	mode  int
	inode int
	links int
	data  []byte
}

// newc writes a cpio archive by hand, so that it can also write wrong ones.
func newc(entries ...entry) []byte {
	var b bytes.Buffer
	for _, e := range append(entries, entry{name: "TRAILER!!!", links: 1}) {
		fmt.Fprintf(&b, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", e.inode, e.mode, 0, 0, e.links, 0, len(e.data), 0, 0, 0, 0, len(e.name)+1, 0)
		b.WriteString(e.name + "\x00")
		for b.Len()%4 != 0 {
			b.WriteByte(0)
		}
		b.Write(e.data)
		for b.Len()%4 != 0 {
			b.WriteByte(0)
		}
	}
	for b.Len()%512 != 0 {
		b.WriteByte(0)
	}
	return b.Bytes()
}

func prog(tag uint32) []byte {
	return imagetest.Build(imagetest.File{Entry: 0x120000000, Stripped: true,
		Segs: []imagetest.Seg{{VAddr: 0x120000000, Data: imagetest.Words(tag), Flags: elf.PF_R | elf.PF_X}}})
}

func sample() []byte {
	return newc(
		entry{"bin", 0o040755, 1, 2, nil},
		entry{"bin/busybox", 0o104755, 2, 3, nil}, // set-uid; the data comes with the last link
		entry{"bin/sh", 0o104755, 2, 3, nil},
		entry{"bin/ash", 0o104755, 2, 3, prog(1)},
		entry{"init", 0o100755, 3, 1, []byte("#!/bin/sh\nexec /bin/busybox the rest of a script\n")},
		entry{"lnk", 0o120777, 4, 1, []byte("bin/sh")},
		entry{"short", 0o100644, 5, 1, []byte("x")},
		entry{"sbin/aio", 0o100755, 6, 1, prog(2)},
	)
}

func dump(fs []initramfs.File) string {
	var b strings.Builder
	for _, f := range fs {
		fmt.Fprintf(&b, "%s%v:%d ", f.Name, f.Links, len(f.Data))
	}
	return strings.TrimSpace(b.String())
}

func gz(b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	w.Write(b)
	w.Close()
	return out.Bytes()
}

func TestRead(t *testing.T) {
	n := len(prog(1))
	want := fmt.Sprintf("bin/busybox[bin/sh bin/ash]:%d sbin/aio[]:%d", n, n)
	zenc, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	var xzb bytes.Buffer
	xw, err := xz.NewWriter(&xzb)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := xw.Write(sample()); err != nil {
		t.Fatal(err)
	}
	if err := xw.Close(); err != nil {
		t.Fatal(err)
	}
	// "bzip2 -9" of an archive that is only a trailer.
	bz, err := hex.DecodeString(bzip2Trailer)
	if err != nil {
		t.Fatal(err)
	}
	early := newc(entry{"early", 0o100755, 9, 1, prog(3)})
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"plain", sample(), want},
		{"gzip", gz(sample()), want},
		{"zstd", zenc.EncodeAll(sample(), nil), want},
		{"xz", xzb.Bytes(), want},
		{"bzip2", bz, ""},
		{"plain, then gzip twice", bytes.Join([][]byte{early, gz(sample()), make([]byte, 100), gz(early)}, nil),
			fmt.Sprintf("early[]:%d %s early[]:%d", n, want, n)},
		{"plain, then zstd", append(early[:len(early):len(early)], zenc.EncodeAll(sample(), nil)...), fmt.Sprintf("early[]:%d %s", n, want)},
	} {
		fs, err := initramfs.Read(c.name, c.data, initramfs.Options{})
		if err != nil || dump(fs) != c.want {
			t.Errorf("%s: %v\n got %s\nwant %s", c.name, err, dump(fs), c.want)
		}
	}
	fs, err := initramfs.Read("x", sample(), initramfs.Options{})
	if err != nil || !bytes.Equal(fs[0].Data, prog(1)) || !bytes.Equal(fs[1].Data, prog(2)) {
		t.Error("wrong contents", err)
	}
}

const bzip2Trailer = "425a68393141592653594eb3f2e800000ddf40c4002800688022241400100002000008200021a35001a7a42869a6002684358882ccb208dbbc9dbb5d4252a50f8bb9229c28482759f97400"

func TestBad(t *testing.T) {
	s := sample()
	negative := bytes.Clone(s)
	copy(negative[54:], "-0000001")
	long := bytes.Clone(s)
	copy(long[54:], "fffffff0")
	for _, c := range []struct {
		name string
		data []byte
		max  int64
		is   error
	}{
		{"empty", nil, 0, initramfs.ErrFormat},
		{"zeros", make([]byte, 512), 0, initramfs.ErrFormat},
		{"text", []byte("hello world"), 0, initramfs.ErrFormat},
		{"lz4", []byte("\x02\x21\x4c\x18rest"), 0, initramfs.ErrFormat},
		{"gzip of text", gz([]byte("hello world")), 0, initramfs.ErrFormat},
		{"gzip cut", gz(s)[:200], 0, initramfs.ErrDamaged},
		{"file cut", s[:len(prog(1))], 0, initramfs.ErrDamaged},
		{"negative size", negative, 0, initramfs.ErrDamaged},
		{"size past the end", long, 0, initramfs.ErrDamaged},
		{"xz cut", []byte("\xfd7zXZ\x00\x00\x04"), 0, initramfs.ErrDamaged},
		{"xz, 4 GiB dictionary", []byte("\xfd7zXZ\x00\x00\x04\xe6\xd6\xb4\x46\x02\x00\x21\x01\x28\x00\x00\x00"), 0, initramfs.ErrDamaged},
		{"zstd junk", []byte("\x28\xb5\x2f\xfd\xff\xff\xff\xff"), 0, initramfs.ErrDamaged},
		{"bomb", gz(append(newc(entry{"zero", 0o100644, 1, 1, make([]byte, 1<<20)}), s...)), 1 << 16, initramfs.ErrTooLarge},
		{"plain over the limit", s, 1000, initramfs.ErrTooLarge},
	} {
		_, err := initramfs.Read("f", c.data, initramfs.Options{MaxTotal: c.max})
		if !errors.Is(err, c.is) || strings.Contains(fmt.Sprint(err), "\n") {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(sample())
	f.Add(gz(sample()))
	f.Add([]byte("\x28\xb5\x2f\xfd\xff\xff\xff\xff"))
	f.Add([]byte("\xfd7zXZ\x00\x00\x04"))
	f.Fuzz(func(t *testing.T, data []byte) {
		fs, err := initramfs.Read("fuzz", data, initramfs.Options{MaxTotal: 1 << 20})
		total := 0
		for _, f := range fs {
			total += len(f.Data)
		}
		if total > 1<<20 {
			t.Fatalf("%d bytes from a limit of 1 MiB", total)
		}
		if err != nil && (errors.Is(err, io.EOF) || strings.Contains(err.Error(), "\n")) {
			t.Fatalf("error %q", err)
		}
	})
}
