package mmu

import (
	"reflect"
	"testing"

	"axpress/runtime/abi"
)

// mapVA is a page of the kernel's part of the address space, table indices 1022, 4, 5.
const mapVA = 0xfffffffc_00000000 | 4<<23 | 5<<13

// listed is a machine with a list of live translations.
func listed(t *testing.T) *machine {
	x := newMachine(t)
	x.m.KeepList(NewList(NewKernelList()))
	x.table(l1, 1022, l2<<32|pteV|pteKRE)
	return x
}

// moved has the page table say something else of testVA and mapVA.
func (x *machine) moved(bits uint64) { x.table(l3, 5, otherPFN<<32|bits) }

// What was accessed stays as it was until a TBI, wherever else it is cached; what was not, does not.
func TestListOutlivesCaches(t *testing.T) {
	x := listed(t)
	x.m.Load(testVA, 3, false)
	x.m.FetchPage(testVA)
	x.moved(pteRW)
	x.s.FlushTLB()
	x.m.clearITLB()
	x.ram.Write64(dataPFN<<13, 11)
	x.ram.Write64(otherPFN<<13, 22)
	if v, ok := x.m.Load(testVA, 3, false); v != 11 || !ok {
		t.Errorf("a load gives %d %v", v, ok)
	}
	if pa, ok := x.m.FetchPage(testVA); pa != dataPFN<<13 || !ok {
		t.Errorf("instructions come from %#x %v", pa, ok)
	}
	x.m.Store(testVA, 3, 33)
	if v, _ := x.ram.Read64(otherPFN << 13); v != 33 {
		t.Error("the first store goes by a translation that nobody has made")
	}
	// Code that reads and writes at once must not find both.
	if _, ok := x.m.Atomic(testVA, 3); ok {
		t.Error("two pages are taken for one")
	}
	r, w := x.entry(0, abi.AccessRead, testVA, 8), x.entry(0, abi.AccessWrite, testVA, 8)
	if r != nil && w != nil {
		t.Error("the soft TLB has both pages")
	}
	x.m.InvalidateSingle(testVA, false, true)
	if v, _ := x.m.Load(testVA, 3, false); v != 33 {
		t.Errorf("after the TBI of data a load gives %d", v)
	}
	if pa, _ := x.m.FetchPage(testVA); pa != dataPFN<<13 {
		t.Error("a TBI of data drops the translation of instructions")
	}
	x.m.InvalidateProcess()
	if pa, _ := x.m.FetchPage(testVA); pa != otherPFN<<13 {
		t.Error("an instruction translation survives tbiap")
	}
}

// Who looks leaves no trace: nothing is live or cached, and a fault that waits stays.
func TestPeek(t *testing.T) {
	for _, x := range []*machine{newMachine(t), listed(t)} {
		x.m.Load(1<<50, 3, false)
		tlb, fault := x.s.TLB, [...]uint64{x.s.FaultKind, x.s.FaultVA, x.s.FaultMMCSR, x.s.FaultAccess}
		for _, access := range []uint64{abi.MMAccessRead, abi.MMAccessWrite, abi.MMAccessExec} {
			if pa, ok := x.m.Peek(testVA+8, access, abi.ModeUser); pa != dataPFN<<13+8 || !ok {
				t.Errorf("access %d: %#x %v", access, pa, ok)
			}
			if _, ok := x.m.Peek(testVA+abi.PageSize, access, abi.ModeKernel); ok {
				t.Error("a page that is not there")
			}
		}
		if pa, ok := x.m.PeekPage(testVA + 8); pa != dataPFN<<13 || !ok {
			t.Errorf("page %#x %v", pa, ok)
		}
		if pa, writable, ok := x.m.Rights(testVA, abi.ModeUser); ok != (x.m.List() == nil) || ok && (pa != dataPFN<<13 || !writable) {
			t.Errorf("rights: %#x %v %v", pa, writable, ok)
		}
		if now := [...]uint64{x.s.FaultKind, x.s.FaultVA, x.s.FaultMMCSR, x.s.FaultAccess}; now != fault {
			t.Errorf("the fault is %#x, was %#x", now, fault)
		}
		if len(x.m.Live()) != 0 || !reflect.DeepEqual(x.s.TLB, tlb) || x.m.itlb[testVA>>13%itlbEntries].tag == x.m.itlbTag(testVA) {
			t.Error("there is a trace")
		}
	}
}

// Rights and looks ahead go by what is live.
func TestRightsAreLive(t *testing.T) {
	x := listed(t)
	x.user()
	x.m.Load(testVA, 3, false)
	if _, writable, ok := x.m.Rights(testVA, abi.ModeUser); writable || !ok {
		t.Errorf("a page that was read: writable %v, ok %v", writable, ok)
	}
	if _, ok := x.m.Atomic(testVA, 3); ok || len(x.m.Live()) != 1 {
		t.Error("a read and a write at once make translations live")
	}
	x.m.Fill(testVA, 3, abi.MMAccessWrite)
	if x.entry(1, abi.AccessWrite, testVA, 8) != nil || len(x.m.Live()) != 1 {
		t.Error("the soft TLB is filled with what is not live")
	}
	x.m.Store(testVA, 3, 1)
	if pa, writable, _ := x.m.Rights(testVA, abi.ModeUser); pa != dataPFN<<13 || !writable {
		t.Errorf("a page that was written: %#x, writable %v", pa, writable)
	}
	if _, ok := x.m.Atomic(testVA, 3); !ok {
		t.Error("a page that was read and written is not for both at once")
	}
	if _, live, ok := x.m.Ahead(testVA); live || !ok {
		t.Errorf("code that was not fetched: live %v, ok %v", live, ok)
	}
	x.m.FetchPage(testVA)
	if _, live, _ := x.m.Ahead(testVA); !live {
		t.Error("code that was fetched is not live")
	}
	x.table(l3, 5, ioPA>>13<<32|pteRW)
	x.m.InvalidateAll()
	x.m.Load(testVA, 3, false)
	if n := len(x.m.Live()); n != 0 {
		t.Errorf("%d translations live, of a page of I/O space", n)
	}
}

