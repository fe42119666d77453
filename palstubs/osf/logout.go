package osf

import "axpress/runtime/abi"

// Machine check codes (L kernel/irq_alpha.c).
const (
	mchkKernelCallsys = 0x90
	mchkSystem        = 0x202
	mchkNoMem         = 0x207
)

// logoutFrame is the processor's part of a machine check's logout frame: how many
// quadwords it has, and in which of them what we know is put. The others are zero:
// internal registers that no model has here.
type logoutFrame struct {
	quads   int
	address int // of the access that failed, physical
	excAddr int // of the instruction
}

// logoutFrames are those of the processors, by IMPLVER.
var logoutFrames = [...]logoutFrame{
	// 21064: L asm/core_apecs.h struct el_apecs_procdata; biu_addr, exc_addr.
	{quads: 32 + 18, address: 32 + 12, excAddr: 32},
	// 21164: L asm/mce.h struct el_common_EV5_uncorrectable_mcheck; ei_addr, exc_addr.
	{quads: 32 + 17, address: 32 + 13, excAddr: 32},
	// 21264 and 21364: L asm/mce.h struct el_common_EV6_mcheck; C_ADDR, EXC_ADDR.
	{quads: 15, address: 2, excAddr: 8},
}

// The common header (L asm/mce.h struct el_common): size and flags, the offsets of the
// processor's and the system's parts, the code and the frame's revision. There is no
// system part.
const (
	logoutHeader   = 3 * 8
	logoutFrameRev = 1
)

// LogoutSize is the size in bytes of the largest logout frame.
var LogoutSize = func() (most uint64) {
	for i := range logoutFrames {
		most = max(most, logoutFrames[i].size())
	}
	return most
}()

func (f *logoutFrame) size() uint64 { return logoutHeader + uint64(f.quads)*8 }

// machineCheck writes a logout frame and enters entInt type 2 at IPL 7 with pc
// pushed. pa is the address that failed. A second one before the kernel has
// cleared MCES.MIP halts, as does a logout area that does not exist.
func (c *CPU) machineCheck(code, pa, pc uint64) Result {
	s := c.S
	if s.MCES&mcesMIP != 0 {
		return c.halt(HaltDoubleMCheck, s.PC, "")
	}
	f := &logoutFrames[min(c.Implver, uint64(len(logoutFrames)-1))]
	size := f.size()
	frame := make([]uint64, size/8)
	copy(frame, []uint64{size, logoutHeader | size<<32, code | logoutFrameRev<<32})
	processor := frame[logoutHeader/8:]
	processor[f.address], processor[f.excAddr] = pa, s.PC
	for i, v := range frame {
		if err := c.Mem.WritePhys(c.LogoutPA+abi.PAddr(i)*8, v); err != nil {
			return c.halt(HaltDoubleMCheck, s.PC, "no logout area: "+err.Error())
		}
	}
	s.MCES |= mcesMIP
	return c.enter(abi.EntInt, pc, irqIPL[IRQError], intMCheck, vecSysMchk, abi.KSEGBase+uint64(c.LogoutPA))
}
