package conform

import (
	"axpress/lifter/isa"
	"axpress/runtime/abi"
	"axpress/runtime/interp/cases"
)

// What qemu-alpha is not asked, because it is known to be wrong there or shows
// nothing. QEMU 7.2 to 11; each with its reason. What of this a program of Linux can see,
// the suite checks too, see bench/suite/known.go.

// qemuOps are the instructions.
var qemuOps = map[isa.Op]string{
	isa.OpCALLPAL: "a system call of the host",
	isa.OpRPCC:    "it counts its own cycles",
	isa.OpRC:      "the stub does not show the interrupt flag",
	isa.OpRS:      "the stub does not show the interrupt flag",
	isa.OpSTLC:    "the stub does not show the reservation",
	isa.OpSTQC:    "the stub does not show the reservation",
	isa.OpITOFF:   "VAX floating point",
	isa.OpSQRTF:   "VAX floating point",
	isa.OpSQRTG:   "VAX floating point",
}

// qemuExcludes says why code is left out, "" if it is not.
func qemuExcludes(code []isa.Inst) string {
	written := false
	for i := range code {
		in := &code[i]
		if why := qemuExcludesInst(in); why != "" {
			return why
		}
		if i < len(code)-1 && in.Op.Info().Flow != isa.FlowNext {
			return "code is stepped through straight on"
		}
		written = written || in.Op == isa.OpMTFPCR
		if written && in.Op == isa.OpMFFPCR {
			return "FPCR bits 47:32 are kept; they are read as zero and ignored when written"
		}
	}
	return ""
}

// qemuExcludesInst is qemuExcludes of one instruction.
func qemuExcludesInst(in *isa.Inst) string {
	info := in.Op.Info()
	switch {
	case qemuOps[in.Op] != "":
		return qemuOps[in.Op]
	case info.Ext == isa.ExtVAX:
		return "VAX floating point: LDF gives a wrong exponent, STF stores the address, arithmetic (ADDF) lacks the VAX rounding, CVTQG loses the fraction"
	case in.Rc == 31 && info.Faults&(isa.FaultArith|isa.FaultIOV) != 0:
		return "whether an operation whose result is discarded traps is UNPREDICTABLE"
	case in.Ra == 31 && info.Class == isa.ClassLoadLocked:
		return "a locked load to $31 is taken for a prefetch, which does not fault"
	case info.Ext == isa.ExtPAL:
		return "opcodes of the PALcode mean something to QEMU"
	}
	return ""
}

// The FPCR that a qemu-alpha without trap handlers behaves as if it had, whatever it
// is, where instructions have /S: all traps disabled, no mapping of denormals.
const (
	fpcrTraps  = 0x600e << 48
	fpcrMapped = 1<<60 | 1<<48
	fpcrINE    = 1 << 56
	fpcrUNF    = 1 << 55
	fpcrSUM    = 1 << 63
	fpcrHigh   = 0xffff << 48
)

// qemuExcludesState says why an instruction is left out in a state.
func qemuExcludesState(in *isa.Inst, s *cases.State, block bool) string {
	info := in.Op.Info()
	switch {
	case s.FEN&1 == 0 && info.Faults&isa.FaultFEN != 0:
		return "user programs have floating point"
	case info.Size != 0:
		return qemuAddress(in, s)
	case info.Class != isa.ClassFPOp:
		return ""
	case block:
		return "operands in blocks cannot be looked at before"
	}
	soft := in.Trap&isa.TrapS != 0
	if soft && (s.FPCR&fpcrTraps != fpcrTraps || s.FPCR&fpcrMapped != 0) {
		return "with /S user programs get what a kernel would give them that has all traps disabled"
	}
	if in.Op == isa.OpCVTQL || in.Op == isa.OpCVTLQ || in.Op == isa.OpCVTQS || in.Op == isa.OpCVTQT {
		return ""
	}
	nans, denormals := 0, 0
	for _, x := range []uint64{s.F[in.Rb], s.F[in.Ra]} {
		switch mag := x << 1; {
		case mag > 0x7ff<<53:
			nans++
		case mag != 0 && mag < 1<<53:
			denormals++
		}
		if in.Ra == 31 || in.Reads().FP&^(1<<in.Rb) == 0 {
			break
		}
	}
	switch {
	case nans == 2:
		return "of two NaNs QEMU takes Fa's, Alpha Fb's"
	case soft && denormals > 0:
		return "with /S a denormal operand is computed with at once, where the hardware traps"
	}
	return ""
}

