// SPDX-License-Identifier: GPL-2.0
/* link: ept pal vmx/pal_vmcs.c */
/*
 * The measurement (RULES 20, docs/pal-measurement.md): a known answer, computed
 * from the document by another program (the comment at KNOWN), and what it does
 * and does not depend on.
 */
#include "test_pal_machine.h"

/*
 * import hashlib, struct
 * t = b"UnderpinPAL1" + struct.pack("<II", 6, 1)
 * for ty, n, off in (1,1,0),(6,1,0x1000),(2,1,0x2000),(3,2,0x3000),(4,1,0x5000),(5,1,0x6000):
 *     t += struct.pack("<IIQ", ty, n, off)
 * t += struct.pack("<QII", 0x40, 2, 0)
 * t += struct.pack("<HHHHQ", 1, 0, 0, 0, 0) + struct.pack("<HHHHQ", 2, 3, 1, 0, 4096)
 * for i in 0, 1, 2: t += bytes((j * 7 + i) & 255 for j in range(4096))
 * print(hashlib.sha256(t).hexdigest())
 */
#define KNOWN "85e499a1028969683aaa827c560bb1a891adf6df329ce0fa3e5eda45f330ba64"

static struct test_pal p;

static void fill(u64 pfn, u32 seed)
{
	u8 *b = frame(pfn);
	u32 j;

	for (j = 0; j < 4096; j++)
		b[j] = j * 7 + seed;
}

static void prepare(u64 base)
{
	u32 i;

	describe(&p, base);
	p.desc.entry[0].flags = 0;
	p.desc.entry[0].nr_params = 2;
	p.desc.entry[0].param[0].type = PAL_PARAM_INTEGER;
	p.desc.entry[0].param[1] = (struct pal_param_desc){ PAL_PARAM_POINTER, 3, 1, 0, 4096 };
	for (i = 0; i < 7; i++)
		fill(0x1000 + i, i);
}

/* Registers, takes the measurement, unregisters. */
static const char *measure(void)
{
	static char text[65];
	struct pal_info *info = phys_to_virt(HPA(LIST_GPA));
	u32 i;

	check(pal_register(&p, 0x1000, 0x1800) == 0);
	check(pal_hc_info(p.id, LIST_GPA) == 0 && info->state == PAL_READY);
	for (i = 0; i < 32; i++)
		sprintf(text + 2 * i, "%02x", info->measurement[i]);
	pal_unregister(&p);
	return text;
}

#define differs(name, change) do {                                             \
	prepare(PAL_BASE);                                                     \
	change;                                                                \
	ok(strcmp(measure(), KNOWN), "it depends on " name);                   \
} while (0)
#define same(name, change) do {                                                \
	prepare(PAL_BASE);                                                     \
	change;                                                                \
	ok(!strcmp(measure(), KNOWN), "it does not depend on " name);          \
} while (0)

int main(void)
{
	pal_machine_start(2);
	prepare(PAL_BASE);
	ok(!strcmp(measure(), KNOWN), "the measurement is what the document says");
	prepare(0x7f1234567000);
	ok(!strcmp(measure(), KNOWN), "it does not depend on the load address");
	same("what the owner left in PARAM", fill(0x1003, 99));
	same("what the owner left in STACK", fill(0x1005, 99));
	same("SHARED memory", fill(0x1006, 99));
	same("the owner, the stub and the name", p.desc.owner_pid = 4;
	     p.desc.stub += 0x100; p.desc.name[0] = 'x');
	differs("the last byte of CODE", ((u8 *)frame(0x1000))[4095] ^= 1);
	differs("RODATA", ((u8 *)frame(0x1001))[1024] ^= 1);
	differs("DATA", ((u8 *)frame(0x1002))[0] ^= 1);
	differs("a section's type", p.desc.section[S_RODATA].type = PAL_SECTION_CODE);
	differs("a section's size", p.desc.section[S_SHARED].nr_pages = 2);
	differs("where a section lies", p.desc.section[S_SHARED].addr += 0x1000);
	differs("the entry point", p.desc.entry[0].addr += 1);
	differs("whether it bears a PAL that was cut off", p.desc.entry[0].flags = PAL_ENTRY_MENDS);
	differs("a parameter's direction", p.desc.entry[0].param[1].flags = 1);
	differs("a parameter's size", p.desc.entry[0].param[1].size = 4095);
	differs("where a parameter's size comes from", p.desc.entry[0].param[1].size_param = 0);
	differs("the number of entries", p.desc.nr_entries = 2;
		p.desc.entry[1].addr = PAL_BASE);
	differs("the kind of code", p.desc.flags = PAL_DESC_32BIT);
	return tap_finish();
}
