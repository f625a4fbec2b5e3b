// SPDX-License-Identifier: MIT
/* PCI and virtio as models: a driver of ours finds them, uses them, and is then as hostile as a guest can be. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../dev/virtio.h"
#include "../net.h"
#include "tap.h"

static bool lines[24];
static char out[64];
static size_t out_used, said;
static void op_irq(void *c, unsigned int irq, bool level) { (void)c; lines[irq] = level; }
static void op_end(void *c, int ending) { (void)c; (void)ending; abort(); }
static void op_console(void *c, const uint8_t *b, size_t n) { (void)c; said += n; while (n-- && out_used < sizeof(out) - 1) out[out_used++] = (char)*b++; }
static uint64_t op_now(void *c) { (void)c; return 0; }
static bool over;
static bool op_ended(void *c) { (void)c; return over; }
static const struct machine_ops ops = { op_irq, op_end, op_console, op_now, op_ended, NULL };

#define RAM_SIZE 0x20000u
static uint8_t *memory;
static struct ram ram;
static struct bus bus;
static struct pci pci;
static struct virtio_blk blk;
static struct virtio_scsi scsi;
static struct virtio rng, hvc;
static struct virtio_net card;
static struct disk disk, cdrom;
enum { RNG = 1, HVC, BLK, SCSI, NET };
static struct virtio *const devices[] = { NULL, &rng, &hvc, &blk.v, &scsi.v, &card.v };

/* --- a driver --- */
static uint32_t config(unsigned int slot, unsigned int at, unsigned int size)
{
	uint32_t address = 1u << 31 | slot << 11 | (at & 0xfc), value = 0;

	bus_io(&bus, 0xcf8, true, 4, 1, (uint8_t *)&address);
	bus_io(&bus, (uint16_t)(0xcfc + (at & 3)), false, size, 1, (uint8_t *)&value);
	return value;
}

static void set_config(unsigned int slot, unsigned int at, unsigned int size, uint32_t value)
{
	uint32_t address = 1u << 31 | slot << 11 | (at & 0xfc);

	bus_io(&bus, 0xcf8, true, 4, 1, (uint8_t *)&address);
	bus_io(&bus, (uint16_t)(0xcfc + (at & 3)), true, size, 1, (uint8_t *)&value);
}

static uint64_t get(unsigned int slot, unsigned int at, unsigned int size)
{
	uint64_t value = 0;

	if (!pci_mmio(&pci, PCI_BAR(slot) + at, false, size, (uint8_t *)&value))
		return ~0ull;
	return value;
}

static void put(unsigned int slot, unsigned int at, unsigned int size, uint64_t value)
{
	pci_mmio(&pci, PCI_BAR(slot) + at, true, size, (uint8_t *)&value);
}

/* Rings of queue q: descriptors, available, used; a page each. */
#define RING(q, part) (0x1000u + ((q) * 3 + (part)) * 0x1000u)
#define DATA 0x10000u
static uint16_t added[3], seen[3];

static void start(unsigned int slot, uint64_t features)
{
	unsigned int q;

	memset(memory, 0, RAM_SIZE);
	put(slot, 0x14, 1, 0);
	put(slot, 0x14, 1, 3);
	put(slot, 0x08, 4, 0);
	put(slot, 0x0c, 4, features & 0xffffffff);
	put(slot, 0x08, 4, 1);
	put(slot, 0x0c, 4, features >> 32);
	put(slot, 0x14, 1, 0x0b);
	for (q = 0; q < get(slot, 0x12, 2); q++) {
		put(slot, 0x16, 2, q);
		put(slot, 0x18, 2, 16);
		put(slot, 0x20, 8, RING(q, 0));
		put(slot, 0x28, 4, RING(q, 1));
		put(slot, 0x2c, 4, 0);
		put(slot, 0x30, 8, RING(q, 2));
		put(slot, 0x1c, 2, 1);
		added[q] = seen[q] = 0;
	}
	put(slot, 0x14, 1, 0x0f);
}

static void desc(unsigned int q, unsigned int i, uint64_t address, uint32_t length, uint16_t flags, uint16_t next)
{
	uint8_t *d = memory + RING(q, 0) + 16 * i;

	memcpy(d, &address, 8);
	memcpy(d + 8, &length, 4);
	memcpy(d + 12, &flags, 2);
	memcpy(d + 14, &next, 2);
}

static void add(unsigned int slot, unsigned int q, uint16_t head)
{
	memcpy(memory + RING(q, 1) + 4 + 2 * (added[q] % 16), &head, 2);
	added[q]++;
	memcpy(memory + RING(q, 1) + 2, &added[q], 2);
	put(slot, 0x300 + 4 * q, 2, q);
}

/* What the device wrote, or -1: it has not answered. */
static long used(unsigned int q, uint16_t head)
{
	uint16_t index;
	uint32_t element[2];

	memcpy(&index, memory + RING(q, 2) + 2, 2);
	if (index == seen[q])
		return -1;
	memcpy(element, memory + RING(q, 2) + 4 + 8 * (seen[q]++ % 16), 8);
	return element[0] == head ? (long)element[1] : -2;
}

static bool needs_reset(unsigned int slot)
{
	return get(slot, 0x14, 1) & 0x40;
}

