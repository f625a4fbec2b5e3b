// SPDX-License-Identifier: GPL-2.0
/* What io.h says. SDM vol. 3, 28.2.1 (qualification of exit 30). */
#include "../core/crypto.h"
#include "../include/handover.h"
#include "../include/platform.h"
#include "../pal/pal.h"
#include "event.h"
#include "io.h"

#define QUALIFICATION_IN BIT(3)
#define QUALIFICATION_STRING BIT(4)
#define PCI_ADDRESS 0xcf8	/* as a doubleword it is no access to 0xcf9 */

static hpa_t bitmap[2];
bool power_wiped;

hpa_t io_bitmap(u32 half)
{
	return bitmap[half];
}

int io_init(void)
{
	u32 i;

	bitmap[0] = page_alloc(&core_pool);
	bitmap[1] = page_alloc(&core_pool);
	if (!bitmap[0].v || !bitmap[1].v)
		return -ENOMEM;
	for (i = 0; i < handover.nr_ports; i++) {
		u16 port = handover.ports[i].port;
		u8 *page = phys_to_virt(bitmap[port >> 15]);

		page[(port & 0x7fff) / 8] |= 1 << port % 8;
	}
	return 0;
}

/* Each byte of the access goes to a port of its own. */
static bool ends_the_machine(u16 port, u32 size, u32 value)
{
	u32 i, k;

	if (port == PCI_ADDRESS && size == 4)
		return false;
	for (k = 0; k < size; k++, value >>= 8)
		for (i = 0; i < handover.nr_ports; i++) {
			const struct core_port *p = &handover.ports[i];

			if (p->port == (u16)(port + k) && (value & p->mask) == p->value)
				return true;
		}
	return false;
}

/*
 * -EAGAIN: one bounded step is done, the instruction is made again. From the first on no PAL is made or entered, and
 * that stays so: the machine may go down long after the write.
 */
static s64 wipe_step(struct cpu *cpu, u16 port)
{
	s64 ret;

	if (!power_wiped)
		log_event(LOG_WARNING, "cpu %u: sleep or reset by port %x: all PALs and keys are wiped, and there are none until the next load",
			  cpu->slot, port);
	power_wiped = true;
	pal_close(true);
	ret = pal_wipe_all_step();
	if (!ret)
		keys_wipe();
	return ret;
}

static void port_read(struct cpu *cpu, u16 port, u32 size)
{
	u64 value = port_in(port, size), kept = size == 4 ? 0 : ~0ull << 8 * size;

	cpu->regs.rax = (cpu->regs.rax & kept) | value;
}

void handle_io(struct cpu *cpu)
{
	u64 qualification = vmread(EXIT_QUALIFICATION);
	u32 size = (qualification & 7) + 1;
	u16 port = qualification >> 16;

	if (qualification & QUALIFICATION_STRING) {	/* nobody moves memory to these */
		inject_gp();
		return;
	}
	if (qualification & QUALIFICATION_IN) {
		port_read(cpu, port, size);
	} else {
		if (ends_the_machine(port, size, cpu->regs.rax) && wipe_step(cpu, port))
			return;
		port_out(port, size, cpu->regs.rax);
	}
	skip_instruction();
}
