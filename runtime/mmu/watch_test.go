package mmu

import (
	"slices"
	"testing"

	"axpress/runtime/abi"
	"axpress/runtime/mem"
)

func TestWatchStores(t *testing.T) {
	s, err := abi.NewState()
	if err != nil {
		t.Fatal(err)
	}
	defer abi.FreeState(s)
	ram, err := mem.New(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	defer ram.Close()
	m := New(s, ram, nil)
	m.InitWindows()
	m.Store(abi.KSEGBase+0x4000, 3, 1)
	var at, old []uint64
	m.WatchStores(func(pa abi.PAddr) {
		v, _ := ram.Read64(pa &^ 7)
		at, old = append(at, uint64(pa)), append(old, v)
	})
	m.Store(abi.KSEGBase+0x4000, 3, 2)
	m.Store(abi.KSEGBase+0x4004, 2, 3)
	m.StoreRAM(abi.KSEGBase+0x4008, 0, 4)
	m.Load(abi.KSEGBase+0x4010, 3, true)
	if stored, ok := m.StoreCond(abi.KSEGBase+0x4010, 3, 5); !stored || !ok {
		t.Error("store-conditional failed")
	}
	if !slices.Equal(at, []uint64{0x4000, 0x4004, 0x4008, 0x4010}) || !slices.Equal(old, []uint64{1, 2, 0, 0}) {
		t.Errorf("seen at %#x, where memory held %d", at, old)
	}
	for _, e := range s.TLB[abi.ModeKernel][abi.AccessWrite] {
		if e.Tag != abi.TLBInvalid {
			t.Error("a store entered the soft TLB, the next one would not be seen")
		}
	}
	if s.StoreRAMLimit != [4]uint64{} || s.CheckedLimit != 0 {
		t.Error("the store windows are open")
	}
}