/* --- tests --- */
static void bus_of_pci(void)
{
	uint8_t type[8] = { 0 };
	unsigned int at, n = 0;

	ok(config(0, 0, 4) == 0x00081b36 && config(0, 0x0a, 2) == 0x0600, "a host bridge");
	ok(config(6, 0, 4) == ~0u && config(31, 0, 4) == ~0u && config(1 + 32 * 3, 0, 2) == 0xffff, "nothing in empty slots, on other buses and functions");
	ok(config(BLK, 0, 4) == 0x10421af4 && config(SCSI, 0, 4) == 0x10481af4 && config(RNG, 8, 1) == 1, "modern virtio devices by their numbers");
	set_config(BLK, 0x10, 4, ~0u);
	ok(config(BLK, 0x10, 4) == 0xfffff000 && get(BLK, 0x12, 2) == ~0ull, "BAR 0 tells its size; where it was nothing is meanwhile");
	set_config(BLK, 0x10, 4, 0xd0100000);
	ok(pci_mmio(&pci, 0xd0100012, false, 2, type) && type[0] == 1, "and moves");
	set_config(BLK, 0x10, 4, PCI_BAR(BLK));
	set_config(BLK, 4, 2, 0);
	ok(get(BLK, 0x12, 2) == ~0ull, "no memory without the command's bit");
	set_config(BLK, 4, 2, 6);
	set_config(BLK, 0, 4, 0);
	ok(config(BLK, 0, 4) == 0x10421af4, "numbers are read-only");
	for (at = config(BLK, 0x34, 1); at && n < 8; at = config(BLK, at + 1, 1))
		type[n++] = (uint8_t)config(BLK, at + 3, 1);
	ok(n == 4 && type[0] == 1 && type[1] == 3 && type[2] == 4 && type[3] == 2, "four capabilities: common, ISR, device, notify");
	ok(!pci_mmio(&pci, PCI_BAR(BLK) + 0xfff, false, 2, type) && !pci_mmio(&pci, 0xdeadbeef000, false, 4, type), "an access across the end is nobody's");
	ok(config(BLK, 0x3f, 1) != ~0u && config(BLK, 0x3c, 1) == PCI_IRQ(BLK) && config(BLK, 0x3d, 1) == 1, "INTA");
}

static void negotiation(void)
{
	start(BLK, 1ull << 32 | 1);
	ok(!(get(BLK, 0x14, 1) & 8), "a feature that was not offered: FEATURES_OK does not stay");
	start(BLK, 0);
	ok(!(get(BLK, 0x14, 1) & 8), "neither without VERSION_1");
	start(BLK, 1ull << 32);
	ok(get(BLK, 0x14, 1) == 0x0f && get(BLK, 0x1c, 2) == 1, "the driver is on, its queue too");
	put(BLK, 0x20, 8, 0x5000);
	ok(get(BLK, 0x20, 8) == RING(0, 0), "an enabled queue does not move");
	put(BLK, 0x16, 2, 7);
	ok(get(BLK, 0x18, 2) == 0, "a queue that is none has size 0");
	put(BLK, 0x14, 1, 0);
	ok(get(BLK, 0x14, 1) == 0 && get(BLK, 0x18, 2) == VIRTIO_QUEUE_SIZE, "reset");
}

static long block(uint32_t type, uint64_t sector, uint32_t length)
{
	memcpy(memory + DATA, &type, 4);
	memcpy(memory + DATA + 8, &sector, 8);
	memory[DATA + 0x100] = 0xee;
	desc(0, 0, DATA, 16, 1, 1);
	desc(0, 1, DATA + 0x1000, length, type == 1 ? 1 : 3, 2);
	desc(0, 2, DATA + 0x100, 1, 2, 0);
	if (!length)
		desc(0, 0, DATA, 16, 1, 2);
	add(BLK, 0, 0);
	if (used(0, 0) < 0)
		return -1;
	return memory[DATA + 0x100];
}

static void block_device(void)
{
	start(BLK, 1ull << 32);
	ok(get(BLK, 0x200, 8) == disk.size / 512, "capacity");
	ok(block(0, 1, 1024) == 0 && memory[DATA + 0x1000] == 1 && memory[DATA + 0x1200] == 2 && lines[PCI_IRQ(BLK)], "two sectors are read, and the line is up");
	ok(get(BLK, 0x100, 1) == 1 && !lines[PCI_IRQ(BLK)] && get(BLK, 0x100, 1) == 0, "reading the ISR takes it down");
	memset(memory + DATA + 0x1000, 0x5a, 512);
	ok(block(1, 3, 512) == 0 && block(4, 0, 0) == 0, "a sector is written, and flushed");
	memset(memory + DATA + 0x1000, 0, 512);
	ok(block(0, 3, 512) == 0 && memory[DATA + 0x1000] == 0x5a && memory[DATA + 0x11ff] == 0x5a, "and is there");
	ok(block(0, disk.size / 512, 512) == 1 && block(0, disk.size / 512 - 1, 1024) == 1 && block(1, ~0ull, 512) == 1 && block(0, 1ull << 55, 512) == 1, "beyond the end: an error");
	ok(block(1, disk.size / 512, 512) == 1 && lseek(disk.fd, 0, SEEK_END) == (off_t)disk.size, "also for a write: the file does not grow");
	ok(block(0, 0, 100) == 1 && block(1, 0, 513) == 1, "no whole sectors: an error");
	ok(block(8, 0, 20) == 0 && !strcmp((char *)memory + DATA + 0x1000, "underpin-vm"), "its name");
	ok(block(99, 0, 512) == 2, "an unknown request is told so");
	disk.read_only = true;
	ok(block(1, 3, 512) == 1 && block(0, 3, 512) == 0, "a disk that may not be written");
	disk.read_only = false;
	memory[RING(0, 1)] = 1;
	get(BLK, 0x100, 1);
	ok(block(0, 0, 512) == 0 && !lines[PCI_IRQ(BLK)], "no interrupt where the driver wants none");
	memory[RING(0, 1)] = 0;
	set_config(BLK, 4, 2, 0x406);
	ok(block(0, 0, 512) == 0 && !lines[PCI_IRQ(BLK)] && config(BLK, 6, 2) & 8, "nor with INTx off in the command; the status has it");
	set_config(BLK, 4, 2, 6);
	ok(lines[PCI_IRQ(BLK)], "on again: it comes");
}

