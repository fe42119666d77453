package isa

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"axpress/lifter/image/guesttest"
)

const objdump = "alpha-linux-gnu-objdump"

// difference is a set of words for which our text and objdump's differ on
// purpose. The comparison fails when a word in the set stops differing that way.
type difference struct {
	name, reason string
	in           func(word uint32) bool
	ours         string // mnemonic
	theirs       string // mnemonic
}

func between(w uint32, low, bits uint) uint32 { return w >> low & (1<<bits - 1) }

func literalSEXT(fn uint32) func(uint32) bool {
	return func(w uint32) bool {
		return w>>26 == 0x1c && w&litBit != 0 && between(w, 5, 7) == fn && between(w, 21, 5) == 31
	}
}

func cacheHintWithRa(fn uint32) func(uint32) bool {
	return func(w uint32) bool { return w>>26 == 0x18 && w&0xffff == fn && between(w, 21, 5) != 31 }
}

var differences = []difference{
	{"sextb literal", "the Handbook (4.6.5) gives SEXTB a literal form; binutils has none", literalSEXT(0), "sextb", ".long"},
	{"sextw literal", "the Handbook (4.6.5) gives SEXTW a literal form; binutils has none", literalSEXT(1), "sextw", ".long"},
	{"implver operand", "Rb and the literal of IMPLVER have no meaning (QEMU accepts any); binutils knows only #1",
		func(w uint32) bool {
			return w>>26 == 0x11 && between(w, 5, 7) == 0x6c && between(w, 21, 5) == 31 && between(w, 12, 9) != 3
		}, "implver", ".long"},
	{"fetch ra", "Ra of a cache hint has no meaning (QEMU accepts any); binutils wants R31", cacheHintWithRa(0x8000), "fetch", ".long"},
	{"fetch_m ra", "Ra of a cache hint has no meaning (QEMU accepts any); binutils wants R31", cacheHintWithRa(0xa000), "fetch_m", ".long"},
	{"ecb ra", "Ra of a cache hint has no meaning (QEMU accepts any); binutils wants R31", cacheHintWithRa(0xe800), "ecb", ".long"},
	{"wh64 ra", "Ra of a cache hint has no meaning (QEMU accepts any); binutils wants R31", cacheHintWithRa(0xf800), "wh64", ".long"},
	{"wh64en ra", "Ra of a cache hint has no meaning (QEMU accepts any); binutils wants R31", cacheHintWithRa(0xfc00), "wh64en", ".long"},
}

// line is an instruction as objdump lists it.
type line struct {
	pc   uint64
	word uint32
	text string
}

// objdumpAddress is an address that objdump found a symbol for.
var objdumpAddress = regexp.MustCompile(`([0-9a-f]+) <[^\t]*>$`)

// runObjdump calls f for every instruction in objdump's listing.
func runObjdump(t *testing.T, f func(line), args ...string) {
	t.Helper()
	path, err := exec.LookPath(objdump)
	if err != nil {
		t.Fatalf("%s is not installed: the package binutils-alpha-linux-gnu has it", objdump)
	}
	cmd := exec.Command(path, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for s := bufio.NewScanner(out); s.Scan(); {
		if l, ok := parseListing(s.Text()); ok {
			f(l)
		}
	}
	io.Copy(io.Discard, out)
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%s: %v: %s", objdump, err, stderr.String())
	}
}

// parseListing reads "address:\tbytes \ttext".
func parseListing(s string) (line, bool) {
	addr, rest, ok := strings.Cut(s, ":\t")
	if !ok {
		return line{}, false
	}
	raw, text, ok := strings.Cut(rest, "\t")
	if !ok {
		return line{}, false
	}
	pc, err := strconv.ParseUint(strings.TrimSpace(addr), 16, 64)
	if err != nil {
		return line{}, false
	}
	word := uint32(0)
	fields := strings.Fields(raw)
	if len(fields) != 4 {
		return line{}, false
	}
	for i, f := range fields {
		b, err := strconv.ParseUint(f, 16, 8)
		if err != nil {
			return line{}, false
		}
		word |= uint32(b) << (8 * i)
	}
	text = strings.TrimRight(objdumpAddress.ReplaceAllString(text, "0x$1"), "\t ")
	return line{pc, word, text}, true
}

