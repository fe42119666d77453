package discover_test

import (
	"bytes"
	"debug/elf"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"axpress/lifter/asmtest"
	"axpress/lifter/discover"
	"axpress/lifter/image"
	"axpress/lifter/image/guesttest"
	"axpress/lifter/image/imagetest"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

// TestGolden compares the control flow graphs of testdata/*.s with *.cfg.
func TestGolden(t *testing.T) {
	sources, err := filepath.Glob("testdata/*.s")
	if err != nil || len(sources) == 0 {
		t.Fatal("no sources", err)
	}
	for _, src := range sources {
		text, err := os.ReadFile(src)
		if err != nil {
			t.Fatal(err)
		}
		img, opt, err := asmtest.Assemble(filepath.Base(src), string(text))
		if err != nil {
			t.Error(err)
			continue
		}
		res, err := discover.Discover(img, opt)
		if err != nil {
			t.Error(err)
			continue
		}
		checkResult(t, img, opt, res)
		got := dump(t, res)
		golden := strings.TrimSuffix(src, ".s") + ".cfg"
		if *update {
			if err := os.WriteFile(golden, got, 0o666); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Error(err)
		} else if !bytes.Equal(got, want) {
			t.Errorf("%s differs from %s (go test -update rewrites it); got:\n%s", src, golden, got)
		}
	}
}

func dump(t testing.TB, res *discover.Result) []byte {
	var b bytes.Buffer
	if err := res.Dump(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestGuest checks real programs: those of a guest, and its kernel.
func TestGuest(t *testing.T) {
	paths := append(guesttest.Programs(t), guesttest.Kernel(t))
	for _, path := range paths {
		img, err := image.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, page := range []bool{false, true} {
			opt := discover.Options{PageLimited: page}
			res, err := discover.Discover(img, opt)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%s page-limited %v: %s", filepath.Base(path), page, &res.Stats)
			checkResult(t, img, opt, res)
			if c := res.Stats.Coverage(); c < 0.99 {
				t.Errorf("%s: only %.2f %% of the text was found", path, 100*c)
			}
			again, err := discover.Discover(img, opt)
			if err != nil || !bytes.Equal(dump(t, res), dump(t, again)) {
				t.Errorf("%s: a second run differs (error %v)", path, err)
			}
		}
	}
}

func TestNoCode(t *testing.T) {
	for _, c := range []struct {
		data  []byte
		flags elf.ProgFlag
		want  string
	}{
		{[]byte("text"), elf.PF_R, "in its 1 segments"},
		{make([]byte, 64), elf.PF_R | elf.PF_X, "no function was found in its 16 executable words"},
	} {
		img, err := image.Parse("data", imagetest.Build(imagetest.File{Type: elf.ET_DYN, Segs: []imagetest.Seg{{VAddr: 0x10000, Data: c.data, Flags: c.flags}}}))
		if err != nil {
			t.Fatal(err)
		}
		res, err := discover.Discover(img, discover.Options{})
		if !errors.Is(err, discover.ErrNoCode) || !strings.Contains(err.Error(), c.want) || res != nil {
			t.Errorf("%v, %v; want %q", res, err, c.want)
		}
	}
}

// TestHints checks that hints, right and wrong, give entries or nothing, and
// that giving what is known changes nothing.
func TestHints(t *testing.T) {
	text, err := os.ReadFile("testdata/switch.s")
	if err != nil {
		t.Fatal(err)
	}
	img, opt, err := asmtest.Assemble("switch", string(text))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := discover.Discover(img, opt)
	if err != nil {
		t.Fatal(err)
	}
	opt.Hints = []uint64{0, 1, img.Entry + 2, ^uint64(0), img.Entry}
	for _, f := range plain.Functions {
		opt.Hints = append(opt.Hints, f.Entries...)
	}
	same, err := discover.Discover(img, opt)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := dump(t, plain), dump(t, same); !bytes.Equal(a, b) {
		t.Errorf("hints of known entries change the result:\n%s\n%s", a, b)
	}
	opt.Hints = []uint64{img.Entry + 8} // in the middle of a block
	res, err := discover.Discover(img, opt)
	if err != nil {
		t.Fatal(err)
	}
	checkResult(t, img, opt, res)
	if !slices.Contains(res.Functions[0].Entries, img.Entry+8) {
		t.Errorf("hint %#x is no entry:\n%s", img.Entry+8, res.Functions[0])
	}
}

// checkResult checks what the package promises of every result.
func checkResult(t testing.TB, img *image.Image, opt discover.Options, res *discover.Result) {
	t.Helper()
	bad := 0
	fail := func(f *discover.Function, format string, args ...any) {
		if bad++; bad < 10 {
			t.Errorf(f.Name+": "+format, args...)
		}
	}
	max := opt.MaxFunction
	if max == 0 {
		max = discover.DefaultMaxFunction
	}
	entries, found := map[uint64]bool{}, map[uint64]bool{} // found: block starts
	for _, f := range res.Functions {
		for _, e := range f.Entries {
			entries[e] = true
		}
		for i := range f.Blocks {
			if found[f.Blocks[i].Start] {
				fail(f, "block %#x is in two units", f.Blocks[i].Start)
			}
			found[f.Blocks[i].Start] = true
		}
	}
	for _, f := range res.Functions {
		at := map[uint64]int{}
		size, last := 0, uint64(0)
		for i := range f.Blocks {
			b := &f.Blocks[i]
			at[b.Start] = i
			size += int(b.End-b.Start) / 4
			if b.Start < last || b.End <= b.Start || b.Start%4 != 0 || b.End%4 != 0 {
				fail(f, "block %#x-%#x after %#x", b.Start, b.End, last)
			}
			last = b.End
			for va := b.Start; va < b.End; va += 4 {
				if _, ok := img.Word(va); !ok {
					fail(f, "%#x is no code", va)
				}
			}
			if opt.PageLimited && b.Start/image.PageSize != (b.End-1)/image.PageSize || opt.PageLimited && b.Start/image.PageSize != f.Start/image.PageSize {
				fail(f, "block %#x-%#x leaves the page", b.Start, b.End)
			}
		}
		if size > max {
			fail(f, "%d instructions", size)
		}
		if len(f.Blocks) == 0 || len(f.Entries) == 0 || f.Entries[0] != f.Start || !slices.IsSorted(f.Entries[1:]) {
			fail(f, "start %#x, entries %#x", f.Start, f.Entries)
			continue
		}
		reached := map[uint64]bool{}
		work := slices.Clone(f.Entries)
		for _, e := range f.Entries {
			if _, ok := at[e]; !ok {
				fail(f, "entry %#x is no block", e)
			}
		}
		leads := func(b *discover.Block, to uint64, call bool) {
			// To a known block: inside the unit as a successor, else as an entry.
			switch _, inside := at[to]; {
			case inside && !call && !slices.Contains(b.Succs, to):
				fail(f, "block %#x: %#x is no successor", b.Start, to)
			case (call || !inside) && found[to] && !entries[to]:
				fail(f, "block %#x: %#x is no entry", b.Start, to)
			}
		}
		for len(work) > 0 {
			va := work[len(work)-1]
			work = work[:len(work)-1]
			if reached[va] {
				continue
			}
			reached[va] = true
			b := &f.Blocks[at[va]]
			work = append(work, b.Succs...)
			if !slices.IsSorted(b.Succs) {
				fail(f, "block %#x: successors %#x", va, b.Succs)
			}
			for _, s := range b.Succs {
				if _, ok := at[s]; !ok {
					fail(f, "block %#x: successor %#x is no block", va, s)
				} else if s <= b.Start && !entries[s] {
					fail(f, "loop header %#x is no entry", s)
				}
			}
			for _, to := range b.JumpTable {
				leads(b, to, false)
				if !found[to] {
					fail(f, "jump target %#x is no block", to)
				}
			}
			switch b.Kind {
			case discover.EndCall:
				leads(b, b.Target, true)
			case discover.EndCond, discover.EndBranch:
				leads(b, b.Target, false)
			}
			switch b.Kind {
			case discover.EndCond, discover.EndFall, discover.EndPAL:
				if found[b.End] {
					leads(b, b.End, false)
				}
			}
			switch b.Kind {
			case discover.EndCall, discover.EndCallReg, discover.EndCoroutine, discover.EndPAL:
				if slices.Contains(b.Succs, b.End) && !entries[b.End] {
					fail(f, "return site %#x is no entry", b.End)
				}
			}
		}
		if len(reached) != len(f.Blocks) {
			fail(f, "%d of %d blocks are reached from the entries", len(reached), len(f.Blocks))
		}
		for pc, to := range f.CallGuess {
			if !entries[to] {
				fail(f, "guess %#x at %#x is no entry", to, pc)
			}
		}
	}
	s := &res.Stats
	if s.Instructions+s.Padding+s.Data+s.Missed != s.Text {
		t.Errorf("the counts do not add up: %s", s)
	}
}

// FuzzDiscover wants: no panic, and a result that holds what is promised, for
// any code and any pointers to it.
func FuzzDiscover(f *testing.F) {
	sources, _ := filepath.Glob("testdata/*.s")
	for _, src := range sources {
		text, err := os.ReadFile(src)
		if err != nil {
			f.Fatal(err)
		}
		img, _, err := asmtest.Assemble(src, string(text))
		if err != nil {
			f.Fatal(err)
		}
		seg := img.Segments[len(img.Segments)-1]
		f.Add(img.Segments[0].Data, seg.Data, uint16(0))
		f.Add(img.Segments[0].Data, seg.Data, uint16(0x8107))
	}
	f.Fuzz(func(t *testing.T, code, data []byte, mode uint16) {
		if len(code) > 1<<16 || len(data) > 1<<16 {
			return
		}
		const base = 0x120001f00 // so that small inputs also cross a page
		file := imagetest.File{Entry: base, Stripped: mode&1 != 0, Segs: []imagetest.Seg{{VAddr: base, Data: code, Flags: 5}, {VAddr: 0x120020000, Data: data, Flags: 4}},
			Secs: []imagetest.Sec{{Name: ".text", Addr: base, Size: uint64(len(code)), Flags: 4}, {Name: ".rodata", Addr: 0x120020000, Size: uint64(len(data))}}}
		for k := uint64(0); k < uint64(mode>>1&7); k++ {
			file.Syms = append(file.Syms, imagetest.Sym{Name: "f", Addr: base + k*24, Size: k * 8, Type: 2})
		}
		img, err := image.Parse("fuzz", imagetest.Build(file))
		if err != nil {
			return
		}
		opt := discover.Options{PageLimited: mode&0x10 != 0, MaxFunction: int(mode >> 8), Hints: []uint64{base + uint64(mode>>5)*4}}
		res, err := discover.Discover(img, opt)
		if err != nil {
			if !errors.Is(err, discover.ErrNoCode) {
				t.Fatal(err)
			}
			return
		}
		checkResult(t, img, opt, res)
	})
}
