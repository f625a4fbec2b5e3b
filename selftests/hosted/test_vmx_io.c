// SPDX-License-Identifier: GPL-2.0
/* link: vmx/io.c vmx/event.c */
/* Ports by which the machine sleeps or is reset (vmx/io.h): every PAL and key is wiped before such a write is made. */
#include "../../core/crypto.h"
#include "../../include/handover.h"
#include "../../pal/pal.h"
#include "../../vmx/event.h"
#include "../../vmx/io.h"
#include "fake.h"
#include "tap.h"

#define PM1 0x604
#define RIP 0x1000ull

static struct cpu *cpu;
static u32 steps_left, keys, closed, nr_in, nr_out, out_port, out_size, out_value;
static bool dirty;	/* a PAL or a key is in memory */

void write_cr2(u64 value)
{
}

void pal_close(bool close)
{
	check(close);
	closed++;
}

s64 pal_wipe_all_step(void)
{
	check(closed);
	return steps_left ? (s64)(steps_left--, -EAGAIN) : 0;
}

void keys_wipe(void)
{
	check(!steps_left);
	keys++;
	dirty = false;
}

u32 port_in(u16 port, u32 size)
{
	nr_in++;
	return size == 4 ? 0xa1b2c3d4 : size == 2 ? 0xc3d4 : 0xd4;
}

static bool resets(u32 port, u32 size, u32 value);

void port_out(u16 port, u32 size, u32 value)
{
	check(!dirty || !resets(port, size, value), "port %x, %u bytes, %x: with secrets in memory", port, size, value);
	nr_out++;
	out_port = port;
	out_size = size;
	out_value = value;
}

/* Written down again, in another way than io.c: what these ports do on a PC. */
static bool resets(u32 port, u32 size, u32 value)
{
	u8 byte[4] = { value, value >> 8, value >> 16, value >> 24 };
	u32 i;

	for (i = 0; i < size; i++)
		switch (port + i) {
		case PM1 + 1:
			if (byte[i] & 0x20)
				return true;
			break;
		case 0xcf9:
			if ((byte[i] & 4) && !(port == 0xcf8 && size == 4))
				return true;
			break;
		case 0x64:
			if ((byte[i] >= 0xf0 && !(byte[i] & 1)) || byte[i] == 0xd1)	/* D1: the next byte sets the line */
				return true;
			break;
		}
	return false;
}

static bool access(u32 port, u32 size, bool in, bool string, u64 rax)
{
	vmwrite(EXIT_QUALIFICATION, (u64)port << 16 | (string ? 16 : 0) | (in ? 8 : 0) | (size - 1));
	vmwrite(GUEST_RIP, RIP);
	vmwrite(GUEST_RFLAGS, 2);
	vmwrite(VM_EXIT_INSTRUCTION_LENGTH, 1);
	vmwrite(GUEST_INTERRUPTIBILITY_STATE, 0);
	vmwrite(VM_ENTRY_INTERRUPTION_INFO, 0);
	cpu->regs.rax = rax;
	handle_io(cpu);
	return vmread(GUEST_RIP) == RIP + 1;
}

static void bitmaps(void)
{
	u32 port, n = 0;

	for (port = 0; port < 0x10000; port++) {
		const u8 *page = phys_to_virt(io_bitmap(port >> 15));

		n += page[(port & 0x7fff) / 8] >> port % 8 & 1;
	}
	ok(n == 4, "four ports exit, and no other");
	for (port = 0; port < handover.nr_ports; port++) {
		const u8 *page = phys_to_virt(io_bitmap(handover.ports[port].port >> 15));

		check(page[(handover.ports[port].port & 0x7fff) / 8] >> handover.ports[port].port % 8 & 1);
	}
}

static void reads_and_plain_writes(void)
{
	check(access(PM1 + 1, 1, true, false, ~0ull) && cpu->regs.rax == 0xffffffffffffffd4ull);
	check(access(PM1, 2, true, false, ~0ull) && cpu->regs.rax == 0xffffffffffffc3d4ull);
	check(access(PM1, 4, true, false, ~0ull) && cpu->regs.rax == 0xa1b2c3d4);
	ok(nr_in == 3 && !nr_out, "IN of a byte, a word, a doubleword");
	check(access(PM1, 2, false, false, 0x11110001) && out_port == PM1 && out_size == 2);
	ok(nr_out == 1 && out_value == 0x11110001 && !closed && !keys, "a write that does nothing to the machine is made");
	check(!access(0x64, 1, true, true, 0) && (u8)vmread(VM_ENTRY_INTERRUPTION_INFO) == VECTOR_GP);
	check(!access(PM1, 2, false, true, 0x2000) && (u8)vmread(VM_ENTRY_INTERRUPTION_INFO) == VECTOR_GP);
	ok(nr_in == 3 && nr_out == 1, "string instructions: #GP");
}

static void sleep(void)
{
	dirty = true;
	steps_left = 3;
	check(!access(PM1, 2, false, false, 0x2400) && closed && !keys);
	check(!access(PM1, 2, false, false, 0x2400) && !access(PM1, 2, false, false, 0x2400));
	ok(nr_out == 1 && !keys && !vmread(VM_ENTRY_INTERRUPTION_INFO), "SLP_EN: a step each time, and the write is made again");
	ok(access(PM1, 2, false, false, 0x2400) && keys == 1 && nr_out == 2 && out_value == 0x2400, "when all is wiped it goes to the port");
}

/* Every port around them, every size, random bytes: port_out() sees to it that nothing is left. */
static void all(void)
{
	u32 i, before;

	for (i = 0; i < 300000; i++) {
		static const u32 around[] = { PM1 - 3, 0x61, 0xcf6, 0xfffd };
		u32 size = 1u << fake_below(3), port = around[fake_below(4)] + fake_below(6), value = fake_random();

		dirty = true;
		before = nr_out;
		check(access(port & 0xffff, size, false, false, value) && nr_out == before + 1);
		check(dirty == !resets(port & 0xffff, size, value), "port %x, %u bytes, %x", port, size, value);
	}
	ok(1, "no sleep and no reset with a secret in memory, and nothing wiped without need");
}

int main(void)
{
	fake_memory_reset(64);
	fake_cpu_reset(1);
	cpu = cpu_of_slot(0);
	handover.ports[0] = (struct core_port){ 0xcf9, 4, 4 };
	handover.ports[1] = (struct core_port){ 0x64, 0xf1, 0xf0 };
	handover.ports[2] = (struct core_port){ PM1 + 1, 0x20, 0x20 };
	handover.ports[3] = (struct core_port){ 0xb001, 0xff, 7 };	/* a reset register of the FADT */
	handover.ports[4] = (struct core_port){ 0x64, 0xff, 0xd1 };
	handover.nr_ports = 5;
	check(!io_init());
	bitmaps();
	reads_and_plain_writes();
	sleep();
	all();
	return tap_finish();
}