func mnemonic(text string) string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == '\t' || r == ' ' })[0]
}

// comparer compares listings and counts the differences.
type comparer struct {
	t     *testing.T
	lines int
	bad   int
	seen  map[string]int
}

func (c *comparer) compare(l line) {
	c.lines++
	ours := Disasm(Decode(l.word), l.pc, Style{})
	for _, d := range differences {
		if !d.in(l.word) {
			continue
		}
		c.seen[d.name]++
		if mnemonic(ours) != d.ours || mnemonic(l.text) != d.theirs {
			c.report(l, ours, "the deliberate difference "+strconv.Quote(d.name)+" is gone")
		}
		return
	}
	if ours != l.text {
		c.report(l, ours, "texts differ")
	}
}

func (c *comparer) report(l line, ours, what string) {
	c.bad++
	if c.bad <= 30 {
		c.t.Errorf("%08x at %#x: %s: ours %q, objdump %q", l.word, l.pc, what, ours, l.text)
	}
}

// compareWords compares the two disassemblers on words, at addresses from 0.
func compareWords(t *testing.T, words []uint32) *comparer {
	t.Helper()
	var raw []byte
	for _, w := range words {
		raw = binary.LittleEndian.AppendUint32(raw, w)
	}
	file := filepath.Join(t.TempDir(), "words")
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	c := &comparer{t: t, seen: map[string]int{}}
	runObjdump(t, c.compare, "-D", "-z", "-b", "binary", "-m", "alpha", file)
	if c.lines != len(words) {
		t.Errorf("objdump listed %d words of %d", c.lines, len(words))
	}
	if c.bad > 0 {
		t.Errorf("%d of %d words differ", c.bad, c.lines)
	}
	return c
}

func TestObjdumpRandomWords(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	var words []uint32
	for range 100_000 {
		words = append(words, Random(rng, nil).Word, rng.Uint32())
	}
	compareWords(t, words)
}

// TestObjdumpSweep compares every opcode with every function code, each with
// register fields that aliases and must-be-31 rules care about.
func TestObjdumpSweep(t *testing.T) {
	registers := []uint32{1<<21 | 2<<16 | 3, 31<<21 | 2<<16 | 3, 1<<21 | 31<<16 | 3, 31<<21 | 31<<16 | 3,
		31<<21 | 31<<16 | 31, 2<<21 | 2<<16 | 3, 5<<21 | 5<<16 | 5, 31<<21 | 2<<16 | 31}
	var words []uint32
	for op := range uint32(64) {
		f := functionFields[decoding.format[op]]
		if op == 0x18 {
			f.shift, f.bits = 0, 16
		}
		for fn := range uint32(1) << f.bits {
			for _, r := range registers {
				field := (uint32(1)<<f.bits - 1) << f.shift
				w := op<<26 | r&^field | fn<<f.shift
				words = append(words, w)
				if decoding.format[op] == FormatOpr {
					words = append(words, w|litBit, w|5<<litShift)
				}
			}
		}
	}
	for fn := range uint32(1 << 10) { // CALL_PAL functions
		words = append(words, fn)
	}
	words = append(words, 0x6bfa8001, 0x6bfa8000, 0x6bfa0000, 0x6b5b4000, 0x6bfac001, 0x47e03c03)
	c := compareWords(t, words)
	for _, d := range differences {
		if c.seen[d.name] == 0 {
			t.Errorf("the deliberate difference %q (%s) was not met", d.name, d.reason)
		}
	}
}

// TestObjdumpKernel compares on the text of a whole kernel.
func TestObjdumpKernel(t *testing.T) {
	kernel := guesttest.Kernel(t)
	c := &comparer{t: t, seen: map[string]int{}}
	runObjdump(t, c.compare, "-d", "-z", kernel)
	if c.lines == 0 {
		t.Error("objdump listed no instructions")
	}
	t.Logf("%d words compared, %d differ, deliberate: %v", c.lines, c.bad, c.seen)
}
