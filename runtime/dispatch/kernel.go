package dispatch

import (
	"slices"
	"sort"
	"sync"
	"sync/atomic"

	"axpress/runtime/abi"
	"axpress/runtime/ktext"
	"axpress/runtime/mem"
)

// kernelCode is the translated text of the kernel, found by guest address. All engines of
// a machine share it, and the code itself. Layers change only while none of them but one
// runs, and that one has no translated code on its stack either; so they are read without
// a lock.
type kernelCode struct {
	layers   []*kernelLayer     // the one to be preferred first
	released map[abi.PAddr]bool // pages of text that are no longer watched, by physical address
	gen      atomic.Uint64      // counts changes of the layers: jump caches may be stale

	mu   sync.Mutex // for what follows, and the io of layers
	text *ktext.Text
	news []abi.PAddr // pages that have changed, but whose units are still used
}

// kernelLayer is one translation of the kernel: of all of it, or of what is hot.
type kernelLayer struct {
	code   *abi.Code
	base   uint64 // host address of code.Text
	lo     uint64 // guest address of the first entry
	bits   []uint64
	killed map[uint32]bool   // units that are not used, by code offset
	stale  map[uint32]bool   // of them, those whose text is another now
	saved  map[uint32][]byte // the host code of those killed that is overwritten
	io     map[uint32]int    // accesses of hot units to I/O space
}

// newKernelCode takes charge of code, whose guest text is in ram.
func newKernelCode(code *abi.Code, ram *mem.RAM) (*kernelCode, error) {
	text, err := ktext.New(ram, abi.PAddr(code.KernelLo), abi.PAddr(code.KernelHi))
	if err != nil {
		return nil, err
	}
	return &kernelCode{text: text, layers: []*kernelLayer{newKernelLayer(code)}, released: map[abi.PAddr]bool{}}, nil
}

// addHot adds code, of functions that are in the first layer too, in front, if it is not
// there.
func (k *kernelCode) addHot(code *abi.Code) {
	if slices.ContainsFunc(k.layers, func(l *kernelLayer) bool { return l.code == code }) {
		return
	}
	k.layers = append([]*kernelLayer{newKernelLayer(code)}, k.layers...)
}

func newKernelLayer(code *abi.Code) *kernelLayer {
	l := &kernelLayer{code: code, base: addressOf(code.Text), killed: map[uint32]bool{}, stale: map[uint32]bool{}, saved: map[uint32][]byte{}, io: map[uint32]int{}}
	if n := len(code.Entries); n > 0 {
		l.lo = code.Entries[0].PC
		l.bits = make([]uint64, (code.Entries[n-1].PC-l.lo)/4/64+1)
	}
	for _, e := range code.Entries {
		l.set(e.PC, true)
	}
	return l
}

func (l *kernelLayer) set(pc uint64, on bool) {
	i := (pc - l.lo) / 4
	if on {
		l.bits[i/64] |= 1 << (i % 64)
	} else {
		l.bits[i/64] &^= 1 << (i % 64)
	}
}

func (l *kernelLayer) has(pc uint64) bool {
	i := (pc - l.lo) / 4
	return i/64 < uint64(len(l.bits)) && l.bits[i/64]>>(i%64)&1 != 0
}

// has says whether there is an entry at pc.
func (k *kernelCode) has(pc uint64) bool {
	for _, l := range k.layers {
		if l.has(pc) {
			return true
		}
	}
	return false
}

func (k *kernelCode) lookup(pc uint64) (host, index uint64, ok bool) {
	for _, l := range k.layers {
		if !l.has(pc) {
			continue
		}
		es := l.code.Entries
		i := sort.Search(len(es), func(i int) bool { return es[i].PC >= pc })
		return l.base + uint64(es[i].Code), uint64(es[i].Index), true
	}
	return 0, 0, false
}

// changed says whether there is text that has changed since the last update.
func (k *kernelCode) changed() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.news = append(k.news, k.text.Compare()...)
	return len(k.news) > 0
}

// update disables the units whose text has changed since the last time: they are no
// longer found, and their code is patched to return at once to where it was entered,
// so that calls that are linked directly end up in the interpreter. Units whose text
// is again what they were made from are used again. Precondition: see kernelCode.
func (k *kernelCode) update() {
	k.mu.Lock()
	defer k.mu.Unlock()
	slices.Sort(k.news)
	for _, l := range k.layers {
		if l.update(k.text, k.news) {
			k.gen.Add(1)
		}
	}
	k.news = nil
}

// isText says whether the page at pa is watched as text, so that it must be released
// before it is mapped anywhere else.
func (k *kernelCode) isText(pa abi.PAddr) bool { return k.text.Has(pa) && !k.released[pa&abi.PageMask] }

// kept says whether the page of text at pa could not be released.
func (k *kernelCode) kept(pa abi.PAddr) bool {
	released, tried := k.released[pa&abi.PageMask]
	return tried && !released
}

