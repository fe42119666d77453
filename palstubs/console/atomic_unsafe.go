package console

import (
	"sync/atomic"
	"unsafe"
)

// rxRdy is HWRPB.rxrdy, a bit for each CPU that the kernel has put a message for into
// the slot of. Other CPUs change it meanwhile (L kernel/smp.c: set_bit). The word is
// aligned, and the host's byte order is the guest's.
func (m memory) rxRdy() *uint64 { return (*uint64)(unsafe.Pointer(&m[HWRPBPA+hwRxRdy])) }

// Asked returns which CPUs the kernel has sent messages to, one bit each. Any goroutine
// may call it. Precondition: ram is what Build has set up.
func Asked(ram []byte) uint64 { return atomic.LoadUint64(memory(ram).rxRdy()) }

// takeMessage takes back the bit of cpu in HWRPB.rxrdy, and says whether it was set.
func (m memory) takeMessage(cpu int) bool {
	bit := uint64(1) << uint(cpu)
	return atomic.AndUint64(m.rxRdy(), ^bit)&bit != 0
}
