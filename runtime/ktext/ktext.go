// Package ktext watches the text of a kernel that was translated: engines use a unit
// while the words it was made from are what they were.
//
// In: the guest's RAM, and where the text is. Out: which host pages have changed since
// the last look, and whether the words at some addresses are others now. Stores cost
// nothing for it (mem.Watch); what is compared is what was stored to.
package ktext

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"axpress/runtime/abi"
	"axpress/runtime/mem"
)

// Text knows which words of the kernel's text are not what they were when it
// was translated. It is not for concurrent use, but for Has.
type Text struct {
	ram    *mem.RAM
	watch  *mem.Watch
	lo, hi abi.PAddr               // physical addresses
	pages  map[abi.PAddr]*textPage // host pages that were stored to, by physical address
	gone   []abi.PAddr             // those given up since the last compare
}

// textPage is a host page of text.
type textPage struct {
	original []byte                        // nil: given up, all words count as changed
	changed  [mem.HostPage / 4 / 64]uint64 // words that differ, one bit each
	count    int                           // of them
}

// maxPatched is how many words of a host page may differ before it is given up: it
// is no longer text then, as the kernel's initialisation when its memory is used for
// something else. It must not be compared at each imb for ever.
const maxPatched = 64

// New begins to watch the text at physical addresses [lo, hi) of ram, which is what was
// translated.
func New(ram *mem.RAM, lo, hi abi.PAddr) (*Text, error) {
	t := &Text{ram: ram, lo: lo, hi: hi, pages: map[abi.PAddr]*textPage{}}
	var err error
	t.watch, err = ram.Watch(lo, hi)
	return t, err
}

// Close ends the watch.
func (t *Text) Close() error { return t.watch.Close() }

// Has says whether the guest page at pa is one of text.
func (t *Text) Has(pa abi.PAddr) bool { return pa >= t.lo&abi.PageMask && pa < t.hi }

// GiveUp makes all words of the guest page at pa count as changed, for ever, if it is
// one of text: somebody else stores to it through another mapping.
func (t *Text) GiveUp(pa abi.PAddr) (ours bool) {
	if !t.Has(pa) {
		return false
	}
	pa &= abi.PageMask
	for at := pa; at < pa+abi.PageSize; at += mem.HostPage {
		if p := t.pages[at]; p == nil || p.original != nil {
			t.pages[at] = &textPage{}
			t.gone = append(t.gone, at)
		}
	}
	return true
}

// Release gives up the page at pa and ends its watch. Nobody may store to it meanwhile.
func (t *Text) Release(pa abi.PAddr) error {
	if !t.GiveUp(pa) {
		return nil
	}
	return t.watch.Release(pa&abi.PageMask, abi.PageSize)
}

// Compare returns the host pages of which other words differ than did the last time.
func (t *Text) Compare() (news []abi.PAddr) {
	err := t.watch.Written(func(pa abi.PAddr) {
		if t.pages[pa] == nil {
			t.pages[pa] = &textPage{original: t.original(pa)}
			if t.pages[pa].original == nil {
				t.gone = append(t.gone, pa)
			}
		}
	})
	if err != nil {
		panic(fmt.Sprintf("BUG: %v", err))
	}
	news, t.gone = t.gone, nil
	for pa, p := range t.pages {
		if p.original != nil && p.compare(t.ram.Bytes()[pa:pa+mem.HostPage]) {
			news = append(news, pa)
		}
	}
	slices.Sort(news)
	return news
}

// original is what the host page at pa was when the watch began, nil if nobody knows.
func (t *Text) original(pa abi.PAddr) []byte {
	b := make([]byte, mem.HostPage)
	if !t.watch.Original(pa, b) {
		return nil
	}
	return b
}

// compare compares p with what it holds now, and says whether other words differ than
// did before.
func (p *textPage) compare(now []byte) (other bool) {
	if p.count == 0 && bytes.Equal(now, p.original) {
		return false
	}
	var changed [len(p.changed)]uint64
	count := 0
	for i := 0; i < len(now); i += 4 {
		if binary.LittleEndian.Uint32(now[i:]) != binary.LittleEndian.Uint32(p.original[i:]) {
			changed[i/4/64] |= 1 << (i / 4 % 64)
			count++
		}
	}
	if count > maxPatched {
		p.original = nil
		return true
	}
	other = changed != p.changed
	p.changed, p.count = changed, count
	return other
}

// Differs says whether words of the text at guest addresses [from, to), of KSEG or physical, are others.
func (t *Text) Differs(from, to abi.VAddr) bool {
	lo, hi := abi.PAddr(from&^abi.KSEGBase), abi.PAddr(to&^abi.KSEGBase)
	for at := lo &^ (mem.HostPage - 1); at < hi; at += mem.HostPage {
		p := t.pages[at]
		switch {
		case p == nil || p.original != nil && p.count == 0:
			continue
		case p.original == nil:
			return true
		}
		for pa := max(at, lo); pa < min(hi, at+mem.HostPage); pa += 4 {
			i := pa % mem.HostPage / 4
			if p.changed[i/64]>>(i%64)&1 != 0 {
				return true
			}
		}
	}
	return false
}

// Overlap says whether guest addresses [from, to), of KSEG or physical, have bytes in one of pages, which are
// sorted.
func Overlap(pages []abi.PAddr, from, to abi.VAddr) bool {
	lo, hi := abi.PAddr(from&^abi.KSEGBase), abi.PAddr(to&^abi.KSEGBase)
	i, _ := slices.BinarySearch(pages, lo&^(mem.HostPage-1))
	return i < len(pages) && pages[i] < hi
}
