package mmu

import (
	"errors"
	"testing"

	"axpress/runtime/abi"
	"axpress/runtime/mem"
)

// Physical layout of the test machine: tables in frames 1 to 3, then data.
const (
	ramSize  = 1 << 20
	l1, l2   = 1, 2
	l3       = 3
	dataPFN  = 5
	otherPFN = 6
	ioPA     = 0xf01_a000_0000
)

// The virtual page whose tables the machine has: table indices 3, 4, 5.
const testVA = 3<<33 | 4<<23 | 5<<13

const pteRW = pteV | pteKRE | pteURE | pteKWE | pteUWE

// bus is I/O space: a register at ioPA, and a record of accesses.
type bus struct {
	reg uint64
	n   int
}

var errNobody = errors.New("nobody")

func (b *bus) Read(pa abi.PAddr, size int) (uint64, error) {
	b.n++
	if pa != ioPA {
		return 0, errNobody
	}
	return b.reg, nil
}

func (b *bus) Write(pa abi.PAddr, size int, v uint64) error {
	b.n++
	if pa != ioPA {
		return errNobody
	}
	b.reg = v
	return nil
}

type machine struct {
	s   *abi.State
	ram *mem.RAM
	m   *MMU
	bus *bus
}

func newMachine(t testing.TB) *machine {
	t.Helper()
	s, err := abi.NewState()
	if err != nil {
		t.Fatal(err)
	}
	ram, err := mem.New(ramSize)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := abi.FreeState(s); err != nil {
			t.Error(err)
		}
		if err := ram.Close(); err != nil {
			t.Error(err)
		}
	})
	x := &machine{s, ram, nil, &bus{}}
	x.m = New(s, ram, x.bus)
	x.m.InitWindows()
	s.PTBR = l1
	x.table(l1, 3, l2<<32|pteV|pteKRE)
	x.table(l2, 4, l3<<32|pteV|pteKRE)
	x.table(l3, 5, dataPFN<<32|pteRW)
	return x
}

func (x *machine) table(pfn, index, pte uint64) { x.ram.Write64(abi.PAddr(pfn<<13|index<<3), pte) }

// user switches to user mode.
func (x *machine) user() { x.s.SetPS(8) }

