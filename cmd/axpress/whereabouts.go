package main

import (
	"fmt"
	"strings"

	"axpress/cmd/axpress/symbols"
	"axpress/lifter/image"
	"axpress/runtime/abi"
	"axpress/runtime/ipi"
	"axpress/runtime/machine"
)

// ipiModes are the values of --ipi.
var ipiModes = map[string]ipi.Mode{"latched": ipi.Latched, "edge": ipi.Edge}

// ipiData finds where the kernel notes what interprocessor interrupts are for: ipi_data, an
// array with one element for each CPU that the kernel has room for (Linux, arch/alpha/kernel/smp.c). How
// many that are is not known, but an element is a cache line.
func ipiData(kernel *image.Image) ipi.Data {
	for _, s := range kernel.Names {
		if s.Name == "ipi_data" && s.Size >= 8 {
			return ipi.Data{PA: abi.PAddr(physical(s.Addr)), Stride: cacheLine}
		}
	}
	return ipi.Data{}
}

// cacheLine is L1_CACHE_BYTES of kernels for EV6 and of generic ones (Linux, arch/alpha/include/asm/cache.h); those for EV4 or EV5 alone have 32.
const cacheLine = 64

// whereIsEach describes what each CPU was doing when the run ended, one line each.
func (o *outcome) whereIsEach() string { return whereAre(o.names(), o.whereabouts, "axpress: ") }

// whereAre describes what CPUs are doing, one line each, which begins with prefix.
func whereAre(names symbols.Names, cpus []machine.Whereabouts, prefix string) string {
	at := names.Place
	list := func(what string, items []string) string {
		if len(items) == 0 {
			return ""
		}
		return ", " + what + ": " + strings.Join(items, ", ")
	}
	var t strings.Builder
	for _, w := range cpus {
		mode, from := "kernel", ", called from "+at(w.RA)
		if w.User {
			mode, from = "user", ""
		}
		fmt.Fprintf(&t, "%sCPU %d %s at pc %s%s, %s mode, IPL %d%s%s\n", prefix, w.CPU, w.Doing, at(w.PC), from, mode, w.IPL,
			list("interrupts pending", w.Pending), list("IPI messages", w.Messages))
	}
	return t.String()
}
