package ktext

import (
	"slices"
	"testing"

	"axpress/runtime/abi"
	"axpress/runtime/mem"
)

// What differs from the text that was translated is known word by word, until it has
// come back or a page is no text any more.
func TestKernelText(t *testing.T) {
	const lo, hi = 0x10000, 0x18000
	ram, err := mem.New(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	defer ram.Close()
	ram.Write64(0x11000, 0x1111_2222)
	text, err := New(ram, lo, hi)
	if err != nil {
		t.Fatal(err)
	}
	defer text.Close()
	differs := func(lo, hi abi.VAddr) bool { return text.Differs(abi.KSEGBase+lo, abi.KSEGBase+hi) }
	step := func(what string, pages ...abi.PAddr) {
		t.Helper()
		if news := text.Compare(); !slices.Equal(news, pages) {
			t.Errorf("%s: pages %#x, want %#x", what, news, pages)
		}
	}
	step("nothing written")
	ram.Write64(0x11000, 0x1111_3333)
	ram.Write64(0x12000, 0) // what was there
	ram.Write64(0x20000, 1)
	step("a word", 0x11000)
	step("no other")
	if !differs(0x11000, 0x11004) || !differs(0x10000, 0x12000) || differs(0x11004, 0x13000) || differs(0x10000, 0x11000) {
		t.Error("not just the word differs")
	}
	ram.Write64(0x11000, 0x1111_2222)
	step("back", 0x11000)
	if differs(lo, hi) {
		t.Error("what has come back differs")
	}
	ram.Write64(0x11008, 5)
	step("another word", 0x11000)
	if !differs(0x11008, 0x1100c) {
		t.Error("the other word does not differ")
	}
	for at := uint64(0x14000); at < 0x15000; at += 8 {
		ram.Write64(abi.PAddr(at), ^uint64(0))
	}
	step("a page", 0x14000)
	for at := uint64(0x14000); at < 0x15000; at += 8 {
		ram.Write64(abi.PAddr(at), 0)
	}
	step("given up")
	if !differs(0x14800, 0x14804) || differs(0x15000, 0x16000) {
		t.Error("not just the page that was given up differs")
	}
	if err := text.Release(0x16010); err != nil {
		t.Fatal(err)
	}
	step("released", 0x16000, 0x17000)
	if !differs(0x17000, 0x17004) || differs(0x15000, 0x16000) {
		t.Error("not just the page that was released differs")
	}
	if err := text.Release(0x20000); err != nil || text.GiveUp(0x8000) {
		t.Errorf("pages that are not text: %v", err)
	}
	step("no text")
	if !Overlap([]abi.PAddr{0x11000, 0x14000}, abi.KSEGBase+0x13ff0, abi.KSEGBase+0x14010) || Overlap([]abi.PAddr{0x11000, 0x14000}, abi.KSEGBase+0x12000, abi.KSEGBase+0x14000) ||
		!Overlap([]abi.PAddr{0x11000, 0x14000}, abi.KSEGBase+0x11ffc, abi.KSEGBase+0x12000) {
		t.Error("overlap")
	}
}
