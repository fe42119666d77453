package klog

import (
	"errors"
	"slices"

	"axpress/runtime/abi"
)

// Memory is the guest's RAM by physical address. Any goroutine may read while the guest runs. !ok: there is no RAM.
type Memory interface {
	Read8(pa abi.PAddr) (v uint8, ok bool)
	Read16(pa abi.PAddr) (v uint16, ok bool)
	Read32(pa abi.PAddr) (v uint32, ok bool)
	Read64(pa abi.PAddr) (v uint64, ok bool)
}

// Symbol is a variable of the kernel: its virtual address and its size in bytes, 0 if that is not known.
type Symbol struct{ Addr, Size uint64 }

// Symbols are the variables of a kernel by name, of which Names are wanted.
type Symbols map[string]Symbol

// The variables that are read, in Linux, kernel/panic.c and kernel/printk/printk.c.
const (
	panicCPU     = "panic_cpu"
	panicTimeout = "panic_timeout"
	ring         = "prb"
	ringDescs    = "_printk_rb_static_descs"
	ringInfos    = "_printk_rb_static_infos"
	oldBuf       = "log_buf"
	oldLen       = "log_buf_len"
	oldFirst     = "log_first_idx"
	oldNext      = "log_next_idx"
)

// Names returns the names of the variables that a Kernel reads.
func Names() []string {
	return []string{panicCPU, panicTimeout, ring, ringDescs, ringInfos, oldBuf, oldLen, oldFirst, oldNext}
}

// Kernel is a kernel in the guest's memory.
type Kernel struct {
	mem     Memory
	sym     Symbols
	panicAt abi.PAddr // panic_cpu's physical address, 0: not known
}

// New returns the kernel with these symbols. It reads nothing yet.
func New(mem Memory, sym Symbols) *Kernel { return &Kernel{mem, sym, physical(sym[panicCPU].Addr)} }

// ErrNoSymbols says that the kernel's symbols do not say where its log is.
var ErrNoSymbols = errors.New("the kernel's file has no symbols of its log (stripped, or older than Linux 3.5)")

// errGarbage says that there is no log where the symbols say.
var errGarbage = errors.New("there is no kernel log where the symbols say (not yet set up, or overwritten)")

// KnowsPanic says whether Panicked can tell: Linux 4.5 and later, with symbols.
func (k *Kernel) KnowsPanic() bool { return k.panicAt != 0 }

// noCPU is panic_cpu's value before a panic, PANIC_CPU_INVALID (Linux, include/linux/panic.h).
const noCPU = ^uint32(0)

// Panicked says whether a CPU has entered panic(). A kernel does not come back from there. Before the kernel is loaded it
// has not panicked either.
func (k *Kernel) Panicked() bool {
	if k.panicAt == 0 {
		return false
	}
	cpu, ok := k.mem.Read32(k.panicAt)
	return ok && cpu != noCPU
}

// PanicSeconds is after how many seconds a kernel that panics reboots, as the kernel's option panic= says; 0: it does not.
func (k *Kernel) PanicSeconds() uint64 {
	n, _ := k.word(panicTimeout)
	return uint64(max(int32(n), 0))
}

// Tail returns the last n lines of the kernel's log, oldest first. Errors: ErrNoSymbols, or no log is there.
func (k *Kernel) Tail(n int) (lines []string, err error) {
	var newest []record // newest first
	switch {
	case n <= 0:
		return nil, nil
	case k.sym[ring].Addr != 0:
		newest, err = k.ring(n)
	case k.sym[oldBuf].Addr != 0:
		newest, err = k.records(n)
	default:
		return nil, ErrNoSymbols
	}
	for _, r := range slices.Backward(newest) {
		lines = append(lines, r.lines()...)
	}
	return lines[max(len(lines)-n, 0):], err
}

// pointer reads a variable that points into KSEG, and returns where it points, physically.
func (k *Kernel) pointer(pa abi.PAddr) (to abi.PAddr, ok bool) {
	va, ok := k.mem.Read64(pa)
	return physical(va), ok && va>>ksegShift == abi.KSEGBase>>ksegShift
}

// ksegShift leaves what KSEG addresses of RAM have in common.
const ksegShift = 41

func physical(va uint64) abi.PAddr { return abi.PAddr(va &^ abi.KSEGBase) }

// word reads an unsigned int that a symbol names.
func (k *Kernel) word(name string) (uint64, bool) {
	s, ok := k.sym[name]
	if !ok {
		return 0, false
	}
	v, ok := k.mem.Read32(physical(s.Addr))
	return uint64(v), ok
}
