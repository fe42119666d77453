package abi

import (
	"reflect"
	"testing"
	"unsafe"
)

func TestRegistersComeFirst(t *testing.T) {
	if Offset("R") != 0 {
		t.Fatalf("R at %d, want 0: StateBias relies on it", Offset("R"))
	}
	if StateBias != unsafe.Sizeof(State{}.R)/2 {
		t.Errorf("StateBias %d does not centre the integer registers", StateBias)
	}
}

func TestEntrySizes(t *testing.T) {
	if s := reflect.TypeFor[TLBEntry]().Size(); s != TLBEntrySize {
		t.Errorf("TLBEntry is %d bytes, TLBEntrySize says %d", s, TLBEntrySize)
	}
	if s := reflect.TypeFor[JumpEntry]().Size(); s != JumpEntrySize {
		t.Errorf("JumpEntry is %d bytes, JumpEntrySize says %d", s, JumpEntrySize)
	}
}

// ReturnTarget addresses R0 by a one-byte displacement.
func TestReturnTargetFindsR0(t *testing.T) {
	if int8(ReturnTarget[4]) != int8(Offset("R")-StateBias) {
		t.Errorf("ReturnTarget loads from %d, R0 is at %d", int8(ReturnTarget[4]), Offset("R")-StateBias)
	}
}

func TestNewStateIsEmpty(t *testing.T) {
	s, err := NewState()
	if err != nil {
		t.Fatal(err)
	}
	defer FreeState(s)
	if s.TLB[ModeUser][AccessWrite][TLBEntries-1].Tag != TLBInvalid || s.Jump[0].Key != JumpEmpty {
		t.Error("a new state has TLB or jump cache entries")
	}
}

func TestLayoutHashIsStable(t *testing.T) {
	first := LayoutHash()
	if again := LayoutHash(); again != first || len(first) != 32 {
		t.Errorf("layout hash %q, then %q", first, again)
	}
}