func TestWalk(t *testing.T) {
	type tables struct{ e1, e2, e3 uint64 }
	const up = pteV | pteKRE
	good := tables{l2<<32 | up, l3<<32 | up, dataPFN<<32 | pteRW}
	with := func(f func(*tables)) tables { x := good; f(&x); return x }
	page := func(bits uint64) tables { return with(func(x *tables) { x.e3 = dataPFN<<32 | bits }) }
	const ok = 99
	tests := []struct {
		name   string
		va     uint64
		access uint64
		mode   int
		t      tables
		want   uint64 // MMCSR, or ok
	}{
		{"read", testVA + 8, abi.MMAccessRead, abi.ModeUser, good, ok},
		{"write", testVA, abi.MMAccessWrite, abi.ModeUser, good, ok},
		{"execute", testVA, abi.MMAccessExec, abi.ModeUser, good, ok},
		{"kernel read", testVA, abi.MMAccessRead, abi.ModeKernel, good, ok},
		{"not canonical", testVA | 1<<43, abi.MMAccessRead, abi.ModeKernel, good, abi.MMCSRACV},
		{"bit 63 alone", testVA | 1<<63, abi.MMAccessRead, abi.ModeKernel, good, abi.MMCSRACV},
		{"KSEG from user", abi.KSEGBase, abi.MMAccessRead, abi.ModeUser, good, abi.MMCSRACV},
		{"L1 invalid", testVA, abi.MMAccessRead, 0, with(func(x *tables) { x.e1 &^= pteV }), abi.MMCSRTNV},
		{"L1 without KRE", testVA, abi.MMAccessRead, 0, with(func(x *tables) { x.e1 &^= pteKRE }), abi.MMCSRACV},
		{"L2 invalid", testVA, abi.MMAccessWrite, 0, with(func(x *tables) { x.e2 &^= pteV }), abi.MMCSRTNV},
		{"L2 without KRE", testVA, abi.MMAccessRead, 0, with(func(x *tables) { x.e2 &^= pteKRE }), abi.MMCSRACV},
		{"L3 invalid", testVA, abi.MMAccessRead, 0, page(pteRW &^ pteV), abi.MMCSRTNV},
		{"L3 invalid before protection", testVA, abi.MMAccessRead, 0, page(0), abi.MMCSRTNV},
		{"no KRE", testVA, abi.MMAccessRead, abi.ModeKernel, page(pteRW &^ pteKRE), abi.MMCSRACV},
		{"no URE", testVA, abi.MMAccessRead, abi.ModeUser, page(pteRW &^ pteURE), abi.MMCSRACV},
		{"no URE, execute", testVA, abi.MMAccessExec, abi.ModeUser, page(pteRW &^ pteURE), abi.MMCSRACV},
		{"no KWE", testVA, abi.MMAccessWrite, abi.ModeKernel, page(pteRW &^ pteKWE), abi.MMCSRACV},
		{"no UWE", testVA, abi.MMAccessWrite, abi.ModeUser, page(pteRW &^ pteUWE), abi.MMCSRACV},
		{"protection before FOW", testVA, abi.MMAccessWrite, abi.ModeUser, page(pteRW&^pteUWE | pteFOW), abi.MMCSRACV},
		{"FOR", testVA, abi.MMAccessRead, abi.ModeUser, page(pteRW | pteFOR), abi.MMCSRFOR},
		{"FOW", testVA, abi.MMAccessWrite, abi.ModeUser, page(pteRW | pteFOW), abi.MMCSRFOW},
		{"FOE", testVA, abi.MMAccessExec, abi.ModeUser, page(pteRW | pteFOE), abi.MMCSRFOE},
		{"FOR does not stop a write", testVA, abi.MMAccessWrite, abi.ModeUser, page(pteRW | pteFOR), ok},
		{"FOE does not stop a read", testVA, abi.MMAccessRead, abi.ModeUser, page(pteRW | pteFOE), ok},
	}
	for _, tt := range tests {
		x := newMachine(t)
		x.table(l1, 3, tt.t.e1)
		x.table(l2, 4, tt.t.e2)
		x.table(l3, 5, tt.t.e3)
		pa, _, found := x.m.walk(abi.VAddr(tt.va), tt.access, tt.mode)
		fault := !found
		if tt.want == ok {
			if fault || pa != abi.PAddr(dataPFN<<13|tt.va&0x1fff) {
				t.Errorf("%s: pa %#x fault %v mmcsr %d", tt.name, pa, fault, x.s.FaultMMCSR)
			}
			continue
		}
		if !fault || x.s.FaultKind != abi.FaultMM || x.s.FaultMMCSR != tt.want || x.s.FaultVA != tt.va || x.s.FaultAccess != tt.access {
			t.Errorf("%s: fault %v kind %d mmcsr %d va %#x access %d", tt.name, fault, x.s.FaultKind, x.s.FaultMMCSR, x.s.FaultVA, x.s.FaultAccess)
		}
	}
}

func TestKSEG(t *testing.T) {
	x := newMachine(t)
	tests := []struct{ va, pa uint64 }{
		{abi.KSEGBase, 0},
		{abi.KSEGBase + 0x12345678, 0x12345678},
		{abi.KSEGBase + 0xff_ffff_fff8, 0xff_ffff_fff8},
		// IDENT_ADDR + TS_BIAS + 0x1a0000000 (TSUNAMI_cchip), TS_BIAS = 1<<40
		{0xfffffc0000000000 + 1<<40 + 0x1a0000000, ioPA},
		{abi.KSEGBase + 1<<40 + 0x1fc000000, 0xf01_fc00_0000},
	}
	for _, tt := range tests {
		if pa, ok := x.m.Peek(abi.VAddr(tt.va), abi.MMAccessRead, abi.ModeKernel); pa != abi.PAddr(tt.pa) || !ok {
			t.Errorf("%#x: pa %#x ok %v, want %#x", tt.va, pa, ok, tt.pa)
		}
	}
	// Page table entries name all 44 bits, with the ones that KSEG makes (virt_to_phys) or without.
	for _, want := range []uint64{ioPA, 0x801_a000_0000} {
		x.table(l3, 5, want>>13<<32|pteRW)
		x.m.InvalidateAll()
		if pa, _ := x.m.Peek(testVA, abi.MMAccessRead, abi.ModeUser); pa != abi.PAddr(want) {
			t.Errorf("mapped I/O page: %#x, want %#x", pa, want)
		}
	}
}

