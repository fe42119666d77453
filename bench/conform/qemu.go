package conform

import (
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"axpress/bench/gdb"
	"axpress/lifter/isa"
	"axpress/runtime/abi"
	"axpress/runtime/interp/cases"
)

// qemuProgram is the emulator of user programs.
const qemuProgram = "qemu-alpha"

// Where code and data lie in the program that QEMU runs.
const (
	qemuCode = 0x2000_0000
	// qemuLoader stores registers 0 to maxPairs-1 where register 16 points: QEMU's
	// stub does not write to pages whose code was executed, but programs may.
	qemuLoader = 0x2001_0000
	// The data end with their page, and nothing follows it.
	qemuPage = 0x2002_0000
	qemuData = qemuPage + abi.PageSize - cases.DataBytes
)

// qemuMoved returns what takes an address of the data from a case to the program: the
// difference, modulo 2**64; false for other addresses. Behind the data, only those are
// known that are not mapped in a case either.
func qemuMoved(va uint64) (by uint64, ok bool) {
	const room = 64
	kseg, rw := cases.DataVA, cases.Views()[0].VA
	switch {
	case va-kseg < cases.DataBytes-8:
		return qemuData - kseg, true
	case va-rw < cases.DataBytes+room:
		return qemuData - rw, true
	case va-rw-cases.ViewsHigh < cases.DataBytes+room:
		return qemuData - rw - cases.ViewsHigh, true
	}
	return 0, false
}

// Registers in the order of QEMU's stub.
const (
	gdbF    = 32
	gdbFPCR = 63
	gdbPC   = 64
	gdbRegs = 67
)

// QEMU is the engine of qemu-alpha, driven through its gdb stub: instructions run one
// step at a time in a program that does nothing by itself. It is in user mode and sees
// other addresses; both are made up for. What it gets wrong, or does not show, is in
// qemu_excluded.go.
type QEMU struct {
	cmd  *exec.Cmd
	dir  string
	conn *gdb.Conn
	code []isa.Inst
	regs [gdbRegs]uint64
	// before and trapped are of the last Run.
	before  cases.State
	trapped bool
}

// NewQEMU starts qemu-alpha. Errors: it is not installed, or does not start.
func NewQEMU() (_ *QEMU, err error) {
	path, err := exec.LookPath(qemuProgram)
	if err != nil {
		return nil, fmt.Errorf("%s is not installed: %w", qemuProgram, err)
	}
	e := &QEMU{}
	if e.dir, err = os.MkdirTemp("", "axpress-qemu-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, e.Close())
		}
	}()
	program, socket := filepath.Join(e.dir, "pad"), filepath.Join(e.dir, "gdb")
	if err := os.WriteFile(program, landingPad(), 0o755); err != nil {
		return nil, err
	}
	e.cmd = exec.Command(path, "-cpu", "ev67", "-g", socket, program)
	if err := e.cmd.Start(); err != nil {
		return nil, err
	}
	return e, e.connect(socket)
}

// connect waits for the stub.
func (e *QEMU) connect(socket string) error {
	const patience = 10 * time.Second
	for start := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		c, err := net.Dial("unix", socket)
		if err == nil {
			e.conn = gdb.New(c)
			return nil
		}
		if time.Since(start) > patience {
			return fmt.Errorf("%s does not answer: %w", qemuProgram, err)
		}
	}
}

// maxPairs bounds the code: pairs of instructions.
const maxPairs = 8

// landingPad is a program of a page each of code, of the loader and of data. All have
// the same contents, which is the loader's.
func landingPad() []byte {
	const page = 0x2000
	var code []uint32
	for r := range uint8(maxPairs) {
		code = append(code, isa.Encode(isa.Inst{Op: isa.OpSTQ, Ra: r, Rb: 16, Imm: 8 * int64(r)}))
	}
	var segments []elf.Prog64
	for _, s := range []struct {
		va    uint64
		flags elf.ProgFlag
	}{{qemuCode, elf.PF_R | elf.PF_W | elf.PF_X}, {qemuLoader, elf.PF_R | elf.PF_X}, {qemuPage, elf.PF_R | elf.PF_W}} {
		segments = append(segments, elf.Prog64{Type: uint32(elf.PT_LOAD), Flags: uint32(s.flags),
			Off: page, Vaddr: s.va, Filesz: page, Memsz: page, Align: page})
	}
	h := elf.Header64{
		Ident:   [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)},
		Type:    uint16(elf.ET_EXEC),
		Machine: uint16(elf.EM_ALPHA), Version: uint32(elf.EV_CURRENT), Entry: qemuCode,
		Phoff: 64, Ehsize: 64, Phentsize: 56, Phnum: uint16(len(segments)),
	}
	out := make([]byte, 0, 2*page)
	for _, part := range []any{h, segments, make([]byte, page-64-56*len(segments)), code, make([]byte, page-4*len(code))} {
		var err error
		if out, err = binary.Append(out, binary.LittleEndian, part); err != nil {
			panic("BUG: landing pad: " + err.Error()) // all parts have a fixed size
		}
	}
	return out
}

// Name implements Engine.
func (*QEMU) Name() string { return "qemu" }

// Close ends qemu-alpha.
func (e *QEMU) Close() error {
	var errs []error
	if e.conn != nil {
		errs = append(errs, e.conn.Close())
	}
	if e.cmd != nil && e.cmd.Process != nil {
		errs = append(errs, e.cmd.Process.Kill())
		_ = e.cmd.Wait() // it was killed
	}
	return errors.Join(append(errs, os.RemoveAll(e.dir))...)
}

