package image

import (
	"bytes"
	"compress/gzip"
	"debug/elf"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"axpress/lifter/image/imagetest"
)

const kernelStart = KSEGBase + 0x1010000

// kernelFile is a kernel with a symbol.
func kernelFile() imagetest.File {
	return imagetest.File{Entry: kernelStart, Segs: []imagetest.Seg{{VAddr: kernelStart, Data: imagetest.BootKernel(kernelStart)[:0x3000], MemSize: 0x8000, Flags: 7}},
		Syms: []imagetest.Sym{{Name: "_stext", Addr: kernelStart, Type: elf.STT_FUNC}, {Name: "start_kernel", Addr: kernelStart + 0x2000, Size: 12, Type: elf.STT_FUNC},
			{Name: "_end", Addr: kernelStart + 0x8000, Type: elf.STT_NOTYPE}},
		Secs: []imagetest.Sec{{Name: ".text", Addr: kernelStart, Size: 0x3000, Flags: elf.SHF_EXECINSTR}}}
}

func pack(t *testing.T, format string, plain []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	var err error
	switch format {
	case "gzip":
		w = gzip.NewWriter(&b)
	case "zstd":
		w, err = zstd.NewWriter(&b)
	case "xz":
		w, err = xz.NewWriter(&b)
	case "bzip2":
		path, missing := exec.LookPath("bzip2")
		if missing != nil {
			t.Skip("bzip2 is not installed: Go has no compressor for it")
		}
		cmd := exec.Command(path, "-c")
		cmd.Stdin, cmd.Stdout = bytes.NewReader(plain), &b
		if err := cmd.Run(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	if err == nil {
		_, err = w.Write(plain)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func write(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// A compressed kernel is the same as the plain one; what is cut short or too large is
// refused by the name of the file and the format.
func TestOpenPacked(t *testing.T) {
	plain := imagetest.Build(kernelFile())
	want, err := Open(write(t, "vmlinux", plain))
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"gzip", "xz", "zstd", "bzip2"} {
		t.Run(format, func(t *testing.T) {
			packed := pack(t, format, plain)
			m, err := Open(write(t, "vmlinux."+format, packed))
			if err != nil {
				t.Fatal(err)
			}
			if m.Hash != want.Hash || m.Entry != want.Entry || len(m.Symbols) != 3 || !bytes.Equal(m.Segments[0].Data, want.Segments[0].Data) {
				t.Errorf("%+v", m)
			}
			cut := write(t, "cut", packed[:len(packed)*3/4])
			if _, err := Open(cut); !errors.Is(err, ErrTruncated) || !strings.Contains(err.Error(), cut) || !strings.Contains(err.Error(), format) {
				t.Errorf("cut: %v", err)
			}
			if _, err := parse("bomb", bytesSource(packed), int64(len(plain))-1); !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), "larger than the limit") || !strings.Contains(err.Error(), format) {
				t.Errorf("limit: %v", err)
			}
			// What is inside is looked at before the rest is decompressed.
			if _, err := parse("cpio", bytesSource(pack(t, format, bytes.Repeat([]byte("070701"), 10000))), 1); !errors.Is(err, ErrNotELF) || !strings.Contains(err.Error(), `"0707"`) {
				t.Errorf("cpio: %v", err)
			}
		})
	}
	if _, err := Parse("x", []byte("\x02\x21\x4c\x18 and so on")); !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), "lz4") {
		t.Errorf("lz4: %v", err)
	}
}