static void small_ones(void)
{
	unsigned int i;

	start(RNG, 1ull << 32);
	desc(0, 3, DATA, 200, 2, 0);
	add(RNG, 0, 3);
	ok(used(0, 3) == 200 && (memory[DATA] | memory[DATA + 1] | memory[DATA + 2] | memory[DATA + 199]), "random bytes");
	start(HVC, 1ull << 32);
	memcpy(memory + DATA, "hello", 5);
	desc(1, 0, DATA, 3, 1, 1);
	desc(1, 1, DATA + 3, 2, 0, 0);
	add(HVC, 1, 0);
	ok(used(1, 0) == 0 && !strcmp(out, "hello"), "the console writes");
	ok(virtio_console_receive(&hvc, (const uint8_t *)"typed", 5) == 0, "what is typed waits for a buffer");
	desc(0, 0, DATA + 0x800, 3, 2, 0);
	add(HVC, 0, 0);
	ok(virtio_console_receive(&hvc, (const uint8_t *)"typed", 5) == 3 && used(0, 0) == 3 && !memcmp(memory + DATA + 0x800, "typ", 3), "and comes into it");
	desc(0, 0, DATA, 3, 0, 0);
	add(HVC, 0, 0);
	ok(virtio_console_receive(&hvc, (const uint8_t *)"k", 1) == 0 && needs_reset(HVC), "a buffer for input that may not be written to");
	start(HVC, 1ull << 32);
	said = 0;
	for (i = 0; i < 16; i++)
		desc(1, i, 0, RAM_SIZE, i < 15, (uint16_t)(i + 1));
	add(HVC, 1, 0);
	ok(used(1, 0) == 0 && said == 0x10000, "of 2 MiB in one notification 64 KiB are said");
	over = true;
	add(HVC, 1, 0);
	ok(used(1, 0) == -1 && said == 0x10000 && !needs_reset(HVC), "when the machine has ended, nothing");
	over = false;
}

/* A command of `n` bytes for LUN `lun`; its status, or -1 - response. */
static int scsi_command(uint16_t lun, const char *cdb, size_t n, uint32_t room)
{
	uint8_t *r = memory + DATA;

	memset(r, 0, 0x4000);
	r[0] = 1;
	r[1] = (uint8_t)(lun >> 8);
	r[3] = (uint8_t)lun;
	memcpy(r + 19, cdb, n);
	desc(2, 0, DATA, 51, 1, 1);
	desc(2, 1, DATA + 0x100, 108, 3, 2);
	desc(2, 2, DATA + 0x1000, room, 2, 0);
	if (!room)
		desc(2, 1, DATA + 0x100, 108, 2, 0);
	add(SCSI, 2, 0);
	if (used(2, 0) < 108)
		return -100;
	return r[0x10b] ? -1 - r[0x10b] : r[0x10a];
}
#define SCSI_CMD(cdb, room) scsi_command(0, cdb, sizeof(cdb) - 1, room)

static bool sense_is(uint8_t key, uint8_t code)
{
	const uint8_t *s = memory + DATA + 0x10c;

	return (s[0] & 0x7f) == 0x70 && s[2] == key && s[12] == code;
}

