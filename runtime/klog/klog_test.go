package klog_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"axpress/runtime/abi"
	"axpress/runtime/klog"
	"axpress/runtime/klog/klogtest"
)

// ram is memory from physical address base.
type ram struct {
	base uint64
	b    []byte
}

func (r ram) at(pa, n uint64) ([]byte, bool) {
	if pa < r.base || pa-r.base > uint64(len(r.b)) || n > uint64(len(r.b))-(pa-r.base) {
		return make([]byte, n), false
	}
	return r.b[pa-r.base:], true
}

func (r ram) Read8(pa abi.PAddr) (uint8, bool) { b, ok := r.at(uint64(pa), 1); return b[0], ok }
func (r ram) Read16(pa abi.PAddr) (uint16, bool) {
	b, ok := r.at(uint64(pa), 2)
	return binary.LittleEndian.Uint16(b), ok
}
func (r ram) Read32(pa abi.PAddr) (uint32, bool) {
	b, ok := r.at(uint64(pa), 4)
	return binary.LittleEndian.Uint32(b), ok
}
func (r ram) Read64(pa abi.PAddr) (uint64, bool) {
	b, ok := r.at(uint64(pa), 8)
	return binary.LittleEndian.Uint64(b), ok
}

const pa = 0x1020000

func texts(n int) (all []string) {
	for i := range n {
		all = append(all, fmt.Sprintf("line %d %s", i, strings.Repeat("x", i%23)))
	}
	return all
}

// want is how the texts of records from first on are printed.
func want(all []string, n int) (lines []string) {
	for i := max(len(all)-n, 0); i < len(all); i++ {
		lines = append(lines, fmt.Sprintf("[    %d.%03d000] %s", i/1000, i%1000, all[i]))
	}
	return lines
}

func TestRing(t *testing.T) {
	for name, r := range map[string]klogtest.Ring{
		"short":            {Records: texts(5), CountBits: 6, SizeBits: 12},
		"wrapped":          {Records: texts(1500), CountBits: 4, SizeBits: 10},
		"finalized":        {Records: texts(40), CountBits: 5, SizeBits: 11, Finalized: true},
		"larger infos":     {Records: texts(40), CountBits: 5, SizeBits: 11, Finalized: true, InfoBytes: 112},
		"first id of 6.1":  {Records: texts(9), First: ^uint64(0)>>2 - 3, CountBits: 5, SizeBits: 11},
		"one record alone": {Records: texts(1), CountBits: 5, SizeBits: 11},
	} {
		r.PA = pa
		k := klog.New(ram{pa, r.Bytes()}, r.Symbols())
		for _, n := range []int{0, 1, 7, 12} {
			got, err := k.Tail(n)
			if err != nil || !slices.Equal(got, want(r.Records, n)) {
				t.Errorf("%s, %d lines: %v\n%s", name, n, err, strings.Join(got, "\n"))
			}
		}
	}
}

// A record of several lines is that many, and bytes that a terminal would obey are not shown.
func TestText(t *testing.T) {
	r := klogtest.Ring{PA: pa, Records: []string{"one", "two\nthree\x1b[2J"}, CountBits: 4, SizeBits: 10}
	got, err := klog.New(ram{pa, r.Bytes()}, r.Symbols()).Tail(2)
	if err != nil || !slices.Equal(got, []string{"[    0.001000] two", "[    0.001000] three?[2J"}) {
		t.Errorf("%q, %v", got, err)
	}
}

// What overwrote a record, or is not complete, is left out; the rest is shown.
func TestIncomplete(t *testing.T) {
	r := klogtest.Ring{PA: pa, Records: texts(4), CountBits: 4, SizeBits: 10}
	b := r.Bytes()
	const desc = 0x100
	binary.LittleEndian.PutUint64(b[desc+24*3:], 3)       // reserved, not written
	binary.LittleEndian.PutUint64(b[desc+24*1:], 2<<62|9) // another id
	got, err := klog.New(ram{pa, b}, r.Symbols()).Tail(9)
	all := want(r.Records, 4)
	if err != nil || !slices.Equal(got, []string{all[0], all[2]}) {
		t.Errorf("%q, %v", got, err)
	}
}