// Load implements Engine.
func (e *QEMU) Load(m *isa.Model, code []uint32) error {
	if d := isa.DefaultModel(); m.Implver != d.Implver || m.Amask != d.Amask {
		return fmt.Errorf("%w: qemu-alpha is started as an EV67", ErrExcluded)
	}
	if len(code) > 2*maxPairs {
		return fmt.Errorf("%w: more than %d instructions", ErrExcluded, 2*maxPairs)
	}
	e.code = e.code[:0]
	for _, w := range code {
		e.code = append(e.code, isa.Decode(w))
	}
	if why := qemuExcludes(e.code); why != "" {
		return fmt.Errorf("%w: %s", ErrExcluded, why)
	}
	return e.store(code)
}

// store has the loader put code into its place.
func (e *QEMU) store(code []uint32) error {
	for i, w := range code {
		if i%2 == 0 {
			e.regs[i/2] = 0
		}
		e.regs[i/2] |= uint64(w) << (i % 2 * 32)
	}
	e.regs[16], e.regs[gdbPC] = qemuCode, qemuLoader
	if err := e.conn.SetRegisters(e.regs[:]); err != nil {
		return err
	}
	for i := 0; i < len(code); i += 2 {
		if signal, err := e.conn.Step(); err != nil || signal != gdb.SignalTRAP {
			return errors.Join(err, fmt.Errorf("%s stopped with signal %d while code was stored", qemuProgram, signal))
		}
	}
	return nil
}

// Run implements Engine.
func (e *QEMU) Run(s *cases.State) error {
	for i := range e.code {
		if why := qemuExcludesState(&e.code[i], s, len(e.code) > 1); why != "" {
			return fmt.Errorf("%w: %s", ErrExcluded, why)
		}
	}
	e.before = *s
	bases, accesses := e.bases()
	copy(e.regs[:], s.R[:31])
	copy(e.regs[gdbF:], s.F[:31])
	e.regs[gdbFPCR], e.regs[gdbPC] = s.FPCR, qemuCode
	var moved [31]uint64
	for r := range moved {
		if bases>>r&1 != 0 {
			moved[r], _ = qemuMoved(s.R[r])
			e.regs[r] += moved[r]
		}
	}
	if accesses {
		var b []byte
		for _, v := range s.Data {
			b = binary.LittleEndian.AppendUint64(b, v)
		}
		if err := e.conn.Write(qemuData, b); err != nil {
			return err
		}
	}
	if err := e.conn.SetRegisters(e.regs[:]); err != nil {
		return err
	}
	signal, steps := gdb.SignalTRAP, 0
	for steps < len(e.code) && signal == gdb.SignalTRAP {
		var err error
		if signal, err = e.conn.Step(); err != nil {
			return err
		}
		steps++
	}
	regs, err := e.conn.Registers()
	if err != nil {
		return err
	}
	if len(regs) < gdbRegs {
		return fmt.Errorf("%s has %d registers", qemuProgram, len(regs))
	}
	copy(s.R[:31], regs)
	copy(s.F[:31], regs[gdbF:])
	s.FPCR = regs[gdbFPCR]
	for r := range 31 {
		if bases>>r&1 != 0 && s.R[r] == e.before.R[r]+moved[r] {
			s.R[r] = e.before.R[r]
		}
	}
	if accesses {
		b, err := e.conn.Read(qemuData, 8*len(s.Data))
		if err != nil {
			return err
		}
		for i := range s.Data {
			s.Data[i] = binary.LittleEndian.Uint64(b[8*i:])
		}
	}
	return e.outcome(s, signal, steps, regs[gdbPC])
}

// bases is the set of registers that memory instructions use as a base, and whether
// there are such instructions.
func (e *QEMU) bases() (set uint32, any bool) {
	for _, in := range e.code {
		if in.Op.Info().Size != 0 {
			any = true
			if in.Rb != 31 {
				set |= 1 << in.Rb
			}
		}
	}
	return set, any
}

// outcome says in the case's terms how the program stopped after some steps.
func (e *QEMU) outcome(s *cases.State, signal, steps int, pc uint64) error {
	last := &e.code[steps-1]
	e.trapped = signal != gdb.SignalTRAP
	s.Outcome = cases.Outcome{PC: 4 * uint64(steps-1), Count: int64(steps - 1)}
	switch signal {
	case gdb.SignalTRAP:
		s.Outcome = cases.Outcome{PC: pc - qemuCode, Count: int64(steps), Exit: abi.ExitPoll}
	case gdb.SignalFPE:
		s.Outcome = cases.Outcome{PC: 4 * uint64(steps), Count: int64(steps), Exit: abi.ExitArith}
	case gdb.SignalILL:
		s.Exit = abi.ExitOPCDEC
	case gdb.SignalBUS:
		s.Exit, s.Kind = abi.ExitFault, abi.FaultUnaligned
	case gdb.SignalSEGV:
		s.Exit, s.Kind = abi.ExitFault, abi.FaultMM
	default:
		return fmt.Errorf("%s stopped with signal %d", qemuProgram, signal)
	}
	switch info := last.Op.Info(); {
	case info.Class == isa.ClassJump:
		s.PC = pc - cases.CodeVA // absolute
		fallthrough
	case info.Class == isa.ClassBranch:
		if last.Ra != 31 && s.R[last.Ra] == qemuCode+4*uint64(steps) {
			s.R[last.Ra] = cases.CodeVA + 4*uint64(steps)
		}
	}
	return nil
}
