package trace

import (
	"reflect"
	"slices"
	"unsafe"

	"axpress/runtime/abi"
)

// unplaced returns the names of the fields of the State that are neither in fields
// nor among own.
func unplaced(own []string) (names []string) {
	s := new(abi.State)
	compared := map[uintptr]bool{}
	for _, f := range fields {
		compared[uintptr(unsafe.Pointer(f.of(s)))-uintptr(unsafe.Pointer(s))] = true
	}
	for f := range reflect.TypeFor[abi.State]().Fields() {
		if !compared[f.Offset] && !slices.Contains(own, f.Name) {
			names = append(names, f.Name)
		}
	}
	return names
}