static void cd(void)
{
	uint8_t *r;

	start(SCSI, 1ull << 32);
	r = memory + DATA + 0x1000;
	ok(get(SCSI, 0x200, 4) == 1 && get(SCSI, 0x214, 4) == 96 && get(SCSI, 0x218, 4) == 32 && get(SCSI, 0x21e, 2) == 0, "one request queue, one target");
	ok(SCSI_CMD("\x12\0\0\0\x24", 36) == 0 && r[0] == 5 && r[1] == 0x80 && !memcmp(r + 8, "UNDERPIN", 8), "INQUIRY: a CD-ROM");
	ok(SCSI_CMD("\x12\0\0\0\x05", 36) == 0 && !r[8], "no more than was asked for");
	ok(SCSI_CMD("\0\0\0\0\0\0", 0) == 0, "TEST UNIT READY");
	ok(SCSI_CMD("\x25\0\0\0\0\0\0\0\0\0", 8) == 0 && r[6] == 8 && r[7] == 0 && r[3] == cdrom.size / 2048 - 1, "READ CAPACITY");
	ok(SCSI_CMD("\x28\0\0\0\0\2\0\0\2\0", 4096) == 0 && r[0] == 8 && r[2048] == 12, "READ (10)");
	ok(SCSI_CMD("\xa8\0\0\0\0\1\0\0\0\1\0\0", 2048) == 0 && r[0] == 4, "READ (12)");
	ok(SCSI_CMD("\x28\0\xff\xff\xff\xff\0\xff\xff\0", 4096) == 2 && sense_is(5, 0x21), "beyond the end: out of range");
	ok(SCSI_CMD("\x2a\0\0\0\0\0\0\0\1\0", 2048) == 2 && sense_is(5, 0x20), "a write is no command of a CD-ROM");
	ok(SCSI_CMD("\x03\0\0\0\x12\0", 18) == 0 && r[2] == 5 && r[12] == 0x20, "REQUEST SENSE tells it again");
	ok(SCSI_CMD("\x43\0\0\0\0\0\0\0\x14\0", 20) == 0 && r[1] == 18 && r[2] == 1 && r[14] == 0xaa, "READ TOC: a data track, the lead-out");
	ok(SCSI_CMD("\x5a\0\x2a\0\0\0\0\0\x80\0", 128) == 0 && r[8] == 0x2a, "MODE SENSE: capabilities");
	ok(SCSI_CMD("\x4a\1\0\0\x10\0\0\0\x8\0", 8) == 0 && r[5] == 2, "a disc is in");
	ok(SCSI_CMD("\xa0\0\0\0\0\0\0\0\0\x10\0\0", 16) == 0 && r[3] == 8, "REPORT LUNS");
	ok(scsi_command(0x0100, "\0\0\0\0\0\0", 6, 0) == -4 && scsi_command(1, "\0\0\0\0\0\0", 6, 0) == -4, "another target or LUN is not there");
	ok(SCSI_CMD("\x28\0\0\0\0\0\0\0\2\0", 100) == 0 && r[99] == 0 && r[100] == 0, "a read into less than it needs stays in it");
}

/* --- the card --- */
static uint8_t wire[2048];	/* the last frame that the guest sent, and how many there were */
static size_t wire_used;
static unsigned int wire_count;
static bool wire_echoes;
static void to_wire(void *context, const uint8_t *frame, size_t n)
{
	struct virtio_net *net = context;

	memcpy(wire, frame, n);
	wire_used = n;
	wire_count++;
	if (wire_echoes)
		virtio_net_receive(net, frame, n);
}

/* A frame of n bytes behind the header, in two pieces. */
static void transmit(uint32_t n)
{
	memset(memory + DATA, 0, 12);
	memset(memory + DATA + 12, 0x5a, 2000);
	desc(1, 0, DATA, 10, 1, 1);
	desc(1, 1, DATA + 10, n + 2, 0, 0);
	add(NET, 1, 0);
}

/* A buffer of n bytes in two pieces, head 2. */
static void offer(uint32_t n)
{
	memset(memory + DATA + 0x1000, 0xee, 2000);
	desc(0, 2, DATA + 0x1000, 100, 3, 3);
	desc(0, 3, DATA + 0x1000 + 100, n - 100, 2, 0);
	add(NET, 0, 2);
}

static void network_card(void)
{
	static const uint8_t frame[1600] = { 1, 2, 3, 4, [1513] = 9 };
	const uint8_t *r;

	start(NET, 1ull << 32 | 1 << 5 | 1 << 16);
	r = memory + DATA + 0x1000;
	ok(config(NET, 0, 4) == 0x10411af4 && config(NET, 0x0a, 2) == 0x0200 && get(NET, 0x12, 2) == 2, "a network card with two queues");
	ok(get(NET, 0x200, 4) == 0x12005452 && get(NET, 0x206, 2) == 1, "its address, and the link is up");
	start(NET, 1ull << 32 | 1 << 15);
	ok(!(get(NET, 0x14, 1) & 8), "no mergeable buffers: not offered");
	ok(!virtio_net_receive(&card, frame, 60), "without a driver nothing is received");
	start(NET, 1ull << 32 | 1 << 5);
	wire_count = 0;
	transmit(60);
	ok(used(1, 0) == 0 && wire_count == 1 && wire_used == 60 && wire[0] == 0x5a && wire[59] == 0x5a && lines[PCI_IRQ(NET)], "a frame is sent without its header");
	transmit(1514);
	ok(used(1, 0) == 0 && wire_count == 2 && wire_used == 1514, "one of full length");
	transmit(1515);
	ok(used(1, 0) == 0 && wire_count == 2, "one that is too long is not");
	transmit(13);
	ok(used(1, 0) == 0 && wire_count == 2 && !needs_reset(NET), "nor one without a whole header of Ethernet");
	desc(1, 0, DATA, 5, 0, 0);
	add(NET, 1, 0);
	ok(used(1, 0) == 0 && wire_count == 2, "nor less than a header of virtio");
	desc(1, 0, DATA, 200, 2, 0);
	add(NET, 1, 0);
	ok(used(1, 0) == 0 && wire_count == 2, "nor what the card could only write to");
	ok(!virtio_net_receive(&card, frame, 60), "a frame for a guest without a buffer is lost");
	offer(1526);
	ok(virtio_net_receive(&card, frame, 1514) && used(0, 2) == 1526 && r[10] == 1 && !r[0] && r[12] == 1 && r[15] == 4 && r[1525] == 9, "a full frame fills a buffer of two pieces");
	offer(1800);
	ok(virtio_net_receive(&card, frame, 60) && used(0, 2) == 72 && r[72] == 0xee && r[1799] == 0xee, "a short one leaves the rest as it was");
	offer(1526);
	ok(!virtio_net_receive(&card, frame, 1515) && !virtio_net_receive(&card, frame, 13) && used(0, 2) == -1, "no frame of an impossible length");
	wire_echoes = true;
	transmit(100);
	ok(used(1, 0) == 0 && used(0, 2) == 112 && r[12] == 0x5a && r[111] == 0x5a && r[112] == 0xee, "an answer that comes while the guest sends");
	wire_echoes = false;
	offer(1525);
	ok(!virtio_net_receive(&card, frame, 60) && needs_reset(NET) && r[0] == 0xee && used(0, 2) == -1, "a buffer that is a byte too small: the card asks for a reset");
	ok(!virtio_net_receive(&card, frame, 60), "and is silent until then");
	start(NET, 1ull << 32);
	offer(1526);
	ok(virtio_net_receive(&card, frame, 60) && used(0, 2) == 72, "after it it works");
	desc(0, 4, DATA, 1600, 0, 0);
	add(NET, 0, 4);
	ok(!virtio_net_receive(&card, frame, 60) && needs_reset(NET), "a buffer that may only be read is none");
}

