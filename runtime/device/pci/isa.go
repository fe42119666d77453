package pci

// ISABridge is the Intel 82378 PCI-to-ISA bridge as a configuration header.
// Linux/Alpha wants a bridge of class ISA to exist: it is the device whose DMA
// limits ISA devices have (arch/alpha/kernel/pci.c, pcibios_fixup_final;
// pci_iommu.c, alpha_gendev_to_pci). The ISA devices themselves are fixed ranges
// of the I/O space.
func ISABridge() *Function {
	f, err := NewFunction("i82378", Header{
		VendorID: 0x8086,
		DeviceID: 0x0484,
		Class:    0x060100,
		Revision: 0x43,
	}, [numBARs]BAR{})
	if err != nil {
		panic("BUG: pci: ISA bridge: " + err.Error())
	}
	f.SetConfig(RegStatus, 0x00, 0x02) // medium DEVSEL timing
	return f
}