// qemuAddress says why an access is left out: it is not one to the data, or it uses
// its base register for something else too.
func qemuAddress(in *isa.Inst, s *cases.State) string {
	if in.Ra == 31 && in.Op.Info().Class == isa.ClassLoad {
		return ""
	}
	va := s.R[in.Rb] + uint64(in.Imm)
	by, ok := qemuMoved(va)
	base, baseOK := qemuMoved(s.R[in.Rb])
	switch {
	case !ok || !baseOK || in.Rb == 31:
		return "an address that means something else in a user program"
	case by != base:
		return "a base that is not where the access is"
	case va%uint64(in.Op.Info().Size) != 0 && in.Op != isa.OpLDQU && in.Op != isa.OpSTQU:
		return "user programs get misaligned accesses done, as by a kernel"
	case in.Reads().Int>>in.Ra&1 != 0 && in.Ra == in.Rb && in.Op.Info().Class == isa.ClassStore:
		return "stores its own address"
	}
	return ""
}

// Same implements lenient.
func (e *QEMU) Same(got, want *cases.State) string {
	got.Lock, got.LockPA, got.LockVal = want.Lock, want.LockPA, want.LockVal // not shown
	got.Flag, got.PCC = want.Flag, want.PCC
	// FPCR<INE> is recorded always by QEMU, here by instructions with /I only; what
	// lies below the FPCR's bits is kept by QEMU; SUM is what the other bits say.
	const compared = fpcrHigh &^ (fpcrINE | fpcrSUM)
	if got.FPCR&compared == want.FPCR&compared {
		got.FPCR = want.FPCR
	}
	if len(e.code) == 1 && e.code[0].Op.Info().Class == isa.ClassFPOp && e.known(&e.code[0], got, want) {
		return ""
	}
	if got.Exit == want.Exit && e.trapped {
		got.Arg, got.VA, got.MMCSR, got.Access = want.Arg, want.VA, want.MMCSR, want.Access // not shown
	}
	return cases.Difference(got, want)
}

// known says whether a difference after a floating-point operation is one of those
// that QEMU is known for. It corrects what is known of got.
func (e *QEMU) known(in *isa.Inst, got, want *cases.State) bool {
	const canonical, theirs = 0xfff8 << 48, 0x7ff8 << 48
	if in.Trap&isa.TrapS != 0 && want.Exit == abi.ExitArith {
		return true // user programs get the trap completed
	}
	// The NaN that an operation makes of numbers has the other sign: 0.0/0.0 is printed as nan, not as
	// -nan. (With qemu-system-alpha Linux makes it, and it is right.)
	if want.F[in.Rc] == canonical && got.F[in.Rc] == theirs {
		got.F[in.Rc] = canonical
	}
	// Flushing to zero looks at the result before it is rounded.
	const smallestT, smallestS = 1 << 53, uint64(1023-126) << 53 // doubled
	w, g := want.F[in.Rc]<<1, got.F[in.Rc]<<1
	if w == smallestT || w == smallestS || (want.FPCR|got.FPCR)&fpcrUNF != 0 && w < smallestT && g < smallestT {
		return true
	}
	if got.Exit == abi.ExitArith && want.Exit == abi.ExitArith {
		// The signal comes before the register is written and the FPCR is up to date.
		got.F, got.FPCR = want.F, want.FPCR
	}
	return false
}