// What holds in all address spaces is one list for all CPUs, and a TBI on one drops it for all.
func TestKernelListIsShared(t *testing.T) {
	x := listed(t)
	s, err := abi.NewState()
	if err != nil {
		t.Fatal(err)
	}
	defer abi.FreeState(s)
	s.PTBR = l1
	other := New(s, x.ram, x.bus)
	other.KeepList(NewList(x.m.List().kernel))
	x.ram.Write64(dataPFN<<13, 11)
	x.ram.Write64(otherPFN<<13, 22)
	for _, c := range []struct {
		asm  uint64
		want uint64
	}{{pteASM, 11}, {0, 22}} {
		x.table(l3, 5, dataPFN<<32|pteRW|c.asm)
		x.m.Load(mapVA, 3, false)
		if _, _, ok := x.m.Rights(mapVA, abi.ModeKernel); ok != (c.asm != 0) {
			t.Errorf("ASM %#x: all engines may map the page: %v", c.asm, ok)
		}
		x.moved(pteRW | c.asm)
		if v, _ := other.Load(mapVA, 3, false); v != c.want {
			t.Errorf("ASM %#x: the other CPU reads %d, want %d", c.asm, v, c.want)
		}
		x.m.InvalidateSingle(mapVA, true, true)
		if v, _ := other.Load(mapVA, 3, false); v != 22 {
			t.Errorf("ASM %#x: after the TBI the other CPU reads %d", c.asm, v)
		}
		other.InvalidateAll()
	}
}

// The list can be taken and set, and then nothing else is live.
func TestSetLive(t *testing.T) {
	x := listed(t)
	x.table(l3, 5, dataPFN<<32|pteRW|pteASM)
	x.s.SetASN(7)
	x.m.Load(testVA, 3, false)
	x.m.Store(mapVA, 3, 1)
	x.user()
	x.m.FetchPage(testVA)
	all, hash := x.m.Live(), x.m.Hash()
	want := []Translation{
		{ASN: 7, VPage: testVA, Mode: abi.ModeKernel, Access: abi.MMAccessRead, PAPage: dataPFN << 13, LeafPA: l3<<13 + 5*8, Leaf: dataPFN<<32 | pteRW | pteASM},
		{ASN: 7, VPage: testVA, Mode: abi.ModeUser, Access: abi.MMAccessExec, PAPage: dataPFN << 13, LeafPA: l3<<13 + 5*8, Leaf: dataPFN<<32 | pteRW | pteASM},
		{Global: true, VPage: mapVA, Mode: abi.ModeKernel, Access: abi.MMAccessWrite, PAPage: dataPFN << 13, LeafPA: l3<<13 + 5*8, Leaf: dataPFN<<32 | pteRW | pteASM},
	}
	if !reflect.DeepEqual(all, want) {
		t.Fatalf("live are %+v\nwant %+v", all, want)
	}
	x.m.Store(testVA, 3, 2)
	if x.m.Hash() == hash {
		t.Error("one more has the same hash")
	}
	y := listed(t)
	y.s.SetASN(7)
	y.moved(pteRW)
	y.m.Load(testVA, 3, false)
	gen := y.m.ITLBGeneration()
	y.m.SetLive(all)
	if got := y.m.Live(); !reflect.DeepEqual(got, want) || y.m.Hash() != hash {
		t.Errorf("after setting, live are %+v", got)
	}
	if y.entry(0, abi.AccessRead, testVA, 8) != nil || y.m.ITLBGeneration() == gen {
		t.Error("something else is cached")
	}
	y.user()
	if pa, ok := y.m.FetchPage(testVA); pa != dataPFN<<13 || !ok {
		t.Errorf("instructions come from %#x %v", pa, ok)
	}
	// What was noted of the page table entry is set, too: the code of the space has moved.
	y.m.EnterSpace()
	if pa, _ := y.m.FetchPage(testVA); pa != otherPFN<<13 || y.m.StaleCode() != 1 {
		t.Errorf("entered anew, instructions come from %#x", pa)
	}
}

// heard is a Follower.
type heard []Invalidation

func (h *heard) Invalidated(i Invalidation) { *h = append(*h, i) }

// All followers hear of all that is dropped, until they leave.
func TestFollow(t *testing.T) {
	x := newMachine(t)
	var a, b heard
	leave := x.m.Follow(&a)
	x.m.Follow(&b)
	x.m.InvalidateSingle(testVA+5, true, false)
	x.m.InvalidateProcess()
	leave()
	x.m.InvalidateAll()
	all := Invalidation{Instructions: true, Data: true}
	want := heard{{Instructions: true, One: true, VA: testVA}, all}
	if !reflect.DeepEqual(a, want) || !reflect.DeepEqual(b, append(want, all)) {
		t.Errorf("heard %+v and %+v", a, b)
	}
	if x.m.List() != nil || x.m.Live() != nil {
		t.Error("there is a list that nobody has asked for")
	}
}
