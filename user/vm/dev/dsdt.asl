/* What ACPI tells of the machine; dsdt.h is made of this (see tests/run, which compares): iasl -tc dsdt.asl */
DefinitionBlock ("", "DSDT", 2, "UNDERP", "UNDERPVM", 1)
{
	Name (\_S5, Package () { 5, 5, 0, 0 })
	Scope (\_SB)
	{
		Device (PCI0)
		{
			Name (_HID, EisaId ("PNP0A03"))
			Name (_UID, 0)
			Name (_BBN, 0)
			Name (_CRS, ResourceTemplate ()
			{
				WordBusNumber (ResourceProducer, MinFixed, MaxFixed, PosDecode, 0, 0, 0, 0, 1)
				IO (Decode16, 0xcf8, 0xcf8, 1, 8)
				DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, NonCacheable, ReadWrite,
					0, 0xd0000000, 0xd0ffffff, 0, 0x01000000)
			})
			/* Each slot has an IOAPIC pin of its own (PCI_IRQ() in virtio.h). */
			Name (_PRT, Package ()
			{
				Package () { 0x0001ffff, 0, 0, 17 }, Package () { 0x0002ffff, 0, 0, 18 },
				Package () { 0x0003ffff, 0, 0, 19 }, Package () { 0x0004ffff, 0, 0, 20 },
				Package () { 0x0005ffff, 0, 0, 21 }, Package () { 0x0006ffff, 0, 0, 22 },
				Package () { 0x0007ffff, 0, 0, 23 },
			})
		}
	}
}