func TestPageTableOutsideRAM(t *testing.T) {
	x := newMachine(t)
	x.table(l2, 4, 0xfffffff<<32|pteV|pteKRE)
	if _, ok := x.m.Load(testVA, 3, false); ok || x.s.FaultKind != abi.FaultMCheck {
		t.Errorf("ok %v kind %d", ok, x.s.FaultKind)
	}
}

// entry returns the soft TLB entry that an access of size bytes at va matches.
func (x *machine) entry(mode, access int, va, size uint64) *abi.TLBEntry {
	e := &x.s.TLB[mode][access][abi.TLBIndex(abi.VAddr(va))]
	if (va&(abi.PageMask|size-1))^x.s.ASNTag != e.Tag {
		return nil
	}
	return e
}

func TestLoadStoreFillTLB(t *testing.T) {
	x := newMachine(t)
	x.user()
	x.s.SetASN(7)
	if !x.m.Store(testVA+8, 3, 0x1122334455667788) {
		t.Fatal("store faults")
	}
	if v, ok := x.m.Load(testVA+12, 2, false); v != 0x11223344 || !ok {
		t.Fatalf("longword: %#x %v", v, ok)
	}
	if v, ok := x.m.Load(testVA+8, 0, false); v != 0x88 || !ok {
		t.Fatalf("byte: %#x %v", v, ok)
	}
	if v, _ := x.ram.Read64(dataPFN<<13 | 8); v != 0x1122334455667788 {
		t.Fatalf("RAM has %#x", v)
	}
	for access := range 2 {
		e := x.entry(abi.ModeUser, access, testVA+16, 8)
		if e == nil {
			t.Fatalf("access %d: no entry", access)
		}
		if want := uint64(x.ram.Base()) + dataPFN<<13 + 16; testVA+16+e.Addend != want {
			t.Errorf("access %d: host address %#x, want %#x", access, testVA+16+e.Addend, want)
		}
		if x.entry(abi.ModeUser, access, testVA+17, 8) != nil {
			t.Errorf("access %d: a misaligned address matches", access)
		}
		if x.entry(abi.ModeKernel, access, testVA+16, 8) != nil {
			t.Errorf("access %d: kernel mode has an entry", access)
		}
	}
	x.s.SetASN(8)
	if x.entry(abi.ModeUser, abi.AccessRead, testVA, 8) != nil {
		t.Error("the entry matches under another ASN")
	}
	x.s.SetASN(7)
	if x.entry(abi.ModeUser, abi.AccessRead, testVA, 8) == nil {
		t.Error("the entry is gone after the ASN came back")
	}
}

func TestReadEntryDoesNotAllowWrites(t *testing.T) {
	x := newMachine(t)
	x.table(l3, 5, dataPFN<<32|pteRW|pteFOW)
	if _, ok := x.m.Load(testVA, 3, false); !ok {
		t.Fatal("load faults")
	}
	if x.m.Store(testVA, 3, 1) || x.s.FaultMMCSR != abi.MMCSRFOW {
		t.Error("store went through")
	}
	if x.entry(abi.ModeKernel, abi.AccessWrite, testVA, 8) != nil {
		t.Error("a write entry was made")
	}
}

func TestUnaligned(t *testing.T) {
	for _, locked := range []bool{false, true} {
		x := newMachine(t)
		if _, ok := x.m.Load(testVA+4, 3, locked); ok || x.s.FaultKind != abi.FaultUnaligned || x.s.FaultVA != testVA+4 || x.s.LockFlag != 0 {
			t.Errorf("locked %v: ok %v kind %d", locked, ok, x.s.FaultKind)
		}
	}
	x := newMachine(t)
	if x.m.Store(testVA+2, 2, 0) || x.s.FaultKind != abi.FaultUnaligned {
		t.Error("store")
	}
	if _, ok := x.m.StoreCond(testVA+4, 3, 0); ok || x.s.FaultKind != abi.FaultUnaligned {
		t.Error("store-conditional")
	}
}