/* --- the user's network --- */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static uint16_t checksum(const uint8_t *at, size_t n, uint32_t s)
{
	for (; n > 1; n -= 2, at += 2)
		s += (uint32_t)at[0] << 8 | at[1];
	s += n ? (uint32_t)*at << 8 : 0;
	s = (s & 0xffff) + (s >> 16);
	return (uint16_t)~((s & 0xffff) + (s >> 16));
}

static void put16(uint8_t *at, uint16_t v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

/* A frame of IPv4 from 10.0.2.15, or from nobody (DHCP). */
static size_t ip_frame(uint8_t *f, uint8_t protocol, uint32_t from, uint32_t to, const uint8_t *body, size_t n)
{
	uint32_t ends[2] = { htonl(from), htonl(to) };

	memcpy(f, "\x52\x55\x0a\x00\x02\x02\x52\x54\x00\x12\x34\x56\x08\x00\x45\0\0\0\0\1\0\0\x40\0\0\0", 26);
	if (to == ~0u)
		memset(f, 0xff, 6);
	put16(f + 16, (uint16_t)(20 + n));
	f[23] = protocol;
	memcpy(f + 26, ends, 8);
	put16(f + 24, checksum(f + 14, 20, 0));
	memcpy(f + 34, body, n);
	return 34 + n;
}

/* What comes back for a frame in so many times 10 ms (its first byte behind the header), or NULL. */
static const uint8_t *answer_within(const uint8_t *frame, size_t n, unsigned int limit)
{
	unsigned int tries;
	long got = -1;

	pthread_mutex_lock(&lock);
	offer(1526);
	memset(memory + DATA, 0, 12);
	memcpy(memory + DATA + 12, frame, n);
	desc(1, 0, DATA, (uint32_t)n + 12, 0, 0);
	add(NET, 1, 0);
	for (tries = 0; tries < limit && (got = used(0, 2)) < 0; tries++) {
		pthread_mutex_unlock(&lock);
		usleep(10000);
		pthread_mutex_lock(&lock);
	}
	pthread_mutex_unlock(&lock);
	return got < 12 ? NULL : memory + DATA + 0x1000 + 12;
}

static const uint8_t *answer_to(const uint8_t *frame, size_t n)
{
	return answer_within(frame, n, 200);
}

/* A SYN to a port; the flags of what comes back. */
static int connect_to(uint32_t to, uint16_t port, uint16_t from_port)
{
	uint8_t f[100], tcp[20] = { [3] = 0, [7] = 1, [12] = 0x50, [13] = 2, [14] = 0x20 }, pseudo[12] = { 10, 0, 2, 15, [9] = 6, [11] = 20 };
	uint32_t end = htonl(to);
	const uint8_t *r;

	put16(tcp, from_port);
	put16(tcp + 2, port);
	memcpy(pseudo + 4, &end, 4);
	put16(tcp + 16, checksum(tcp, 20, (uint16_t)~checksum(pseudo, 12, 0)));
	r = answer_to(f, ip_frame(f, 6, 0x0a00020f, to, tcp, sizeof(tcp)));
	return r && r[23] == 6 ? r[47] : -1;
}

/* A datagram of four bytes to a port; nothing comes back. */
static void datagram_to(uint32_t to, uint16_t port)
{
	uint8_t f[100], udp[12] = { 3, 0xeb, [5] = 12, [8] = 'p', 'i', 'n', 'g' };

	put16(udp + 2, port);
	answer_within(f, ip_frame(f, 17, 0x0a00020f, to, udp, sizeof(udp)), 20);
}

/* A socket at this address, and its port; of TCP it listens. */
static int bound(int type, uint32_t address, uint16_t *port)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(address) };
	socklen_t n = sizeof(in);
	int fd = socket(AF_INET, type | SOCK_NONBLOCK, 0);

	if (fd < 0 || bind(fd, (void *)&in, sizeof(in)) || (type == SOCK_STREAM && listen(fd, 4)) || getsockname(fd, (void *)&in, &n))
		abort();
	*port = ntohs(in.sin_port);
	return fd;
}