// release gives up the page of text at pa, and ends its watch. Precondition: see
// kernelCode.
func (k *kernelCode) release(pa abi.PAddr) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	err := k.text.Release(pa)
	k.released[pa&abi.PageMask] = err == nil
	return err
}

// update disables and enables the units with bytes in pages.
func (l *kernelLayer) update(text *ktext.Text, pages []abi.PAddr) (any bool) {
	stale := map[uint32]bool{} // of those, whether any word is another
	for _, s := range l.code.Spans {
		if ktext.Overlap(pages, abi.VAddr(s.Lo), abi.VAddr(s.Hi)) {
			stale[s.Code] = false
		}
	}
	for _, s := range l.code.Spans {
		if was, ok := stale[s.Code]; ok {
			stale[s.Code] = was || text.Differs(abi.VAddr(s.Lo), abi.VAddr(s.Hi))
		}
	}
	for code, stale := range stale {
		switch {
		case stale && !l.killed[code]:
			l.killed[code], l.stale[code] = true, true
			l.saved[code] = patchReturn(l.code.Text, code)
			any = true
		case !stale && l.stale[code]:
			delete(l.killed, code)
			delete(l.stale, code)
			l.restore(code)
			any = true
		}
	}
	if any {
		l.find()
	}
	return any
}

// restore gives a unit its host code back.
func (l *kernelLayer) restore(code uint32) {
	patch(l.code.Text, code, l.saved[code])
	delete(l.saved, code)
}

// close ends the watch and leaves the code as it was, for the next machine that runs it.
func (k *kernelCode) close() error {
	for _, l := range k.layers {
		for code := range l.saved {
			l.restore(code)
		}
	}
	return k.text.Close()
}

// find has the entries of just the units found that are not killed.
func (l *kernelLayer) find() {
	for _, e := range l.code.Entries {
		l.set(e.PC, !l.killed[e.Code])
	}
}

// ioPatience is how many accesses to I/O space a hot unit may make. Each costs a
// host signal there; the other translation asks first.
const ioPatience = 32

// didIO notes that a hot unit that has pc accessed I/O space; where there are several,
// with copies, that it may have been any. It says whether that was once too often.
func (k *kernelCode) didIO(pc uint64) (impatient bool) {
	codes := k.hotUnits(pc)
	if len(codes) == 0 {
		return false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	io := k.layers[0].io
	for _, code := range codes {
		io[code]++
		impatient = impatient || io[code] >= ioPatience
	}
	return impatient
}

// hotUnits returns the hot units that have pc and are in use.
func (k *kernelCode) hotUnits(pc uint64) (codes []uint32) {
	if len(k.layers) < 2 {
		return nil
	}
	hot := k.layers[0]
	for _, s := range hot.code.Spans {
		if s.Lo <= pc && pc < s.Hi && !hot.killed[s.Code] {
			codes = append(codes, s.Code)
		}
	}
	return codes
}

// replaceHot replaces the hot units that have pc, and have accessed I/O space too often, by the other translation.
// Precondition: see kernelCode.
func (k *kernelCode) replaceHot(pc uint64) {
	codes := k.hotUnits(pc)
	if len(codes) == 0 {
		return
	}
	hot, all := k.layers[0], k.layers[1]
	for _, code := range codes {
		if hot.io[code] < ioPatience {
			continue
		}
		hot.killed[code] = true
		if to, ok := all.twin(hot.entriesOf(code)); ok {
			hot.saved[code] = patchJump(hot.code.Text, code, to)
		} else {
			hot.saved[code] = patchReturn(hot.code.Text, code)
		}
	}
	hot.find()
	k.gen.Add(1)
}

// entriesOf returns the guest addresses of the entries of the unit at code, by index.
func (l *kernelLayer) entriesOf(code uint32) (pcs []uint64) {
	for _, e := range l.code.Entries {
		if e.Code == code {
			for uint32(len(pcs)) <= e.Index {
				pcs = append(pcs, 0)
			}
			pcs[e.Index] = e.PC
		}
	}
	return pcs
}

// callEntry is how far behind the start of a function calls may enter it, too
// (lifter/lift, CallEntryBytes). That entry is number 1.
const callEntry = 8

// called returns those of a unit's entries that other units call.
func called(pcs []uint64) []uint64 {
	if len(pcs) > 1 && pcs[1] == pcs[0]+callEntry {
		return pcs[:2]
	}
	return pcs[:1]
}

// twin returns the host address of the unit of l that can be called where that with
// these entries is called.
func (l *kernelLayer) twin(pcs []uint64) (host uint64, ok bool) {
	es := l.code.Entries
	i := sort.Search(len(es), func(i int) bool { return es[i].PC >= pcs[0] })
	if i == len(es) || es[i].PC != pcs[0] || es[i].Index != 0 || l.killed[es[i].Code] || !slices.Equal(called(l.entriesOf(es[i].Code)), called(pcs)) {
		return 0, false
	}
	return l.base + uint64(es[i].Code), true
}
