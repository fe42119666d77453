package osf

import "axpress/runtime/abi"

// Argument and result registers by their handbook names.
const (
	regV0 = 0
	regA0 = 16
	regA1 = 17
	regA2 = 18
	regA3 = 19
	regPV = 27
	regGP = 29
	regSP = 30
)

func (c *CPU) nop() Result { return Continue }

// callHalt: the halt_reason in the per-CPU slot and the meaning of PCS.flags are
// the console's business.
func (c *CPU) callHalt() Result { return c.halt(HaltCallPAL, c.S.PC, "") }

func (c *CPU) wripir() Result { c.Sys.SendIPI(c.S.R[regA0]); return Continue }

func (c *CPU) rdmces() Result { c.S.R[regV0] = c.S.MCES; return Continue }

// wrmces clears the error bits that are written as one and sets the two mode
// bits (AAH II-B, WRMCES).
func (c *CPU) wrmces() Result {
	s, a := c.S, c.S.R[regA0]
	s.MCES = s.MCES&mcesW1C&^a | a&mcesMode
	return Continue
}

// wrfen: FEN and its copy in the PCB.
func (c *CPU) wrfen() Result { return c.setFEN(c.S.R[regA0] & 1) }

func (c *CPU) clrfen() Result { return c.setFEN(0) }

func (c *CPU) setFEN(fen uint64) Result {
	s := c.S
	pa := s.PCBB + pcbFlags
	v, err := c.Mem.ReadPhys(abi.PAddr(pa))
	if err == nil {
		err = c.Mem.WritePhys(abi.PAddr(pa), v&^1|fen)
	}
	if err != nil {
		return c.machineCheck(mchkNoMem, pa, s.PC)
	}
	s.FEN = fen
	return Continue
}

func (c *CPU) wrvptptr() Result { c.S.VPTB = c.S.R[regA0]; return Continue }
func (c *CPU) wrval() Result    { c.S.SysVal = c.S.R[regA0]; return Continue }
func (c *CPU) rdval() Result    { c.S.R[regV0] = c.S.SysVal; return Continue }
func (c *CPU) wrkgp() Result    { c.S.KGP = c.S.R[regA0]; return Continue }
func (c *CPU) wrusp() Result    { c.S.USP = c.S.R[regA0]; return Continue }
func (c *CPU) rdusp() Result    { c.S.R[regV0] = c.S.USP; return Continue }
func (c *CPU) whami() Result    { c.S.R[regV0] = c.S.WHAMI; return Continue }
func (c *CPU) rdps() Result     { c.S.R[regV0] = c.S.PS; return Continue }
func (c *CPU) rduniq() Result   { c.S.R[regV0] = c.S.Unique; return Continue }
func (c *CPU) wruniq() Result   { c.S.Unique = c.S.R[regA0]; return Continue }
func (c *CPU) imb() Result      { c.Sys.InvalidateCode(); return Continue }

func (c *CPU) swpipl() Result {
	s := c.S
	s.R[regV0] = s.PS & psIPL
	s.SetPS(s.PS&^psIPL | s.R[regA0]&psIPL)
	return Continue
}

// tbi: a0 selects, a1 is the address (L include/asm/pal.h; AAH II-B, TBI). Other
// selectors do nothing, the handbook leaves them open.
func (c *CPU) tbi() Result {
	va := c.S.R[regA1]
	switch int64(c.S.R[regA0]) {
	case -2:
		c.Sys.InvalidateAll()
	case -1:
		c.Sys.InvalidateProcess()
	case 1:
		c.Sys.InvalidateSingle(abi.VAddr(va), true, false)
	case 2:
		c.Sys.InvalidateSingle(abi.VAddr(va), false, true)
	case 3:
		c.Sys.InvalidateSingle(abi.VAddr(va), true, true)
	}
	return Continue
}

// wrent: a0 the address, a1 which entry. Numbers that do not exist are ignored.
func (c *CPU) wrent() Result {
	s := c.S
	if n := s.R[regA1]; n <= abi.EntDbg {
		s.Entries[n] = s.R[regA0] &^ 3
	}
	return Continue
}

// wrperfmon has no counters behind it: commands are accepted, reads give 0.
func (c *CPU) wrperfmon() Result { c.S.R[regV0] = 0; return Continue }

// wtint returns the number of clock ticks skipped in v0; the clock interrupts are
// never held back here, so that is 0.
func (c *CPU) wtint() Result {
	c.S.R[regV0] = 0
	if c.IRQLevel() != 0 {
		return Continue
	}
	return Waiting
}

func (c *CPU) callConsole() Result {
	if c.Console == nil {
		c.S.PC -= 4
		c.S.Icount--
		return c.DeliverOPCDEC(false)
	}
	c.Console.Callback(c.S, c.Mem)
	return Continue
}

// cserveFuncs are the functions of CALL_PAL cserve that QEMU's PALcode defines
// (L include/asm/pal.h), on every board. All others are the board's, such as 52 and 53
// (interrupt enable and disable of SRM's EB164 family), or do nothing.
var cserveFuncs = map[uint64]struct {
	paravirtual bool // needs CPU.ParavirtualClock
	fn          func(*CPU) Result
}{
	1: {false, func(c *CPU) Result { // ldqp(a1)
		v, err := c.Mem.ReadPhys(abi.PAddr(c.S.R[regA1]))
		if err != nil {
			return c.machineCheck(mchkNoMem, c.S.R[regA1], c.S.PC)
		}
		c.S.R[regV0] = v
		return Continue
	}},
	2: {false, func(c *CPU) Result { // stqp(a1, a2)
		if err := c.Mem.WritePhys(abi.PAddr(c.S.R[regA1]), c.S.R[regA2]); err != nil {
			return c.machineCheck(mchkNoMem, c.S.R[regA1], c.S.PC)
		}
		return Continue
	}},
	3: {true, func(c *CPU) Result { c.S.R[regV0] = c.Sys.WallTime(); return Continue }},
	4: {true, func(c *CPU) Result { c.S.R[regV0] = c.Sys.Alarm(); return Continue }},
	5: {true, func(c *CPU) Result { // set_alarm_rel
		now, rel := c.Sys.VMTime(), c.S.R[regA1]
		at := now + rel
		if at < now || int64(at) < 0 {
			at = 1<<63 - 1 // the clockevent's longest interval is LONG_MAX
		}
		c.Sys.SetAlarm(max(at, 1))
		return Continue
	}},
	6: {true, func(c *CPU) Result { c.Sys.SetAlarm(c.S.R[regA1]); return Continue }},
	7: {true, func(c *CPU) Result { c.S.R[regV0] = c.Sys.VMTime(); return Continue }},
}

func (c *CPU) cserve() Result {
	s := c.S
	if f, ok := cserveFuncs[s.R[regA0]]; ok && (c.ParavirtualClock || !f.paravirtual) {
		return f.fn(c)
	}
	if v, ok := c.Sys.CServe(s.R[regA0], s.R[regA1], s.R[regA2]); ok {
		s.R[regV0] = v
	}
	return Continue
}
