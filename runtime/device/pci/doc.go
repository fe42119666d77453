// Package pci is a PCI bus: configuration headers with base address registers,
// the configuration space, and the I/O and memory spaces that the registers open.
//
// In: functions (NewFunction, Bus.Attach), fixed ranges such as the ISA ports
// behind a bridge (Space.Map), accesses from the host bridge. Out: accesses to
// the functions' regions, their interrupt lines.
//
// A host-side device (virtio later) makes a Function with its regions in the
// BARs, attaches it, and drives Function.IRQ. It must not know the host bridge:
// DMA is device.DMA.
//
// Source: PCI Local Bus Specification 2.2, chapter 6. Nobody answers at an
// unassigned address: reads give all ones and writes vanish, as after a master
// abort on these hosts.
//
// Not modelled: buses behind bridges, expansion ROMs, VGA palette snooping.
package pci