func TestBootImage(t *testing.T) {
	const legacy = KSEGBase + 0x310000
	memory := imagetest.BootKernel(kernelStart)
	block := append([]byte("Linux SRM bootblock"), make([]byte, 512-19)...)
	initrd := []byte("070701 an initrd")
	for _, c := range []struct {
		name   string
		data   []byte
		start  uint64
		initrd string
	}{
		{"bootpfile", imagetest.BootLoader(memory), kernelStart, ""},
		{"bootpfile, legacy start", imagetest.BootLoader(imagetest.BootKernel(legacy)), legacy, ""},
		{"bootimage", append(block, imagetest.BootLoader(memory)...), kernelStart, ""},
		{"bootpzfile", imagetest.BootLoader(pack(t, "gzip", memory)), kernelStart, ""},
		{"bootpzfile with initrd", imagetest.BootLoader(append(pack(t, "gzip", memory), initrd...)), kernelStart, string(initrd)},
		{"bootpfile, compressed", pack(t, "xz", imagetest.BootLoader(memory)), kernelStart, ""},
	} {
		m, err := Open(write(t, "boot", c.data))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		s := m.Segments[0]
		if m.Kind != Kernel || m.Entry != c.start || s.VAddr != c.start || s.MemSize != uint64(len(memory)) || string(m.Initrd) != c.initrd {
			t.Errorf("%s: %v, entry %#x, %#x bytes at %#x, initrd %q", c.name, m.Kind, m.Entry, s.MemSize, s.VAddr, m.Initrd)
		}
		if page, ok := m.Page(m.Entry + 0x2000); !ok || word(page[:], 0)&^dispMask != ldahT12 {
			t.Errorf("%s: no page of start_kernel", c.name)
		}
		if w, ok := m.Word(m.Entry); !ok || w != brT12 {
			t.Errorf("%s: begins with %#x", c.name, w)
		}
	}
	cut := pack(t, "gzip", memory)
	cut = cut[:len(cut)-6]
	nowhere := bytes.Clone(memory)
	clear(nowhere[0x1000:0x1010]) // the GOT
	for _, c := range []struct {
		name string
		data []byte
		is   error
		want string
	}{
		{"no kernel", imagetest.BootLoader(make([]byte, 4096)), ErrUnsupported, "no kernel behind its loader"},
		{"no address", imagetest.BootLoader(nowhere), ErrUnsupported, "does not say where"},
		{"plain with initrd", imagetest.BootLoader(append(bytes.Clone(memory), initrd...)), ErrUnsupported, "--initrd"},
		{"cut", imagetest.BootLoader(memory[:0x2100]), ErrUnsupported, "truncated"},
		{"compressed, cut", imagetest.BootLoader(cut), ErrTruncated, "gzip"},
	} {
		if _, err := Parse("boot", c.data); !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// counter counts the bytes that are read of a file with a long hole behind data.
type counter struct {
	data []byte
	size int64
	read int64
	most int64 // of one read
}

func (c *counter) ReadAt(p []byte, off int64) (int, error) {
	n := int64(len(p))
	c.read, c.most = c.read+n, max(c.most, n)
	if off+n > c.size {
		return 0, io.ErrUnexpectedEOF
	}
	clear(p)
	if off < int64(len(c.data)) {
		copy(p, c.data[off:])
	}
	return len(p), nil
}

// Debug information is neither read nor part of the hash.
func TestDebugCostsNothing(t *testing.T) {
	read := func(debug uint64) (*Image, *counter) {
		f := kernelFile()
		f.Debug = debug
		data := imagetest.Build(f)
		c := &counter{data: data, size: int64(uint64(len(data)) + debug)}
		m, err := parse("vmlinux", &source{at: c, size: uint64(c.size)}, maxPlain)
		if err != nil {
			t.Fatal(err)
		}
		return m, c
	}
	without, few := read(0)
	for _, debug := range []uint64{1, 1 << 20, 500 << 20, 100 << 30} {
		m, c := read(debug)
		// A section header and its name, and the rest of the last page.
		if c.read > few.read+PageSize || c.most > few.most+PageSize {
			t.Errorf("%d bytes of debug information: %d bytes read, %d without", debug, c.read, few.read)
		}
		if m.Hash != without.Hash {
			t.Errorf("%d bytes of debug information change the hash", debug)
		}
	}
	// All else does.
	seen := map[[32]byte]int{without.Hash: 0}
	for i, change := range []func(*imagetest.File){
		func(f *imagetest.File) { f.Syms[1].Name = "kernel_start" },
		func(f *imagetest.File) { f.Syms[1].Size = 8 },
		func(f *imagetest.File) { f.Syms[1].Local = true },
		func(f *imagetest.File) { f.Syms = f.Syms[:2] },
		func(f *imagetest.File) { f.Stripped = true },
		func(f *imagetest.File) { f.Secs[0].Size -= 4 },
		func(f *imagetest.File) { f.Segs[0].Data[0x2fff] ^= 1 },
		func(f *imagetest.File) { f.Segs[0].MemSize++ },
		func(f *imagetest.File) { f.Entry += 4 },
	} {
		f := kernelFile()
		change(&f)
		m, err := Parse("vmlinux", imagetest.Build(f))
		if err != nil {
			t.Fatal(err)
		}
		if other, ok := seen[m.Hash]; ok {
			t.Errorf("change %d has the hash of change %d", i+1, other)
		}
		seen[m.Hash] = i + 1
	}
}

// A large compressed file is decompressed again rather than kept.
func TestLargePacked(t *testing.T) {
	f := kernelFile()
	f.Debug = 80 << 20
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := io.Copy(w, io.MultiReader(bytes.NewReader(imagetest.Build(f)), io.LimitReader(zeros{}, int64(f.Debug))))
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	m, err := Parse("vmlinux.gz", b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	want, err := Parse("vmlinux", imagetest.Build(kernelFile()))
	if err != nil {
		t.Fatal(err)
	}
	if m.Hash != want.Hash || len(m.Symbols) != 3 {
		t.Errorf("%+v", m)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// binutils' strip leaves the hash as it was, with the debug information gone.
func TestHashAfterStrip(t *testing.T) {
	const prefix = "alpha-linux-gnu-"
	for _, tool := range []string{"gcc", "strip"} {
		if _, err := exec.LookPath(prefix + tool); err != nil {
			t.Skipf("%s%s is not installed", prefix, tool)
		}
	}
	dir := t.TempDir()
	source, program, stripped := filepath.Join(dir, "p.c"), filepath.Join(dir, "p"), filepath.Join(dir, "stripped")
	text := "static int twice(int x) { return 2 * x; }\nint f(int a) { return twice(a) + 1; }\nint _start(void) { return f(3); }\n"
	if err := os.WriteFile(source, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	link := []string{"-g", "-O1", "-fno-inline", "-nostdlib", "-static", "-Wl,-Ttext-segment=0xfffffc0001000000", "-o", program, source}
	for _, args := range [][]string{append([]string{"gcc"}, link...), {"strip", "--strip-debug", "-o", stripped, program}} {
		if out, err := exec.Command(prefix+args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	before, err := Open(program)
	if err != nil {
		t.Fatal(err)
	}
	after, err := Open(stripped)
	if err != nil {
		t.Fatal(err)
	}
	if d, err := before.DWARF(); err != nil || d == nil {
		t.Errorf("DWARF of the unstripped program: %v %v", d, err)
	}
	if d, err := after.DWARF(); err != nil || d != nil {
		t.Errorf("DWARF of the stripped program: %v %v", d, err)
	}
	if before.Hash != after.Hash || len(after.Symbols) == 0 {
		t.Errorf("strip --strip-debug changes the hash, %d and %d symbols", len(before.Symbols), len(after.Symbols))
	}
}

// What objcopy --only-keep-debug leaves fits the program that it is from, by its build-id.
func TestKeepDebug(t *testing.T) {
	const prefix = "alpha-linux-gnu-"
	for _, tool := range []string{"gcc", "strip", "objcopy"} {
		if _, err := exec.LookPath(prefix + tool); err != nil {
			t.Skipf("%s%s is not installed", prefix, tool)
		}
	}
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	for name, text := range map[string]string{"a": "int _start(void) { return 3; }\n", "b": "int _start(void) { return 4; }\n"} {
		if err := os.WriteFile(in(name+".c"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{
			{"gcc", "-g", "-nostdlib", "-static", "-Wl,--build-id", "-o", in(name), in(name + ".c")},
			{"objcopy", "--only-keep-debug", in(name), in(name + ".debug")},
			{"strip", in(name)},
		} {
			if out, err := exec.Command(prefix+args[0], args[1:]...).CombinedOutput(); err != nil {
				t.Fatalf("%v: %v\n%s", args, err, out)
			}
		}
	}
	c, err := OpenCopy(in("a.debug"))
	if err != nil {
		t.Fatal(err)
	}
	for name, fits := range map[string]bool{"a": true, "b": false} {
		m, err := Open(in(name))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Fits(m); (err == nil) != fits || err != nil && (!errors.Is(err, ErrOther) || !strings.Contains(err.Error(), "build-id")) {
			t.Errorf("%s: %v", name, err)
		}
		named := m.Named(c)
		if d, err := named.DWARF(); err != nil || d == nil || len(m.Names) != 0 || len(named.Names) == 0 || named.Hash != m.Hash {
			t.Errorf("%s: DWARF %v %v, names %v", name, d, err, named.Names)
		}
	}
}

// A System.map fits if the places that the kernel tells itself are in it, and functions
// begin where it has names.
func TestSystemMap(t *testing.T) {
	m, err := Parse("vmlinux", imagetest.BootLoader(imagetest.BootKernel(kernelStart)))
	if err != nil {
		t.Fatal(err)
	}
	good := "fffffc0001010000 T _stext\nfffffc0001012000 T start_kernel\nfffffc0001013000 T _etext\nfffffc0001014000 D thing\nfffffc0001018000 B _end\n"
	for _, c := range []struct{ name, text, says string }{
		{"good", good, ""},
		{"start_kernel elsewhere", strings.Replace(good, "1012000", "1012004", 1), "its start_kernel is 0xfffffc0001012004"},
		{"another end", strings.Replace(good, "1018000 B", "101c000 B", 1), "its _end"},
		{"no start", strings.Replace(good, "_stext", "_text", 1), "its _stext"},
	} {
		copy, err := readCopy("System.map", bytesSource([]byte(c.text)))
		if err != nil {
			t.Fatal(err)
		}
		if err := copy.Fits(m); (err == nil) != (c.says == "") || err != nil && (!errors.Is(err, ErrOther) || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	// One function more than the map has.
	memory := imagetest.BootKernel(kernelStart)
	copy(memory[0x2100:], memory[0x2000:0x200c])
	if m, err = Parse("vmlinux", imagetest.BootLoader(memory)); err != nil {
		t.Fatal(err)
	}
	c, err := readCopy("System.map", bytesSource([]byte(good)))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Fits(m); !errors.Is(err, ErrOther) || !strings.Contains(err.Error(), "1 of 2 functions") {
		t.Errorf("a function without a name: %v", err)
	}
	if s := c.Symbols[1]; s.Name != "start_kernel" || s.Size != 0x1000 || !s.Func || c.Symbols[3].Func {
		t.Errorf("%+v", c.Symbols)
	}
}

// FuzzCopy wants no panic, and errors of one line.
func FuzzCopy(f *testing.F) {
	m, err := Parse("vmlinux", imagetest.Build(kernelFile()))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(imagetest.Build(kernelFile()))
	f.Add([]byte("fffffc0001010000 T _stext\nfffffc0001018000 B _end\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := readCopy("fuzz", bytesSource(data))
		if err == nil {
			err = c.Fits(m)
		}
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Fatalf("%q", err)
		}
	})
}
