// SPDX-License-Identifier: GPL-2.0
/* Virtio 1.2 over PCI: chapters 2 (queues), 3.1 (status), 4.1 (registers). */
#include <string.h>

#include "virtio.h"

/* BAR 0 */
#define AT_COMMON 0x000
#define COMMON_SIZE 0x38
#define AT_ISR 0x100
#define AT_CONFIG 0x200
#define AT_NOTIFY 0x300
#define NOTIFY_EACH 4

#define F_VERSION_1 (1ull << 32)
#define STATUS_DRIVER_OK 4
#define STATUS_FEATURES_OK 8
#define STATUS_NEEDS_RESET 0x40
#define ISR_QUEUE 1
#define ISR_CONFIG 2
#define DESC_NEXT 1
#define DESC_WRITE 2
#define AVAIL_NO_INTERRUPT 1

/* --- vectors --- */
size_t iov_length(const struct iovec *iov, unsigned int n)
{
	size_t length = 0;

	while (n--)
		length += iov++->iov_len;
	return length;
}

unsigned int iov_part(const struct iovec *iov, unsigned int n, size_t at, size_t size, struct iovec part[VIRTIO_QUEUE_SIZE])
{
	unsigned int used = 0;

	for (; n && size; n--, iov++) {
		size_t skip = at < iov->iov_len ? at : iov->iov_len, take = iov->iov_len - skip;

		at -= skip;
		take = take < size ? take : size;
		size -= take;
		if (take)
			part[used++] = (struct iovec){ (uint8_t *)iov->iov_base + skip, take };
	}
	return used;
}

static size_t copy(const struct iovec *iov, unsigned int n, size_t at, uint8_t *buffer, size_t size, bool write)
{
	struct iovec part[VIRTIO_QUEUE_SIZE];
	size_t done = 0;
	unsigned int i, nr = iov_part(iov, n, at, size, part);

	for (i = 0; i < nr; done += part[i++].iov_len)
		memcpy(write ? part[i].iov_base : buffer + done, write ? buffer + done : part[i].iov_base, part[i].iov_len);
	return done;
}

size_t iov_read(const struct iovec *iov, unsigned int n, size_t at, void *to, size_t size)
{
	return copy(iov, n, at, to, size, false);
}

size_t iov_write(const struct iovec *iov, unsigned int n, size_t at, const void *from, size_t size)
{
	return copy(iov, n, at, (uint8_t *)(uintptr_t)from, size, true);
}

/* --- queues --- */
static void raise_irq(struct virtio *v, uint8_t why)
{
	v->isr |= why;
	pci_irq(v->pci, &v->function, true);
}

void virtio_broken(struct virtio *v)
{
	if (v->status & STATUS_NEEDS_RESET)
		return;
	v->status |= STATUS_NEEDS_RESET;
	raise_irq(v, ISR_CONFIG);
}

static uint16_t load16(const uint8_t *at)
{
	return __atomic_load_n((const uint16_t *)(const void *)at, __ATOMIC_ACQUIRE);
}

/* What a device may reach: RAM, but not the BIOS area, which the guest cannot write either. */
static void *dma_at(const struct virtio *v, uint64_t gpa, uint64_t size)
{
	if (gpa < AT_KERNEL && size > AT_BIOS - (gpa < AT_BIOS ? gpa : AT_BIOS))
		return NULL;
	return ram_at(v->ram, gpa, size);
}

static void enable(struct virtio *v, struct virtq *q)
{
	q->desc_at = q->desc & 15 ? NULL : dma_at(v, q->desc, 16ull * q->size);
	q->avail_at = q->avail & 1 ? NULL : dma_at(v, q->avail, 6 + 2ull * q->size);
	q->used_at = q->used & 3 ? NULL : dma_at(v, q->used, 6 + 8ull * q->size);
	if (!q->desc_at || !q->avail_at || !q->used_at) {
		virtio_broken(v);
		return;
	}
	q->last = 0;
	q->enabled = true;
}

struct desc {
	uint64_t address;
	uint32_t length;
	uint16_t flags, next;
};

/* False: malformed (2.7.4.2, 2.7.5): no RAM, a loop, what is read after what is written, an unknown flag. */
static bool walk_chain(struct virtio *v, const struct virtq *q, uint16_t at)
{
	struct chain *c = &v->chain;
	struct desc d;

	c->head = at;
	c->nr_out = c->nr_in = 0;
	do {
		void *host;

		if (at >= q->size || c->nr_out + c->nr_in == q->size)
			return false;
		memcpy(&d, q->desc_at + 16ull * at, sizeof(d));
		host = d.length ? dma_at(v, d.address, d.length) : NULL;
		if (!host || d.flags & ~(DESC_NEXT | DESC_WRITE) || (c->nr_in && !(d.flags & DESC_WRITE)))
			return false;
		if (d.flags & DESC_WRITE)
			c->in[c->nr_in++] = (struct iovec){ host, d.length };
		else
			c->out[c->nr_out++] = (struct iovec){ host, d.length };
		at = d.next;
	} while (d.flags & DESC_NEXT);
	return true;
}