/* Neither a connection to it nor a datagram arrives. */
static bool out_of_reach(uint32_t to)
{
	uint16_t port, udp_port;
	int tcp = bound(SOCK_STREAM, INADDR_LOOPBACK, &port), udp = bound(SOCK_DGRAM, INADDR_LOOPBACK, &udp_port);
	char got[4];
	bool good;

	connect_to(to, port, 1001);
	datagram_to(to, udp_port);
	good = accept(tcp, NULL, NULL) < 0 && recv(udp, got, sizeof(got), 0) < 0;
	close(tcp);
	close(udp);
	return good;
}

/* Which frames pass, by their first bytes: destination, fragment field, protocol and port. */
static void frames_that_pass(void)
{
	static const struct { const char *what; uint32_t to; uint16_t fragment; uint8_t protocol; uint16_t port; bool passes; } cases[] = {
		{ "to another machine", 0xc0000201, 0, 6, 80, true }, { "with \"do not fragment\"", 0xc0000201, 0x4000, 6, 80, true },
		{ "a first fragment", 0xc0000201, 0x2000, 17, 80, false }, { "a later fragment", 0xc0000201, 1, 17, 80, false },
		{ "one far behind", 0xc0000201, 0x1f00, 17, 80, false }, { "to 127.0.0.1", 0x7f000001, 0, 6, 80, false },
		{ "to 127.255.0.9", 0x7fff0009, 0, 17, 80, false }, { "to 0.0.0.0", 0, 0, 6, 80, false }, { "to 0.1.2.3", 0x00010203, 0, 1, 0, false },
		{ "to the name server's port 53", 0x0a000203, 0, 17, 53, true }, { "over TCP", 0x0a000203, 0, 6, 53, true },
		{ "to another port of it", 0x0a000203, 0, 6, 80, false }, { "port 309, whose low byte is 53", 0x0a000203, 0, 17, 309, false },
		{ "to it by no port at all", 0x0a000203, 0, 1, 53, false }, { "DHCP", ~0u, 0, 17, 67, true },
	};
	uint8_t body[8] = { 0 }, f[64];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		put16(body + 2, cases[i].port);
		ip_frame(f, cases[i].protocol, 0x0a00020f, cases[i].to, body, sizeof(body));
		put16(f + 20, cases[i].fragment);
		ok(net_passes(f, 42) == cases[i].passes, cases[i].what);
	}
	ip_frame(f, 17, 0x0a00020f, 0x0a000203, body, sizeof(body));
	put16(f + 36, 80);
	put16(f + 40, 53);
	ok(!net_passes(f, 42), "port 53 where no port is");
	f[14] = 0x46;
	ok(net_passes(f, 42) && !net_passes(f, 41), "and behind an option, if the frame reaches so far");
	ok(!net_passes(f, 33) && !net_passes(f, 13), "what is cut off");
	f[12] = 0x88;
	f[13] = 0xf8;
	ok(!net_passes(f, 42), "what is neither ARP nor IPv4");
}

static uint32_t own_address(void)
{
	struct ifaddrs *all = NULL, *a;
	uint32_t found = 0, v;

	if (getifaddrs(&all))
		return 0;
	for (a = all; a; a = a->ifa_next)
		if (a->ifa_addr && a->ifa_addr->sa_family == AF_INET) {
			v = ntohl(((struct sockaddr_in *)(void *)a->ifa_addr)->sin_addr.s_addr);
			found = v >> 24 != 127 ? v : found;
		}
	freeifaddrs(all);
	return found;
}

static void user_network(void)
{
	uint8_t arp[42] = "\xff\xff\xff\xff\xff\xff\x52\x54\0\x12\x34\x56\x08\x06\0\1\x08\0\6\4\0\1\x52\x54\0\x12\x34\x56\x0a\0\2\x0f\0\0\0\0\0\0\x0a\0\2\2";
	uint8_t dhcp[8 + 548] = { [1] = 68, [3] = 67, [8] = 1, 1, 6, [36] = 0x52, 0x54, 0, 0x12, 0x34, 0x56 }, f[700];
	struct problem p = { "" };
	struct net *net = net_open(&card, &lock, &p);
	uint16_t port;
	const uint8_t *r;
	int fd;

	if (!net) {
		says(p.text, "libslirp-dev", "without libslirp it is told what to install");
		skip("a user's network", "built without libslirp");
		return;
	}
	start(NET, 1ull << 32);
	ok(net_start(net, &p), "a user's network");
	r = answer_to(arp, sizeof(arp));
	ok(r && r[13] == 6 && r[21] == 2 && !memcmp(r + 28, "\x0a\0\2\2", 4), "10.0.2.2 answers to ARP");
	/* Kept until the guest's address is known: an answer to the datagram by which libslirp learns its name server. */
	pthread_mutex_lock(&lock);
	offer(1526);
	pthread_mutex_unlock(&lock);
	usleep(300000);
	pthread_mutex_lock(&lock);
	used(0, 2);
	pthread_mutex_unlock(&lock);
	put16(dhcp + 4, sizeof(dhcp));
	memcpy(dhcp + 8 + 236, "\x63\x82\x53\x63\x35\1\1\xff", 8);
	r = answer_to(f, ip_frame(f, 17, 0, ~0u, dhcp, sizeof(dhcp)));
	ok(r && r[23] == 17 && r[37] == 68 && r[42] == 2 && !memcmp(r + 58, "\x0a\0\2\x0f", 4), "DHCP offers 10.0.2.15");
	ok(out_of_reach(0x0a000202), "what listens on the loopback interface alone is not reached by 10.0.2.2");
	ok(out_of_reach(0x0a000203), "nor by 10.0.2.3");
	ok(out_of_reach(0x7f000001), "nor by 127.0.0.1");
	ok(out_of_reach(0), "nor by 0.0.0.0");
	if (own_address()) {
		fd = bound(SOCK_STREAM, own_address(), &port);
		ok(connect_to(own_address(), port, 1002) == 0x12, "a connection is accepted: SYN, ACK");
		close(fd);
	} else {
		skip("a connection is accepted", "this machine has no address");
	}
	pthread_mutex_lock(&lock);
	memset(memory + DATA + 0x1000, 0xff, 1526);
	pthread_mutex_unlock(&lock);
	net_close(net);
	ok(true, "it ends, whatever it was about to do");
}

