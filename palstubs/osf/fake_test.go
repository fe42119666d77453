package osf

import (
	"errors"
	"fmt"
	"testing"

	"axpress/runtime/abi"
)

// fake is Memory and System at once: a flat memory in which virtual equals
// physical address, and a record of the calls.
type fake struct {
	s      *abi.State
	quads  map[uint64]uint64
	words  map[uint64]uint32
	bad    map[uint64]bool // addresses that fault
	user   bool            // an access was made in user mode
	calls  []string
	halts  []Halt
	vm     uint64
	wall   uint64
	cycles uint64
	alarm  uint64
	vector uint64
	gone   bool // the device request has gone away
	ack    func(IRQ)
}

func (f *fake) Load(va abi.VAddr, log2size int) (uint64, bool) {
	f.user = f.user || f.s.Mode() == abi.ModeUser
	if f.bad[uint64(va)] {
		f.fault(uint64(va))
		return 0, false
	}
	return f.quads[uint64(va)], true
}

func (f *fake) Store(va abi.VAddr, log2size int, v uint64) bool {
	f.user = f.user || f.s.Mode() == abi.ModeUser
	if f.bad[uint64(va)] {
		f.fault(uint64(va))
		return false
	}
	f.quads[uint64(va)] = v
	return true
}

func (f *fake) fault(va uint64) {
	f.s.FaultKind, f.s.FaultVA = abi.FaultMM, va
}

func (f *fake) Fetch(pc abi.VAddr) (uint32, bool) {
	if f.bad[uint64(pc)] {
		f.fault(uint64(pc))
		f.s.FaultMMCSR, f.s.FaultAccess = abi.MMCSRTNV, abi.MMAccessExec
		return 0, false
	}
	return f.words[uint64(pc)], true
}

var errAbsent = errors.New("absent")

func (f *fake) ReadPhys(pa abi.PAddr) (uint64, error) {
	if f.bad[uint64(pa)] {
		return 0, errAbsent
	}
	return f.quads[uint64(pa)], nil
}

func (f *fake) WritePhys(pa abi.PAddr, v uint64) error {
	if f.bad[uint64(pa)] {
		return errAbsent
	}
	f.quads[uint64(pa)] = v
	return nil
}

func (f *fake) log(format string, a ...any) { f.calls = append(f.calls, fmt.Sprintf(format, a...)) }

func (f *fake) SendIPI(t uint64) { f.log("ipi %d", t) }
func (f *fake) AckIPI()          { f.log("ack ipi"); f.ack(IRQIPI) }
func (f *fake) AckTimer()        { f.log("ack timer"); f.ack(IRQTimer) }
func (f *fake) DeviceVector() (uint64, bool) {
	return f.vector, !f.gone
}
func (f *fake) CServe(fn, a1, a2 uint64) (uint64, bool) {
	if fn != boardCServe {
		return 4711, false
	}
	f.log("cserve %d %d", a1, a2)
	return 4711, true
}
func (f *fake) VMTime() uint64     { return f.vm }
func (f *fake) WallTime() uint64   { return f.wall }
func (f *fake) Alarm() uint64      { return f.alarm }
func (f *fake) SetAlarm(at uint64) { f.alarm = at; f.log("alarm %d", at) }
func (f *fake) Cycles() uint64     { return f.cycles }
func (f *fake) InvalidateAll()     { f.log("tbia") }
func (f *fake) InvalidateProcess() { f.log("tbiap") }
func (f *fake) InvalidateSingle(va abi.VAddr, i, d bool) {
	f.log("tbis %#x %v %v", va, i, d)
}
func (f *fake) EnterSpace()     { f.log("another space") }
func (f *fake) InvalidateCode() { f.log("imb") }
func (f *fake) Halt(h Halt)     { f.halts = append(f.halts, h) }

const (
	testPC     = 0x10000
	testKSP    = 0x8000
	testUSP    = 0x9000
	testPCBB   = 0x4000
	testLogout = 0x6000
	// boardCServe is the only cserve function of the fake board.
	boardCServe = 64
	testKGP     = 0x7777
	testGP      = 0x2929
)

// newTest makes a CPU with distinct values everywhere: entry n is at 0x1000*(n+1).
func newTest(t *testing.T, user bool, ipl uint64) (*CPU, *fake) {
	t.Helper()
	s, err := abi.NewState()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = abi.FreeState(s) })
	f := &fake{s: s, quads: map[uint64]uint64{}, words: map[uint64]uint32{}, bad: map[uint64]bool{}, vm: 1000, wall: 2000, cycles: 500}
	for r := range 31 {
		s.R[r] = uint64(r) * 0x101
	}
	for i := range s.Entries {
		s.Entries[i] = uint64(i+1) * 0x1000
	}
	s.PC, s.PCBB, s.KGP = testPC, testPCBB, testKGP
	s.R[regGP] = testGP
	s.R[regSP] = testKSP
	s.USP, s.KSP = testUSP, testKSP
	s.FEN = 1
	s.LockFlag, s.IntrFlag = 1, 1
	s.Icount = 100
	s.SetPS(ipl)
	if user {
		s.R[regSP] = testUSP
		s.USP = 0xdead
		s.SetPS(psUser)
	}
	c := &CPU{S: s, Mem: f, Sys: f, LogoutPA: testLogout, Implver: 2, ParavirtualClock: true}
	f.ack = func(i IRQ) { c.SetIRQ(i, false) }
	return c, f
}

// wantFrame checks that a frame was pushed on the kernel stack, and the state
// after an entry.
func wantFrame(t *testing.T, c *CPU, f *fake, entry int, ps, pc, newPS uint64) {
	t.Helper()
	s := c.S
	const sp = testKSP - FrameSize
	if s.R[regSP] != sp {
		t.Errorf("sp %#x, want %#x", s.R[regSP], uint64(sp))
	}
	want := [6]uint64{ps, pc, testGP, 16 * 0x101, 17 * 0x101, 18 * 0x101}
	for i, w := range want {
		if got := f.quads[sp+uint64(i)*8]; got != w {
			t.Errorf("frame+%d: %#x, want %#x", i*8, got, w)
		}
	}
	if f.user {
		t.Error("frame written in user mode")
	}
	if s.PS != newPS || s.PC != s.Entries[entry] || s.R[regGP] != testKGP {
		t.Errorf("ps %#x pc %#x gp %#x, want %#x %#x %#x", s.PS, s.PC, s.R[regGP], newPS, s.Entries[entry], uint64(testKGP))
	}
	if s.LockFlag != 0 {
		t.Error("lock flag survives an exception")
	}
	if ps&psUser != 0 && s.USP != testUSP {
		t.Errorf("usp %#x, want %#x", s.USP, uint64(testUSP))
	}
	for r := range 29 {
		if r < 16 || r > 18 {
			if s.R[r] != uint64(r)*0x101 {
				t.Errorf("R%d changed to %#x", r, s.R[r])
			}
		}
	}
}

func wantArgs(t *testing.T, c *CPU, args ...uint64) {
	t.Helper()
	for i, a := range args {
		if got := c.S.R[regA0+i]; got != a {
			t.Errorf("a%d = %#x, want %#x", i, got, a)
		}
	}
}