bool virtio_pop(struct virtio *v, unsigned int queue)
{
	struct virtq *q = &v->queues[queue];
	uint16_t waiting;

	if (!q->enabled || !(v->status & STATUS_DRIVER_OK) || v->status & STATUS_NEEDS_RESET || v->pci->ops->ended(v->pci->ops->context))
		return false;
	waiting = (uint16_t)(load16(q->avail_at + 2) - q->last);
	if (!waiting)
		return false;
	if (waiting > q->size || !walk_chain(v, q, load16(q->avail_at + 4 + 2 * (q->last % q->size)))) {
		virtio_broken(v);
		return false;
	}
	q->last++;
	return true;
}

void virtio_push(struct virtio *v, unsigned int queue, uint32_t length)
{
	struct virtq *q = &v->queues[queue];
	uint16_t *index = (uint16_t *)(void *)(q->used_at + 2), at = *index;
	uint32_t element[2] = { v->chain.head, length };

	memcpy(q->used_at + 4 + 8 * (at % q->size), element, sizeof(element));
	__atomic_store_n(index, (uint16_t)(at + 1), __ATOMIC_RELEASE);
}

void virtio_interrupt(struct virtio *v, unsigned int queue)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!(load16(v->queues[queue].avail_at) & AVAIL_NO_INTERRUPT))
		raise_irq(v, ISR_QUEUE);
}

/* --- registers --- */
static void reset(struct virtio *v)
{
	unsigned int i;

	for (i = 0; i < v->nr_queues; i++)
		v->queues[i] = (struct virtq){ .size = VIRTIO_QUEUE_SIZE };
	v->driver_features = v->status = v->isr = 0;
	v->feature_select = v->driver_feature_select = v->queue_select = 0;
	pci_irq(v->pci, &v->function, false);
}

static void set_status(struct virtio *v, uint8_t status)
{
	if (!status) {
		reset(v);
		return;
	}
	/* 3.1.1: features that were not offered, or no VERSION_1: FEATURES_OK does not stay. */
	if (status & STATUS_FEATURES_OK && (v->driver_features & ~v->features || !(v->driver_features & F_VERSION_1)))
		status &= (uint8_t)~STATUS_FEATURES_OK;
	v->status = (uint8_t)(status | (v->status & STATUS_NEEDS_RESET));
}

static void common_state(const struct virtio *v, uint8_t state[COMMON_SIZE])
{
	static const struct virtq none;
	const struct virtq *q = v->queue_select < v->nr_queues ? &v->queues[v->queue_select] : &none;
	uint32_t offered = v->feature_select < 2 ? (uint32_t)(v->features >> (32 * v->feature_select)) : 0;
	uint32_t taken = v->driver_feature_select < 2 ? (uint32_t)(v->driver_features >> (32 * v->driver_feature_select)) : 0;
	uint16_t no_vector = 0xffff, nr = (uint16_t)v->nr_queues, enabled = q->enabled;

	memcpy(state + 0x00, &v->feature_select, 4);
	memcpy(state + 0x04, &offered, 4);
	memcpy(state + 0x08, &v->driver_feature_select, 4);
	memcpy(state + 0x0c, &taken, 4);
	memcpy(state + 0x10, &no_vector, 2);
	memcpy(state + 0x12, &nr, 2);
	state[0x14] = v->status;
	state[0x15] = 0;	/* generation: the configuration never changes */
	memcpy(state + 0x16, &v->queue_select, 2);
	memcpy(state + 0x18, &q->size, 2);
	memcpy(state + 0x1a, &no_vector, 2);
	memcpy(state + 0x1c, &enabled, 2);
	memcpy(state + 0x1e, &v->queue_select, 2);	/* queue_notify_off */
	memcpy(state + 0x20, &q->desc, 8);
	memcpy(state + 0x28, &q->avail, 8);
	memcpy(state + 0x30, &q->used, 8);
}

static void half(uint64_t *value, bool high, uint32_t to)
{
	*value = high ? (*value & 0xffffffff) | (uint64_t)to << 32 : (*value & ~0xffffffffull) | to;
}

