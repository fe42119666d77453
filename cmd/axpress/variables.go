package main

import (
	"slices"

	"axpress/lifter/image"
	"axpress/runtime/klog"
)

// variables finds the variables of a kernel that say how it ends. Nothing is found in one that is stripped.
func variables(kernel *image.Image) (found []image.Symbol) {
	wanted := klog.Names()
	for _, s := range kernel.Names {
		if !s.Func && !s.Label && !s.Abs && slices.Contains(wanted, s.Name) {
			found = append(found, s)
		}
	}
	return found
}

// logSymbols are the variables of a kernel for a machine.
func logSymbols(kernel *image.Image) klog.Symbols {
	found := klog.Symbols{}
	for _, s := range variables(kernel) {
		found[s.Name] = klog.Symbol{Addr: s.Addr, Size: s.Size}
	}
	return found
}
