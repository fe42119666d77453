package hostcode

import (
	"fmt"
	"reflect"
	"sort"
	"strings"

	"golang.org/x/arch/x86/x86asm"

	"axpress/lifter/isa"
	"axpress/runtime/abi"
)

// StateField names what is at disp(%r12): a guest register or a field of abi.State, ""
// if nothing is there.
func StateField(disp int64) string {
	off := disp + abi.StateBias
	t := reflect.TypeFor[abi.State]()
	i := sort.Search(t.NumField(), func(i int) bool { return int64(t.Field(i).Offset) > off }) - 1
	if i < 0 || off < 0 || off >= int64(t.Size()) {
		return ""
	}
	f := t.Field(i)
	return fieldName(f.Name, f.Type, uintptr(off)-f.Offset)
}

// fieldName names what is off bytes into name, which is a t.
func fieldName(name string, t reflect.Type, off uintptr) string {
	switch {
	case off >= t.Size():
		return "" // padding
	case name == "R" && off%8 == 0:
		return isa.RegName(uint8(off / 8))
	case name == "F" && off%8 == 0:
		return fmt.Sprintf("$f%d", off/8)
	case name == "Thunks" && off/8 < abi.NumThunks:
		return abi.ThunkNames[off/8]
	case t.Kind() == reflect.Array:
		n := off / t.Elem().Size()
		return fieldName(fmt.Sprintf("%s[%d]", name, n), t.Elem(), off%t.Elem().Size())
	case t.Kind() == reflect.Struct:
		for i := t.NumField() - 1; i >= 0; i-- {
			if f := t.Field(i); f.Offset <= off {
				return fieldName(name+"."+f.Name, f.Type, off-f.Offset)
			}
		}
	}
	if off != 0 {
		return fmt.Sprintf("%s+%d", name, off)
	}
	return name
}

// comment explains the operands of in: fields of the state, addresses of the guest.
func comment(in *Inst, guest func(pc uint64) string) string {
	var notes []string
	for _, a := range in.Args {
		switch a := a.(type) {
		case x86asm.Mem:
			if a.Base == x86asm.R12 {
				if name := StateField(a.Disp); name != "" {
					notes = append(notes, name)
				}
			}
		case x86asm.Imm:
			if s := guestAddress(uint64(a), guest); s != "" {
				notes = append(notes, s)
			}
		}
	}
	return strings.Join(notes, ", ")
}

// leaves says what the low bits of a PC mean that a unit returns.
var leaves = [4]string{abi.PCContinue: "", abi.PCExit: "leave at ", abi.PCInterpret: "interpret ", abi.PCPoll: "poll at "}

// guestAddress names v if it is an address of the kernel's code, as units of the
// kernel have it.
func guestAddress(v uint64, guest func(pc uint64) string) string {
	if v < abi.KSEGBase || guest == nil {
		return ""
	}
	name := guest(v &^ 3)
	if name == "" {
		return ""
	}
	return leaves[v&3] + name
}