func TestAtomic(t *testing.T) {
	x := newMachine(t)
	host, ok := x.m.Atomic(testVA+4, 2)
	if want := uint64(x.ram.Base()) + dataPFN<<13 + 4; !ok || host != want {
		t.Errorf("%#x, %v, want %#x", host, ok, want)
	}
	for access := range uint64(2) {
		if e := x.s.TLB[abi.ModeKernel][access][abi.TLBIndex(testVA)]; e.Tag != testVA^x.s.ASNTag {
			t.Errorf("access %d is not in the soft TLB", access)
		}
	}
	if _, ok := x.m.Atomic(testVA+4, 3); ok {
		t.Error("misaligned")
	}
	if _, ok := x.m.Atomic(abi.VAddr(abi.KSEGBase+x.ram.Size()), 3); ok {
		t.Error("not RAM")
	}
	for _, flag := range []uint64{pteFOR, pteFOW} {
		x.table(l3, 5, dataPFN<<32|pteRW|flag)
		if _, ok := x.m.Atomic(testVA, 3); ok {
			t.Errorf("page table entry with %#x", flag)
		}
	}
}

func TestLocks(t *testing.T) {
	x := newMachine(t)
	const kseg = abi.KSEGBase + dataPFN<<13
	ll := func(va uint64) {
		if _, ok := x.m.Load(abi.VAddr(va), 3, true); !ok {
			t.Fatal("load locked faults")
		}
	}
	sc := func(va, v uint64) bool {
		stored, ok := x.m.StoreCond(abi.VAddr(va), 3, v)
		if !ok {
			t.Fatal("store conditional faults")
		}
		return stored
	}
	ll(testVA)
	if !sc(testVA, 1) {
		t.Error("undisturbed: failed")
	}
	if sc(testVA, 2) {
		t.Error("without a reservation: stored")
	}
	ll(testVA)
	if !sc(kseg, 3) {
		t.Error("same physical address: failed")
	}
	ll(testVA)
	if sc(testVA+8, 4) {
		t.Error("other address: stored")
	}
	ll(testVA)
	x.ram.Write64(dataPFN<<13, 77)
	if sc(testVA, 5) {
		t.Error("changed memory: stored")
	}
	ll(testVA)
	x.table(l3, 5, dataPFN<<32|pteRW|pteFOW)
	if _, ok := x.m.StoreCond(testVA, 3, 5); ok || x.s.FaultMMCSR != abi.MMCSRFOW {
		t.Error("fault on write is not seen by the store conditional")
	}
	if v, _ := x.ram.Read64(dataPFN << 13); v != 77 {
		t.Errorf("memory is %d", v)
	}
}

func TestIO(t *testing.T) {
	x := newMachine(t)
	const va = abi.KSEGBase + 1<<40 + 0x1a0000000
	if !x.m.Store(va, 3, 42) || x.bus.reg != 42 {
		t.Fatal("store")
	}
	for range 2 {
		if v, ok := x.m.Load(va, 3, false); v != 42 || !ok {
			t.Fatal("load")
		}
	}
	if x.bus.n != 3 || x.entry(0, abi.AccessRead, va, 8) != nil || x.entry(0, abi.AccessWrite, va, 8) != nil {
		t.Error("an I/O page got into the TLB")
	}
	if _, ok := x.m.Load(va, 3, true); !ok || x.s.LockFlag != 0 {
		t.Error("load locked of I/O")
	}
	if _, ok := x.m.Load(va+64, 3, false); ok || x.s.FaultKind != abi.FaultMCheck || x.s.FaultVA != ioPA+64 {
		t.Errorf("nobody there: ok %v kind %d va %#x", ok, x.s.FaultKind, x.s.FaultVA)
	}
	if x.m.Store(abi.KSEGBase+ramSize, 0, 0) || x.s.FaultKind != abi.FaultMCheck || x.s.FaultVA != ramSize {
		t.Error("above RAM")
	}
	none := New(x.s, x.ram, nil)
	if _, ok := none.Load(va, 3, false); ok || x.s.FaultKind != abi.FaultMCheck {
		t.Error("no bus")
	}
}

