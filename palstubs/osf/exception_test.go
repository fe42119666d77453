package osf

import (
	"testing"

	"axpress/runtime/abi"
)

func TestMemoryFault(t *testing.T) {
	for _, user := range []bool{false, true} {
		ps := uint64(3)
		if user {
			ps = psUser
		}
		c, f := newTest(t, user, 3)
		c.S.FaultKind, c.S.FaultVA, c.S.FaultMMCSR, c.S.FaultAccess = abi.FaultMM, 0x123456, abi.MMCSRFOW, abi.MMAccessWrite
		if r := c.DeliverFault(); r != Continue {
			t.Fatalf("result %d", r)
		}
		wantFrame(t, c, f, abi.EntMM, ps, testPC, ps&psIPL)
		wantArgs(t, c, 0x123456, 4, 1)
		if c.S.Icount != 100 {
			t.Error("a faulting instruction was retired")
		}
	}
}

func TestUnaligned(t *testing.T) {
	c, f := newTest(t, true, 0)
	f.words[testPC] = 0x29<<26 | 7<<21 | 3<<16 // ldq $7,0($3)
	c.S.FaultKind, c.S.FaultVA = abi.FaultUnaligned, 0x12345
	c.DeliverFault()
	wantFrame(t, c, f, abi.EntUna, psUser, testPC+4, 0)
	wantArgs(t, c, 0x12345, 0x29, 7)
}

func TestUnalignedWithoutCode(t *testing.T) {
	c, f := newTest(t, true, 0)
	f.bad[testPC] = true
	c.S.FaultKind, c.S.FaultVA = abi.FaultUnaligned, 0x12345
	c.DeliverFault()
	wantFrame(t, c, f, abi.EntMM, psUser, testPC, 0)
	wantArgs(t, c, testPC, abi.MMCSRTNV, abi.MMAccessExec)
}

// Frames are as long as Linux's structures, with the fields where these have them.
func TestLogoutFrames(t *testing.T) {
	const pa = 0x80012345678
	for implver, want := range []map[uint64]uint64{
		{0: 424, 8: 424<<32 | 24, 24 + 44*8: pa, 24 + 32*8: testPC}, // el_apecs_procdata: paltemp[32], exc_addr; biu_addr
		{0: 416, 8: 416<<32 | 24, 24 + 45*8: pa, 24 + 32*8: testPC}, // ..EV5..: shadow[8], paltemp[24], exc_addr; ei_addr
		{0: 144, 8: 144<<32 | 24, 24 + 2*8: pa, 24 + 8*8: testPC},   // ..EV6..: C_ADDR, EXC_ADDR
	} {
		c, f := newTest(t, false, 2)
		c.Implver = uint64(implver)
		c.S.FaultKind, c.S.FaultVA = abi.FaultMCheck, pa
		c.DeliverFault()
		want[16] = 1<<32 | mchkNoMem
		if want[0] > LogoutSize {
			t.Errorf("IMPLVER %d: frame of %d bytes, area of %d", implver, want[0], LogoutSize)
		}
		for off := uint64(0); off < want[0]; off += 8 {
			if got := f.quads[testLogout+off]; got != want[off] {
				t.Errorf("IMPLVER %d: logout+%d: %#x, want %#x", implver, off, got, want[off])
			}
		}
	}
}

// What this PALcode does not have itself is the board's.
func TestCServeOfTheBoard(t *testing.T) {
	for _, tt := range []struct {
		fn, want uint64
		calls    int // of the board
	}{{boardCServe, 4711, 1}, {53, 1, 0}, {7, 99, 0}} {
		c, f := newTest(t, false, 0)
		f.vm = 99
		c.S.R[regV0], c.S.R[regA0] = 1, tt.fn
		c.Call(0x09)
		if c.S.R[regV0] != tt.want || len(f.calls) != tt.calls {
			t.Errorf("cserve %d: %d, calls %q", tt.fn, c.S.R[regV0], f.calls)
		}
	}
}

func TestMachineCheck(t *testing.T) {
	c, f := newTest(t, false, 2)
	c.S.FaultKind, c.S.FaultVA = abi.FaultMCheck, 0x80012345678
	c.DeliverFault()
	wantFrame(t, c, f, abi.EntInt, 2, testPC+4, 7)
	wantArgs(t, c, 2, 0x660, abi.KSEGBase+testLogout)
	for off, want := range map[uint64]uint64{0: 144, 8: 144<<32 | 24, 16: 1<<32 | 0x207, 24 + 16: 0x80012345678, 24 + 64: testPC, 24 + 96: 0} {
		if got := f.quads[testLogout+off]; got != want {
			t.Errorf("logout+%d: %#x, want %#x", off, got, want)
		}
	}
	if c.S.MCES != 1 {
		t.Errorf("MCES %#x, want MIP", c.S.MCES)
	}
	if r := c.DeliverFault(); r != Halted || len(f.halts) != 1 || f.halts[0].Code != HaltDoubleMCheck {
		t.Errorf("second machine check: result %d, halts %v", r, f.halts)
	}
}