/* Random frames into libslirp, which is not ours: nothing but the sanitizers judges, and those our side of it. */
static void random_frames(unsigned int rounds)
{
	struct problem p = { "" };
	struct net *net = net_open(&card, &lock, &p);
	unsigned int seed = 7, i, k;
	uint8_t f[NET_FRAME_MAX];

	if (!net)
		return;
	start(NET, 1ull << 32);
	for (i = 0; i < rounds; i++) {
		size_t n = NET_FRAME_MIN + (unsigned int)rand_r(&seed) % 200;

		for (k = 0; k < n; k++)
			f[k] = (uint8_t)rand_r(&seed);
		memcpy(f + 12, i & 1 ? "\x08\0\x45" : "\x08\x06\0", 3);
		f[30] = 10;	/* to addresses of the guest's network only: nothing leaves this machine */
		f[31] = 0;
		f[32] = 2;
		offer(1526);
		memcpy(memory + DATA + 12, f, n);
		desc(1, 0, DATA, (uint32_t)n + 12, 0, 0);
		add(NET, 1, 0);
		used(1, 0);
		if (used(0, 2) < 0)
			start(NET, 1ull << 32);
	}
	net_close(net);
	ok(!needs_reset(NET), "random frames");
}

/* Each way to be malformed: the device says so by its status and an interrupt, and works again after a reset. */
static void hostile(void)
{
	static const struct { const char *what; uint64_t address; uint32_t length; uint16_t flags, next; } bad[] = {
		{ "no RAM", 0x100000, 16, 2, 0 }, { "across the end of RAM", RAM_SIZE - 8, 16, 2, 0 }, { "an address that wraps", ~0ull - 7, 16, 2, 0 },
		{ "length 0", DATA, 0, 2, 0 }, { "length 2^32 - 1", DATA, ~0u, 2, 0 }, { "a loop", DATA, 16, 3, 1 }, { "next beyond the queue", DATA, 16, 3, 16 },
		{ "the BIOS area", AT_BIOS + 16, 16, 2, 0 }, { "into it from below", AT_BIOS - 8, 16, 2, 0 },
		{ "an indirect table", DATA, 16, 4, 0 }, { "an unknown flag", DATA, 16, 0x802, 0 },
	};
	unsigned int i;
	uint16_t far = 5;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		start(BLK, 1ull << 32);
		desc(0, 0, DATA, 16, 1, 1);
		desc(0, 1, bad[i].address, bad[i].length, bad[i].flags, bad[i].next);
		add(BLK, 0, 0);
		ok(needs_reset(BLK) && get(BLK, 0x100, 1) & 2 && used(0, 0) == -1, bad[i].what);
		add(BLK, 0, 0);
	}
	start(BLK, 1ull << 32);
	desc(0, 0, DATA, 16, 3, 1);
	desc(0, 1, DATA, 16, 0, 0);
	add(BLK, 0, 0);
	ok(needs_reset(BLK), "what is read after what is written");
	start(BLK, 1ull << 32);
	desc(0, 0, DATA, 15, 1, 1);
	desc(0, 1, DATA, 1, 2, 0);
	add(BLK, 0, 0);
	ok(needs_reset(BLK), "a request that is too short");
	start(BLK, 1ull << 32);
	desc(0, 0, DATA, 16, 1, 1);
	desc(0, 1, DATA, 16, 2, 0);
	added[0] = 17;
	add(BLK, 0, 0);
	ok(needs_reset(BLK) && used(0, 0) == -1, "more available than the queue is long");
	start(BLK, 1ull << 32);
	add(BLK, 0, far * 100);
	ok(needs_reset(BLK), "a head beyond the queue");
	for (i = 0; i < 3; i++) {	/* one byte too far, each of the three */
		static const uint32_t sizes[] = { 16 * 16, 6 + 2 * 16, 6 + 8 * 16 };

		start(BLK, 1ull << 32);
		put(BLK, 0x14, 1, 0);
		put(BLK, 0x14, 1, 0x0b);
		put(BLK, 0x18, 2, 16);
		put(BLK, 0x20, 8, RING(0, 0));
		put(BLK, 0x28, 8, RING(0, 1));
		put(BLK, 0x30, 8, RING(0, 2));
		put(BLK, 0x20 + 8 * i, 8, (RAM_SIZE - sizes[i] + 15) & ~15u);
		put(BLK, 0x1c, 2, 1);
		ok(needs_reset(BLK) == (i > 0) && get(BLK, 0x1c, 2) == (i == 0), i ? "a ring that ends outside of RAM" : "descriptors up to the end of RAM");
		if (i)
			continue;
		put(BLK, 0x14, 1, 0x0f);
		memcpy(memory + RAM_SIZE - 256, (uint64_t[2]){ DATA, 16 | 1ull << 32 | 16ull << 48 }, 16);
		added[0] = 0;
		add(BLK, 0, 0);
		ok(needs_reset(BLK), "and no further");
	}
	start(BLK, 1ull << 32);
	ok(block(0, 1, 512) == 0, "after a reset it works");
}