func TestWindows(t *testing.T) {
	x := newMachine(t)
	x.m.InitWindows()
	s := x.s
	const k = abi.KSEGBase
	for _, tt := range []struct {
		va uint64
		n  uint
		in bool
	}{
		{k, 3, true},
		{k + 0x12004, 3, false},
		{k + 0x12004, 2, true},
		{k + ramSize - 8, 3, true},
		{k + ramSize, 0, false},
		{k - 1, 0, false},
		{testVA, 0, false},
	} {
		load, store := tt.va+s.KSEGBias, tt.va+s.StoreKSEGBias
		if in := load>>tt.n|load<<(64-tt.n) < s.RAMLimit[tt.n]; in != tt.in {
			t.Errorf("%#x size %d: load %v", tt.va, 1<<tt.n, in)
		}
		if in := store>>tt.n|store<<(64-tt.n) < s.StoreRAMLimit[tt.n]; in != tt.in {
			t.Errorf("%#x size %d: store %v", tt.va, 1<<tt.n, in)
		}
	}
}

func TestInvalidate(t *testing.T) {
	const asmVA = testVA + 1<<13
	fill := func(t *testing.T) *machine {
		x := newMachine(t)
		x.table(l3, 6, otherPFN<<32|pteRW|pteASM)
		for _, va := range []uint64{testVA, asmVA} {
			if _, ok := x.m.Load(abi.VAddr(va), 3, false); !ok || !x.m.Store(abi.VAddr(va), 3, 0) {
				t.Fatal("fill")
			}
			if _, ok := x.m.FetchPage(abi.VAddr(va)); !ok {
				t.Fatal("fetch")
			}
		}
		return x
	}
	itlb := func(x *machine, va uint64) bool {
		return x.m.itlb[va>>13%itlbEntries].tag == x.m.itlbTag(abi.VAddr(va))
	}
	tests := []struct {
		name                     string
		do                       func(*MMU)
		data, asm, instr, asmIns bool // still there
	}{
		{"tbia", func(m *MMU) { m.InvalidateAll() }, false, false, false, false},
		{"tbiap", func(m *MMU) { m.InvalidateProcess() }, false, false, false, false},
		{"tbisi", func(m *MMU) { m.InvalidateSingle(testVA+5, true, false) }, true, true, false, true},
		{"tbisd", func(m *MMU) { m.InvalidateSingle(testVA+5, false, true) }, false, true, true, true},
		{"tbis", func(m *MMU) { m.InvalidateSingle(asmVA, true, true) }, true, false, true, false},
	}
	for _, tt := range tests {
		x := fill(t)
		gen := x.m.ITLBGeneration()
		tt.do(x.m)
		for access := range 2 {
			if got := x.entry(0, access, testVA, 8) != nil; got != tt.data {
				t.Errorf("%s: access %d: page entry %v", tt.name, access, got)
			}
			if got := x.entry(0, access, asmVA, 8) != nil; got != tt.asm {
				t.Errorf("%s: access %d: ASM entry %v", tt.name, access, got)
			}
		}
		if itlb(x, testVA) != tt.instr || itlb(x, asmVA) != tt.asmIns {
			t.Errorf("%s: instruction entries %v %v", tt.name, itlb(x, testVA), itlb(x, asmVA))
		}
		if changed := x.m.ITLBGeneration() != gen; changed != (!tt.instr || !tt.asmIns) {
			t.Errorf("%s: generation changed: %v", tt.name, changed)
		}
	}
}

func TestInvalidateSingleUnderEveryASN(t *testing.T) {
	x := newMachine(t)
	x.s.SetASN(1)
	x.m.Load(testVA, 3, false)
	x.s.SetASN(2)
	x.m.InvalidateSingle(testVA, true, true)
	x.s.SetASN(1)
	if x.entry(0, abi.AccessRead, testVA, 8) != nil {
		t.Error("the entry of ASN 1 survives")
	}
}

func TestStaleTLBIsVisible(t *testing.T) {
	// A page that moves without TBI is still found at its old place: the bug class
	// that a real machine shows and a TLB without ASNs hides.
	x := newMachine(t)
	x.m.Load(testVA, 3, false)
	x.table(l3, 5, otherPFN<<32|pteRW)
	e := x.entry(0, abi.AccessRead, testVA, 8)
	if e == nil || testVA+e.Addend != uint64(x.ram.Base())+dataPFN<<13 {
		t.Error("the old translation is gone")
	}
}