static void queue_write(struct virtio *v, struct virtq *q, unsigned int offset, uint32_t value)
{
	if (q->enabled)		/* 4.1.4.3.2: nothing of it changes any more */
		return;
	switch (offset) {
	case 0x18:
		if (value && value <= VIRTIO_QUEUE_SIZE && !(value & (value - 1)))
			q->size = (uint16_t)value;
		break;
	case 0x1c:
		if (value == 1)
			enable(v, q);
		break;
	case 0x20: case 0x24: half(&q->desc, offset & 4, value); break;
	case 0x28: case 0x2c: half(&q->avail, offset & 4, value); break;
	case 0x30: case 0x34: half(&q->used, offset & 4, value); break;
	}
}

static void common_write(struct virtio *v, unsigned int offset, uint32_t value)
{
	switch (offset) {
	case 0x00: v->feature_select = value; break;
	case 0x08: v->driver_feature_select = value; break;
	case 0x0c:
		if (v->driver_feature_select < 2 && !(v->status & STATUS_FEATURES_OK))
			half(&v->driver_features, v->driver_feature_select, value);
		break;
	case 0x14: set_status(v, (uint8_t)value); break;
	case 0x16: v->queue_select = (uint16_t)value; break;
	default:
		if (v->queue_select < v->nr_queues)
			queue_write(v, &v->queues[v->queue_select], offset, value);
	}
}

static void read_registers(struct virtio *v, unsigned int offset, unsigned int size, uint8_t *data)
{
	uint8_t state[COMMON_SIZE];

	memset(data, 0, size);
	if (offset + size <= COMMON_SIZE) {
		common_state(v, state);
		memcpy(data, state + offset, size);
	} else if (offset == AT_ISR) {
		data[0] = v->isr;
		v->isr = 0;
		pci_irq(v->pci, &v->function, false);
	} else if (offset >= AT_CONFIG && offset - AT_CONFIG + size <= sizeof(v->config)) {
		memcpy(data, v->config + (offset - AT_CONFIG), size);
	}
}

static void access_bar(void *device, unsigned int offset, bool write, unsigned int size, uint8_t *data)
{
	struct virtio *v = device;
	unsigned int queue = (offset - AT_NOTIFY) / NOTIFY_EACH;
	uint32_t value[2] = { 0 };

	if (!write) {
		read_registers(v, offset, size, data);
		return;
	}
	memcpy(value, data, size);
	if (offset + size <= COMMON_SIZE) {
		common_write(v, offset, value[0]);
		if (size == 8)
			common_write(v, offset + 4, value[1]);
	} else if (offset >= AT_NOTIFY && queue < v->nr_queues && v->queues[queue].enabled && v->status & STATUS_DRIVER_OK) {
		v->notify(v, queue);
	}
}

/* 4.1.4: where in BAR 0 what is. Answers where the next capability goes. */
static unsigned int add_capability(struct virtio *v, unsigned int at, uint8_t type, uint32_t offset, uint32_t length, uint8_t size)
{
	uint8_t *c = v->function.config + at;

	memcpy(c, (uint8_t[4]){ 9, (uint8_t)(at + size), size, type }, 4);
	memcpy(c + 8, &offset, 4);
	memcpy(c + 12, &length, 4);
	return at + size;
}

bool virtio_init(struct virtio *v, struct pci *pci, const struct ram *ram, unsigned int type, uint32_t class, unsigned int nr_queues,
		 uint64_t features)
{
	uint8_t *config = v->function.config;
	uint32_t id = 0x1af4 | (0x1040 + type) << 16, each = NOTIFY_EACH;
	unsigned int at = 0x40;

	v->pci = pci;
	v->ram = ram;
	v->features = features | F_VERSION_1;
	v->nr_queues = nr_queues;
	v->function.access = access_bar;
	v->function.device = v;
	memcpy(config, &id, 4);
	class = class << 8 | 1;		/* revision 1: not transitional */
	memcpy(config + 8, &class, 4);
	memcpy(config + 0x2c, &id, 4);
	config[6] = 0x10;		/* capabilities */
	config[0x34] = 0x40;
	at = add_capability(v, at, 1, AT_COMMON, COMMON_SIZE, 16);
	at = add_capability(v, at, 3, AT_ISR, 1, 16);
	at = add_capability(v, at, 4, AT_CONFIG, sizeof(v->config), 16);
	memcpy(config + at + 16, &each, 4);
	add_capability(v, at, 2, AT_NOTIFY, NOTIFY_EACH * nr_queues, 20);
	config[at + 1] = 0;		/* the last */
	reset(v);
	return pci_add(pci, &v->function);
}