// records lays out a log of Linux 3.5 to 5.9 that wraps after the third record.
func records() (ram, klog.Symbols) {
	const size = 0x100
	b := make([]byte, 0x40+size)
	le := binary.LittleEndian
	put := func(at uint64, ns uint64, text string) uint64 {
		total := (16 + uint64(len(text)) + 7) &^ 7
		le.PutUint64(b[0x40+at:], ns)
		le.PutUint16(b[0x40+at+8:], uint16(total))
		le.PutUint16(b[0x40+at+10:], uint16(len(text)))
		copy(b[0x40+at+16:], text)
		return at + total
	}
	next := put(put(0, 4_000_000_000, "newest but one"), 5_000_000_000, "newest")
	last := put(put(0x80, 1_000_000_000, "oldest"), 2_000_000_000, "second")
	le.PutUint16(b[0x40+last+8:], 0) // goes on at the beginning
	le.PutUint64(b[0:], abi.KSEGBase+pa+0x40)
	le.PutUint32(b[8:], size)
	le.PutUint32(b[12:], 0x80)
	le.PutUint32(b[16:], uint32(next))
	va := uint64(abi.KSEGBase + pa)
	return ram{pa, b}, klog.Symbols{"log_buf": {Addr: va}, "log_buf_len": {Addr: va + 8}, "log_first_idx": {Addr: va + 12}, "log_next_idx": {Addr: va + 16}}
}

func TestRecords(t *testing.T) {
	mem, sym := records()
	all := []string{"[    1.000000] oldest", "[    2.000000] second", "[    4.000000] newest but one", "[    5.000000] newest"}
	for _, n := range []int{2, 4, 9} {
		got, err := klog.New(mem, sym).Tail(n)
		if err != nil || !slices.Equal(got, all[max(4-n, 0):]) {
			t.Errorf("%d: %q, %v", n, got, err)
		}
	}
}

func TestPanicked(t *testing.T) {
	r := klogtest.Ring{PA: pa, Records: texts(1), CountBits: 4, SizeBits: 10}
	b := r.Bytes()
	k := klog.New(ram{pa, b}, r.Symbols())
	if !k.KnowsPanic() || k.Panicked() {
		t.Errorf("knows %t, panicked %t before a panic", k.KnowsPanic(), k.Panicked())
	}
	binary.LittleEndian.PutUint32(b[klogtest.PanicCPU:], 1)
	binary.LittleEndian.PutUint32(b[8:], 30)
	if !k.Panicked() || k.PanicSeconds() != 30 {
		t.Errorf("panicked %t, reboots after %d s", k.Panicked(), k.PanicSeconds())
	}
	binary.LittleEndian.PutUint32(b[8:], ^uint32(0))
	if k.PanicSeconds() != 0 {
		t.Error("panic=-1 is no time")
	}
	stripped := klog.New(ram{pa, b}, nil)
	if _, err := stripped.Tail(3); !errors.Is(err, klog.ErrNoSymbols) || stripped.KnowsPanic() || stripped.Panicked() {
		t.Errorf("without symbols: %v", err)
	}
}

// Whatever stands in memory, reading ends, and reads nothing outside.
func TestGarbage(t *testing.T) {
	r := klogtest.Ring{PA: pa, Records: texts(40), CountBits: 5, SizeBits: 11}
	old, oldSymbols := records()
	random := rand.New(rand.NewPCG(1, 2))
	for range 2_000 {
		for _, c := range []struct {
			b   []byte
			sym klog.Symbols
		}{{r.Bytes(), r.Symbols()}, {slices.Clone(old.b), oldSymbols}} {
			for range 1 + random.IntN(8) {
				at := random.IntN(len(c.b))
				if random.IntN(2) == 0 {
					at %= 0x100
				}
				c.b[at] = byte(random.Uint32())
			}
			if lines, _ := klog.New(ram{pa, c.b}, c.sym).Tail(20); len(lines) > 20 {
				t.Fatalf("%d lines", len(lines))
			}
		}
	}
}
