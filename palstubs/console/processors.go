package console

import (
	"errors"

	"axpress/palstubs/osf"
	"axpress/runtime/abi"
)

// HaltRequest is what the kernel wants the console to do after a halt: PCS.flags
// bits 23:16 (AAH, "Per-CPU Slots"; L kernel/process.c common_shutdown_1).
type HaltRequest uint8

// Halt requests.
const (
	HaltDefault HaltRequest = 0 // nothing asked for
	HaltSave    HaltRequest = 1 // save or restore the terminal
	HaltCold    HaltRequest = 2 // cold bootstrap
	HaltWarm    HaltRequest = 3 // warm bootstrap
	HaltRemain  HaltRequest = 4 // remain halted
)

// errRAM says that memory is too small to have been set up by Build.
var errRAM = errors.New("console: RAM holds no HWRPB")

func slots(ram []byte, cpu int) (memory, error) {
	if cpu < 0 || cpu >= MaxCPUs || uint64(len(ram)) < pcsPA(cpu+1) {
		return nil, errRAM
	}
	return memory(ram), nil
}

// RecordHalt writes into the slot of a CPU why it stopped and returns what the
// kernel wants done.
func RecordHalt(ram []byte, cpu int, s *abi.State, h osf.Halt) (HaltRequest, error) {
	w, err := slots(ram, cpu)
	if err != nil {
		return 0, err
	}
	p := func(off, v uint64) { w.put(pcsPA(cpu)+off, v) }
	p(pcsHaltPCBB, s.PCBB)
	p(pcsHaltPC, h.PC)
	p(pcsHaltPS, s.PS)
	p(pcsHaltArg, s.R[25])
	p(pcsHaltRA, s.R[26])
	p(pcsHaltPV, s.R[27])
	p(pcsHaltReason, uint64(h.Code))
	return HaltRequest(w.get(pcsPA(cpu)+pcsFlags) >> flagHaltRequestShift), nil
}

// Start is how a secondary CPU begins.
type Start struct {
	PC, PV uint64
	PCBB   abi.PAddr
	VPTB   uint64
}

// Secondary looks whether the kernel has sent the console of a halted CPU the
// message START. If so it acknowledges that (bootstrap in progress) and says how
// to start: load the context at PCBB, kernel mode, IPL 7.
func Secondary(ram []byte, cpu int) (start Start, ok bool) {
	w, err := slots(ram, cpu)
	if err != nil {
		return Start{}, false
	}
	if Asked(ram)>>uint(cpu)&1 == 0 || !w.takeMessage(cpu) {
		return Start{}, false
	}
	pcs := pcsPA(cpu)
	buf := pcs + pcsIPCBuffer
	const msg = "START\r\n"
	if uint32(w.get(buf)) != uint32(len(msg)) || string(w[buf+8:buf+8+uint64(len(msg))]) != msg {
		return Start{}, false
	}
	w.put(pcs+pcsFlags, w.get(pcs+pcsFlags)|flagBIP)
	return Start{PC: w.get(HWRPBPA+hwRestart) &^ 3, PV: w.get(HWRPBPA + hwRestartArg), PCBB: abi.PAddr(pcs), VPTB: w.get(HWRPBPA + hwVPTB)}, true
}
