package trace

import (
	"slices"
	"strings"
	"testing"

	"axpress/runtime/abi"
	"axpress/runtime/mem"
)

func newRAM(t *testing.T) *mem.RAM {
	t.Helper()
	ram, err := mem.New(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := ram.Close(); err != nil {
			t.Error(err)
		}
	})
	return ram
}

func TestStoreLog(t *testing.T) {
	ram := newRAM(t)
	l := newStoreLog(ram)
	write := func(pa, v uint64) {
		l.before(abi.PAddr(pa))
		ram.Write64(abi.PAddr(pa&^7), v)
	}
	read := func(pa uint64) uint64 {
		v, _ := ram.Read64(abi.PAddr(pa))
		return v
	}
	write(0x2008, 1)
	if len(l.stores) != 0 {
		t.Error("stores are noted while the log is off")
	}
	l.on = true
	write(0x2008, 2)
	write(0x200c, 3) // the same quadword
	write(0x9ff8, 4)
	if !slices.Equal(l.pages, []abi.PAddr{0x2000, 0x9000}) || !l.has(0x2fff) || l.has(0x3000) {
		t.Errorf("pages %#x", l.pages)
	}
	if was := l.original(0x2000); quad(was[8:]) != 1 || read(0x2008) != 3 {
		t.Errorf("original holds %d, memory %d", quad(was[8:]), read(0x2008))
	}
	l.undo()
	if read(0x2008) != 1 || read(0x9ff8) != 0 || len(l.pages) != 0 || l.has(0x2000) {
		t.Errorf("after undo: %d, %d, pages %#x", read(0x2008), read(0x9ff8), l.pages)
	}
}

func TestArchState(t *testing.T) {
	s, err := abi.NewState()
	if err != nil {
		t.Fatal(err)
	}
	defer abi.FreeState(s)
	s.R[3], s.F[4], s.PC, s.LockPA = 1, 2, 0x1000, 5
	s.SetASN(7)
	s.SetPS(8)
	var a, b archState
	a.take(s)
	s.R[3], s.LockPA, s.JumpKey, s.ASNTag = 9, 6, 0, 0
	b.take(s)
	var places []string
	eachDifference(&a, &b, func(at location, x, y uint64) { places = append(places, at.String()) })
	if a.Equal(&b.Arch) || !slices.Equal(places, []string{"t2"}) {
		t.Errorf("differences %q; the lock address means nothing while the flag is clear", places)
	}
	a.Load(s)
	b.take(s)
	if !a.Equal(&b.Arch) || s.JumpKey == 0 || s.ASNTag == 0 {
		t.Errorf("loaded state differs, or derived fields are missing: %#x %#x", s.JumpKey, s.ASNTag)
	}
	s.LockFlag = 1
	a.take(s)
	s.LockPA = 99
	b.take(s)
	if a.Equal(&b.Arch) {
		t.Error("the address of a held reservation is not compared")
	}
}

func TestReport(t *testing.T) {
	d := &Divergence{What: "registers differ", Stretch: 3, PC: 0x1000, Symbol: "f", First: 1, InDoubt: 2, Hidden: []abi.VAddr{0x1004}, HiddenSymbols: []string{"f+4"},
		Window: []Inst{{PC: 0x1004, Text: "addq t0,t1,t2"}, {PC: 0x1008, Symbol: "f+8", Word: 0x40620444, Text: "s4addq t2,t1,t3", Effects: "t3=0x1"}},
		Diffs:  []Diff{{Place: "t3", Native: 1, Interp: 2}}}
	for _, want := range []string{"registers differ in stretch 3 at 0x1000 <f>", "first divergent instruction: 0x1008 <f+8>: 40620444 s4addq t2,t1,t3",
		"left no trace: 0x1004 <f+4>", "> 0x1008", "? 0x1004", "* t3 "} {
		if !strings.Contains(d.String(), want) {
			t.Errorf("no %q in:\n%s", want, d)
		}
	}
	d.First = -1
	if d.FirstInst() != nil || strings.Contains(d.Error(), "first divergent") {
		t.Error("a divergence that was not found again names an instruction")
	}
}
