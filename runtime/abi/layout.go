package abi

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"reflect"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Offset returns the byte offset of the field called name of State, relative to
// State's own address. An unknown name is a bug of the caller.
func Offset(name string) int64 {
	f, ok := reflect.TypeFor[State]().FieldByName(name)
	if !ok {
		panic("BUG: abi.State has no field " + name)
	}
	return int64(f.Offset)
}

// LayoutHash identifies everything in this package that generated code depends
// on: field names, offsets, geometry, register assignment. Artefacts carry it.
func LayoutHash() string {
	h := sha256.New()
	t := reflect.TypeFor[State]()
	for i := range t.NumField() {
		f := t.Field(i)
		fmt.Fprintln(h, f.Name, f.Offset, f.Type.Size())
	}
	fmt.Fprintln(h, StateBias, TLBBits, TLBEntrySize, TLBInvalid, ASNTagShift, JumpBits, JumpEntrySize, uint64(KSEGBase),
		UnitArgs, UnitResults, exitNames, ThunkNames)
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// NewState returns a zeroed State outside the Go heap, with empty TLBs and jump
// cache. The caller frees it with FreeState.
func NewState() (*State, error) {
	b, err := unix.Mmap(-1, 0, stateBytes, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		return nil, fmt.Errorf("allocate CPU state (%d bytes): %w", stateBytes, err)
	}
	s := (*State)(unsafe.Pointer(&b[0]))
	s.FlushTLB()
	s.FlushJump()
	for rc := range s.MXCSR {
		s.MXCSR[rc] = NativeMXCSR | uint32(rc)<<13
	}
	return s, nil
}

// FreeState returns the memory of a State made by NewState.
func FreeState(s *State) error {
	return unix.Munmap(unsafe.Slice((*byte)(unsafe.Pointer(s)), stateBytes))
}

const stateBytes = int(unsafe.Sizeof(State{}))

// FlushTLB empties the soft TLBs of both modes.
func (s *State) FlushTLB() {
	for m := range s.TLB {
		for a := range s.TLB[m] {
			t := &s.TLB[m][a]
			for i := range t {
				t[i].Tag = TLBInvalid
			}
		}
	}
}

// FlushJump empties the jump cache.
func (s *State) FlushJump() {
	for i := range s.Jump {
		s.Jump[i].Key = JumpEmpty
	}
}

// Mode returns the current mode, ModeKernel or ModeUser.
func (s *State) Mode() int { return int(s.PS >> 3 & 1) }

// SetASN makes asn the current address space number.
func (s *State) SetASN(asn uint64) {
	s.ASN = asn
	s.ASNTag = asn << ASNTagShift
	s.setJumpKey()
}

// SetPS sets the processor status (IPL and mode).
func (s *State) SetPS(ps uint64) {
	s.PS = ps
	s.setJumpKey()
}

// JumpKeyUser is the bit of State.JumpKey that tells user mode from kernel mode.
const JumpKeyUser uint64 = 1 << 60

// JumpKeyASNShift places the address space number in State.JumpKey.
const JumpKeyASNShift = 44

// JumpKeyGenShift and JumpGenBits place State.JumpGen in State.JumpKey.
const (
	JumpKeyGenShift = 52
	JumpGenBits     = 8
)

// DropUserJumps makes every jump cache entry of user mode unreachable, by a new
// generation; once the generations are used up it empties the cache.
func (s *State) DropUserJumps() {
	s.JumpGen = (s.JumpGen + 1) & (1<<JumpGenBits - 1)
	if s.JumpGen == 0 {
		s.FlushJump()
	}
	s.setJumpKey()
}

// setJumpKey derives the jump cache key from mode and address space. Kernel
// mode has key 0: KSEG and the vmalloc area are the same in every address space.
func (s *State) setJumpKey() {
	s.JumpKey = 0
	if s.Mode() == ModeUser {
		s.JumpKey = JumpKeyUser | s.ASN<<JumpKeyASNShift | s.JumpGen<<JumpKeyGenShift
	}
}