/* Random registers, rings and memory: nothing but the sanitizers judges. */
static void random_guest(unsigned int rounds)
{
	unsigned int seed = 1, i, k;

	for (i = 0; i < rounds; i++) {
		unsigned int slot = 1 + (unsigned int)rand_r(&seed) % 5, q = (unsigned int)rand_r(&seed) % 3, what = (unsigned int)rand_r(&seed) % 16;

		if (what == 0) {
			start(slot, 1ull << 32);
		} else if (what == 1) {
			put(slot, (unsigned int)rand_r(&seed) % 0x310, 1u << rand_r(&seed) % 4, (uint64_t)rand_r(&seed) << (rand_r(&seed) % 40));
		} else if (what == 2) {
			set_config(slot, (unsigned int)rand_r(&seed) % 256, 1u << rand_r(&seed) % 3, (uint32_t)rand_r(&seed));
			set_config(slot, 0x10, 4, PCI_BAR(slot));
			set_config(slot, 4, 2, 6);
		} else if (what == 3) {
			get(slot, (unsigned int)rand_r(&seed) % 0x400, 1u << rand_r(&seed) % 4);
			if (slot == HVC)
				virtio_console_receive(&hvc, memory, 20);
			if (slot == NET)
				virtio_net_receive(&card, wire, 10 + (unsigned int)rand_r(&seed) % 1550);
		} else {
			if (get(slot, 0x14, 1) != 0x0f)
				start(slot, 1ull << 32);
			for (k = 0; k < 16; k++)
				desc(q, k, DATA + (unsigned int)rand_r(&seed) % 0x10100, (unsigned int)rand_r(&seed) % 0x300, (uint16_t)(rand_r(&seed) % 4), (uint16_t)(rand_r(&seed) % 17));
			for (k = 0; k < 64; k++)
				memory[DATA + (unsigned int)rand_r(&seed) % 0x400] = (uint8_t)rand_r(&seed);
			add(slot, q, (uint16_t)(rand_r(&seed) % 17));
		}
	}
	ok(true, "a random guest meets nothing but answers");
}

static void make_disk(struct disk *d, const char *name, bool read_only)
{
	struct problem p = { "" };
	uint8_t sector[512];
	int fd = open(name, O_CREAT | O_TRUNC | O_RDWR, 0600), i;

	for (i = 0; fd >= 0 && i < 64; i++) {
		memset(sector, i, sizeof(sector));
		if (write(fd, sector, sizeof(sector)) != sizeof(sector))
			abort();
	}
	close(fd);
	ok(disk_open(d, name, read_only, &p), "a disk of 64 sectors");
}

static uint8_t bios[0x11000];

int main(void)
{
	char name[] = "/tmp/underpin-vm-disk-XXXXXX", empty[] = "/tmp/underpin-vm-disk-XXXXXX";
	struct problem p = { "" };
	struct disk none = { 0 };

	close(mkstemp(name));
	close(mkstemp(empty));
	memory = calloc(1, RAM_SIZE);	/* the sanitizer watches its ends */
	ram.banks[0] = (struct bank){ 0, RAM_SIZE, memory };
	/* The BIOS area and a page below it, which the guest has but cannot write in part. */
	ram.banks[1] = (struct bank){ AT_BIOS - 4096, 0x11000, bios };
	ram.nr_banks = 2;
	make_disk(&disk, name, false);
	make_disk(&cdrom, name, true);
	ok(!disk_open(&none, empty, true, &p), "an empty file is no disk");
	says(p.text, "sectors", "and why");
	close(none.fd);
	p.text[0] = 0;
	ok(!disk_open(&none, "/dev/null", true, &p), "a device of characters neither");
	close(none.fd);
	pci_init(&pci, &ops);
	pci_attach(&bus, &pci);
	ok(virtio_rng_init(&rng, &pci, &ram) && virtio_console_init(&hvc, &pci, &ram) && virtio_blk_init(&blk, &pci, &ram, &disk) &&
	   virtio_scsi_init(&scsi, &pci, &ram, &cdrom) && virtio_net_init(&card, &pci, &ram, (const uint8_t *)"\x52\x54\0\x12\x34\x56"), "five devices");
	card.send = to_wire;
	card.context = &card;
	wire_echoes = false;
	ok(devices[NET]->function.slot == NET, "in slots 1 to 5");
	bus_of_pci();
	negotiation();
	block_device();
	small_ones();
	cd();
	network_card();
	frames_that_pass();
	user_network();
	random_frames(3000);
	card.send = to_wire;
	card.context = &card;
	hostile();
	wire_echoes = true;
	random_guest(200000);
	unlink(name);
	unlink(empty);
	free(memory);
	return tap_done();
}