func TestFetchPage(t *testing.T) {
	x := newMachine(t)
	x.ram.Write32(dataPFN<<13|0x10, 0xdeadbeef)
	x.user()
	if w, ok := x.m.Fetch(testVA + 0x10); w != 0xdeadbeef || !ok {
		t.Errorf("fetch: %#x %v", w, ok)
	}
	// The ITLB answers until it is told otherwise, in this mode and ASN only.
	x.table(l3, 5, dataPFN<<32|pteRW|pteFOE)
	if pa, ok := x.m.FetchPage(testVA); pa != dataPFN<<13 || !ok {
		t.Error("ITLB entry lost")
	}
	x.s.SetASN(3)
	if _, ok := x.m.FetchPage(testVA); ok || x.s.FaultMMCSR != abi.MMCSRFOE || x.s.FaultAccess != abi.MMAccessExec {
		t.Error("the entry serves another ASN")
	}
	x.s.SetASN(0)
	x.s.SetPS(0)
	if _, ok := x.m.FetchPage(testVA); ok {
		t.Error("the entry serves another mode")
	}
	if pa, ok := x.m.FetchPage(abi.KSEGBase + 0x2004); pa != 0x2000 || !ok {
		t.Errorf("KSEG: %#x %v", pa, ok)
	}
	if _, ok := x.m.FetchPage(abi.KSEGBase + ramSize); ok || x.s.FaultKind != abi.FaultMCheck {
		t.Error("code outside RAM")
	}
}

// What was said of the code of an address space is doubted when it is entered again and a page has moved, or could have been
// written.
func TestEnterSpace(t *testing.T) {
	const text = pteV | pteKRE | pteURE
	for _, c := range []struct {
		name        string
		first, then uint64
		drop        bool
		stale       uint64
	}{
		{"text", dataPFN<<32 | text, dataPFN<<32 | text, false, 0},
		{"read only once dirty", dataPFN<<32 | text | pteFOW, dataPFN<<32 | text | pteFOW | pteKWE, true, 0},
		{"moved", dataPFN<<32 | text, otherPFN<<32 | text | pteKWE, true, 1},
		{"gone", dataPFN<<32 | text, 0, true, 1},
		{"dirty", dataPFN<<32 | text | pteUWE | pteFOW, dataPFN<<32 | text | pteUWE | pteFOW, true, 0},
	} {
		x := newMachine(t)
		x.user()
		x.s.SetASN(7)
		gen := x.m.ITLBGeneration()
		x.table(l3, 5, c.first)
		x.m.FetchPage(testVA)
		x.table(l3, 5, c.then)
		if x.m.ITLBGeneration() != gen {
			t.Errorf("%s: dropped while the address space runs", c.name)
		}
		x.s.SetASN(8)
		x.m.EnterSpace()
		if x.m.ITLBGeneration() != gen {
			t.Errorf("%s: dropped when another is entered", c.name)
		}
		x.s.SetASN(7)
		x.m.EnterSpace()
		if drop := x.m.ITLBGeneration() != gen; drop != c.drop || x.m.StaleCode() != c.stale {
			t.Errorf("%s: dropped %v, stale %d", c.name, drop, x.m.StaleCode())
		}
	}
}

// An address space of very many pages of code is doubted each time; what is noted of it is bounded.
func TestLargeSpace(t *testing.T) {
	x := newMachine(t)
	for pa := range uint64(2 * maxLeaves) {
		x.m.spaces.note(7, abi.PAddr(l3<<13+8*pa), x.ram)
	}
	if n := len(x.m.spaces.of[7].leaves); n != maxLeaves {
		t.Errorf("%d entries", n)
	}
	if !x.m.spaces.enter(7, x.ram) {
		t.Error("not doubted")
	}
}

func BenchmarkWalk(b *testing.B) {
	x := newMachine(b)
	for b.Loop() {
		x.m.Peek(testVA, abi.MMAccessRead, abi.ModeUser)
	}
}