func TestArithAndIF(t *testing.T) {
	c, f := newTest(t, true, 0)
	c.DeliverArith(0x21, 1<<35)
	wantFrame(t, c, f, abi.EntArith, psUser, testPC, 0)
	wantArgs(t, c, 0x21, 1<<35)

	c, f = newTest(t, true, 0)
	c.DeliverOPCDEC(false)
	wantFrame(t, c, f, abi.EntIF, psUser, testPC+4, 0)
	wantArgs(t, c, 4)

	c, f = newTest(t, true, 0)
	c.DeliverOPCDEC(true)
	wantFrame(t, c, f, abi.EntIF, psUser, testPC, 0)
	wantArgs(t, c, 3)
}

func TestKSPInvalid(t *testing.T) {
	for slot := range uint64(6) {
		c, f := newTest(t, true, 0)
		f.bad[testKSP-FrameSize+slot*8] = true
		c.S.FaultKind, c.S.FaultVA = abi.FaultMM, 0x100
		if r := c.DeliverFault(); r != Halted || len(f.halts) != 1 || f.halts[0].Code != HaltKSPInvalid {
			t.Errorf("slot %d: result %d, halts %v", slot, r, f.halts)
		}
	}
	for _, fn := range []uint32{0x3f, 0x3d} { // rti, retsys
		c, f := newTest(t, false, 7)
		f.bad[testKSP+8] = true
		if r := c.Call(fn); r != Halted || f.halts[0].Code != HaltKSPInvalid || f.halts[0].PC != testPC {
			t.Errorf("%#x: result %d, halts %v", fn, r, f.halts)
		}
	}
	c, f := newTest(t, true, 0)
	f.bad[testKSP-FrameSize] = true
	if r := c.Call(0x83); r != Halted || f.halts[0].Code != HaltKSPInvalid {
		t.Errorf("callsys: result %d, halts %v", r, f.halts)
	}
}

func TestFaultKindNoneIsABug(t *testing.T) {
	c, _ := newTest(t, true, 0)
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	c.DeliverFault()
}

func TestInterruptPriorities(t *testing.T) {
	types := map[IRQ]uint64{IRQDevice: 3, IRQTimer: 1, IRQIPI: 0, IRQError: 2}
	for ipl := range uint64(8) {
		c, f := newTest(t, false, ipl)
		f.vector = 0x900
		for i := range NumIRQ {
			c.SetIRQ(i, true)
		}
		if c.S.IRQLevel != 7 {
			t.Fatalf("IRQLevel %d", c.S.IRQLevel)
		}
		for i := int(NumIRQ) - 1; i >= 0; i-- {
			level := irqIPL[i]
			_, taken := c.DeliverInterrupt()
			if taken != (ipl < level) {
				t.Errorf("ipl %d level %d: taken %v", ipl, level, taken)
			}
			if !taken {
				break
			}
			wantFrame(t, c, f, abi.EntInt, ipl, testPC, level)
			wantArgs(t, c, types[IRQ(i)])
			if IRQ(i) == IRQDevice {
				wantArgs(t, c, 3, 0x900)
			}
			if _, again := c.DeliverInterrupt(); again {
				t.Errorf("level %d: another one taken at its own level", level)
			}
			c.SetIRQ(IRQ(i), false)
			// Back to where it was.
			c.S.SetPS(ipl)
			c.S.PC, c.S.R[regSP], c.S.R[regGP] = testPC, testKSP, testGP
			for r := regA0; r <= regA2; r++ {
				c.S.R[r] = uint64(r) * 0x101
			}
		}
	}
}

func TestInterruptFromUser(t *testing.T) {
	c, f := newTest(t, true, 0)
	c.SetIRQ(IRQTimer, true)
	if _, taken := c.DeliverInterrupt(); !taken {
		t.Fatal("not taken")
	}
	wantFrame(t, c, f, abi.EntInt, psUser, testPC, 5)
	wantArgs(t, c, 1, 0x600, 0)
	if c.S.IRQLevel != 0 {
		t.Error("timer was not acknowledged")
	}
}

func TestSpuriousInterrupt(t *testing.T) {
	c, f := newTest(t, false, 0)
	f.gone = true
	c.SetIRQ(IRQDevice, true)
	if _, taken := c.DeliverInterrupt(); taken || c.S.PC != testPC {
		t.Error("a request that has gone away was delivered")
	}
	c.SetIRQ(NumIRQ, true) // must not panic
}

func TestErrorInterruptWaitsForMIP(t *testing.T) {
	c, f := newTest(t, false, 0)
	c.S.MCES = mcesMIP
	c.SetIRQ(IRQError, true)
	c.SetIRQ(IRQTimer, true)
	if r, taken := c.DeliverInterrupt(); !taken || r != Continue || len(f.halts) != 0 {
		t.Fatalf("result %d taken %v halts %v", r, taken, f.halts)
	}
	wantArgs(t, c, 1)
}
