package abi

import (
	"reflect"
	"testing"
	"unsafe"
)

// hostOnly are the fields of the State that are no part of Arch, and why.
var hostOnly = map[string]string{
	"Limit": "when the host wants a run to end", "ExitCode": "said and served at once", "ExitArg": "as ExitCode",
	"KSEGBias": "where RAM is on the host", "RAMBase": "as KSEGBias", "RAMLimit": "as KSEGBias; by the mode", "StoreKSEGBias": "as KSEGBias",
	"StoreRAMBase": "as KSEGBias", "StoreRAMLimit": "as RAMLimit", "CheckedBias": "as KSEGBias", "CheckedLimit": "as RAMLimit", "CheckedDelta": "as KSEGBias",
	"GSBase": "a window on the host", "GSStale": "as GSBase", "WindowMiss": "as GSBase", "MXCSR": "constants",
	"FastPAL": "the engine's choice", "FastCalls": "a counter of the engine",
	"ASNTag": "derived from ASN", "JumpKey": "derived from ASN and PS", "JumpGen": "a generation of Jump",
	"FaultVA": "said and served at once", "FaultMMCSR": "as FaultVA", "FaultAccess": "as FaultVA", "FaultKind": "as FaultVA",
	"Thunks": "host addresses", "NativeSP": "a host stack", "GoSP": "a host stack", "GoBP": "a host stack", "NativeStack": "a host stack",
	"HelperOp": "said and served at once", "HelperVA": "as HelperOp", "HelperValue": "as HelperOp", "HelperFault": "as HelperOp", "HelperInst": "as HelperOp",
	"EnterHost": "a host address", "EnterIndex": "as EnterHost",
	"TLB": "a cache", "Jump": "a cache",
}

// Every field of the State is architectural or said to be the host's.
func TestEveryFieldHasAPlace(t *testing.T) {
	s := new(State)
	inArch := map[uintptr]bool{}
	for i := range fields {
		inArch[uintptr(unsafe.Pointer(fields[i].of(s)))-uintptr(unsafe.Pointer(s))] = true
	}
	for _, name := range []string{"R", "F", "Entries", "Icount"} {
		inArch[uintptr(Offset(name))] = true
	}
	known := map[string]bool{}
	for f := range reflect.TypeFor[State]().Fields() {
		known[f.Name] = true
		if inArch[f.Offset] == (hostOnly[f.Name] != "") {
			t.Errorf("State.%s: in Arch: %v; the host's: %q", f.Name, inArch[f.Offset], hostOnly[f.Name])
		}
	}
	for name := range hostOnly {
		if !known[name] {
			t.Errorf("there is no State.%s", name)
		}
	}
}

// What is taken is loaded, each field in its place.
func TestArchTakesAndLoads(t *testing.T) {
	s, err := NewState()
	if err != nil {
		t.Fatal(err)
	}
	defer FreeState(s)
	var a, b Arch
	for i := range a.R {
		a.R[i], a.F[i] = uint64(i), uint64(100+i)
	}
	for i := range a.Field {
		a.Field[i] = uint64(1000 + i)
	}
	a.Entries[7], a.Icount = 77, 12345
	a.Load(s)
	if s.ASNTag == 0 || s.JumpKey == 0 {
		t.Error("derived fields are missing")
	}
	b.Take(s)
	if !a.Equal(&b) {
		t.Errorf("%+v\nis not\n%+v", a, b)
	}
	for i := range a.Field {
		b = a
		b.Field[i]++
		if a.Equal(&b) {
			t.Errorf("%s is not compared", FieldName(i))
		}
		b.Field[FieldLockFlag], a.Field[FieldLockFlag] = 0, 0
		if lock := i == FieldLockPA || i == FieldLockValue || i == FieldLockFlag; a.Equal(&b) != lock {
			t.Errorf("%s without a reservation: %v", FieldName(i), !lock)
		}
		a.Field[FieldLockFlag] = 1003
	}
}
