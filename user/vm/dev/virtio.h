/* SPDX-License-Identifier: GPL-2.0 */
/*
 * PCI (mechanism 1, one bus) and virtio 1.2 on it: modern devices with split queues and
 * INTx; no MSI-X, no indirect descriptors, no event index. What the guest writes is
 * copied once and checked then; what is malformed makes the device ask for a reset
 * (DEVICE_NEEDS_RESET), never the machine. kvm.c's lock is held over each call.
 * Next: pci.c, virtio.c; virtio_blk.c and the others are the devices.
 */
#ifndef UNDERPIN_VM_VIRTIO_H
#define UNDERPIN_VM_VIRTIO_H

#include <sys/uio.h>

#include "../vm.h"
#include "devices.h"

#define PCI_SLOTS 8
#define PCI_IRQ(slot) (16 + (slot))	/* IOAPIC pin; tables.c's _PRT says the same */
#define PCI_BAR_SIZE 0x1000u
#define PCI_BAR(slot) ((uint32_t)AT_PCI_WINDOW + (slot) * PCI_BAR_SIZE)

struct pci_device {
	uint8_t config[256], writable[256];	/* writable: bits that the guest may change */
	void (*access)(void *device, unsigned int offset, bool write, unsigned int size, uint8_t *data);	/* of BAR 0 */
	void *device;
	unsigned int slot;
	bool pending, line;
};

struct pci {
	const struct machine_ops *ops;
	uint32_t address;
	struct pci_device *slots[PCI_SLOTS], bridge;
};
void pci_init(struct pci *pci, const struct machine_ops *ops);
bool pci_attach(struct bus *bus, struct pci *pci);
/* The next slot; its BAR 0 and interrupt are set up as firmware would. False: the bus is full. */
bool pci_add(struct pci *pci, struct pci_device *device);
void pci_irq(struct pci *pci, struct pci_device *device, bool pending);
/* An access to memory where no RAM is. False: nobody's. */
bool pci_mmio(struct pci *pci, uint64_t gpa, bool write, unsigned int size, uint8_t *data);

#define VIRTIO_QUEUES 3
#define VIRTIO_QUEUE_SIZE 128

struct virtq {
	uint16_t size, last;	/* last: next entry of the available ring that is to be looked at */
	bool enabled;
	uint64_t desc, avail, used;
	uint8_t *desc_at, *avail_at, *used_at;	/* in host memory, once it is enabled */
};

/* What the driver gave: first what the device reads, then what it writes. */
struct chain {
	uint16_t head;
	struct iovec out[VIRTIO_QUEUE_SIZE], in[VIRTIO_QUEUE_SIZE];
	unsigned int nr_out, nr_in;
};

struct virtio {
	struct pci *pci;
	struct pci_device function;
	const struct ram *ram;
	uint64_t features, driver_features;
	uint32_t feature_select, driver_feature_select;
	uint16_t queue_select;
	uint8_t status, isr;
	struct virtq queues[VIRTIO_QUEUES];
	unsigned int nr_queues;
	uint8_t config[64];		/* of the device; read-only */
	void (*notify)(struct virtio *v, unsigned int queue);	/* the driver has added something */
	void *device;
	struct chain chain;		/* the one in work */
};
/* type: virtio 1.2, chapter 5; class: of PCI, 24 bits. The fields from config on are the caller's. */
bool virtio_init(struct virtio *v, struct pci *pci, const struct ram *ram, unsigned int type, uint32_t class, unsigned int nr_queues,
		 uint64_t features);
/* v->chain is the queue's next; false: none, or the device needs a reset. */
bool virtio_pop(struct virtio *v, unsigned int queue);
/* It is done; length bytes of in[] were written. */
void virtio_push(struct virtio *v, unsigned int queue, uint32_t length);
/* What was pushed is told to the driver. */
void virtio_interrupt(struct virtio *v, unsigned int queue);
void virtio_broken(struct virtio *v);

/* Bytes of a vector from `at` on: to or from a buffer (how many there were), its length, the part of it as a vector of its own. */
size_t iov_length(const struct iovec *iov, unsigned int n);
size_t iov_read(const struct iovec *iov, unsigned int n, size_t at, void *to, size_t size);
size_t iov_write(const struct iovec *iov, unsigned int n, size_t at, const void *from, size_t size);
unsigned int iov_part(const struct iovec *iov, unsigned int n, size_t at, size_t size, struct iovec part[VIRTIO_QUEUE_SIZE]);

/* --- devices --- */
/* A file, opened before the guest runs. */
struct disk {
	const char *name;
	int fd;
	uint64_t size;
	bool read_only;
};
bool disk_open(struct disk *disk, const char *name, bool read_only, struct problem *p);
/* All of it or false; nothing beyond its end. */
bool disk_io(const struct disk *disk, bool write, const struct iovec *iov, unsigned int n, uint64_t at);

struct virtio_blk {
	struct virtio v;
	struct disk *disk;
};
bool virtio_blk_init(struct virtio_blk *blk, struct pci *pci, const struct ram *ram, struct disk *disk);

/* A CD-ROM drive at target 0 of a virtio SCSI host (MMC-6, SPC-4: what Linux's sr asks for). */
struct virtio_scsi {
	struct virtio v;
	struct disk *disk;
	uint8_t sense[18];
};
bool virtio_scsi_init(struct virtio_scsi *scsi, struct pci *pci, const struct ram *ram, struct disk *disk);

#define NET_FRAME_MIN 14u	/* Ethernet's header */
#define NET_FRAME_MAX 1514u
struct virtio_net {
	struct virtio v;
	void (*send)(void *context, const uint8_t *frame, size_t n);	/* what the guest sends; may answer at once */
	void *context;
};
/* send and context are the caller's. */
bool virtio_net_init(struct virtio_net *net, struct pci *pci, const struct ram *ram, const uint8_t mac[6]);
/* To the guest; false: it has no buffer for it, or not yet a driver. */
bool virtio_net_receive(struct virtio_net *net, const uint8_t *frame, size_t n);

bool virtio_rng_init(struct virtio *v, struct pci *pci, const struct ram *ram);

bool virtio_console_init(struct virtio *v, struct pci *pci, const struct ram *ram);
/* How much of it was taken. */
size_t virtio_console_receive(struct virtio *v, const uint8_t *bytes, size_t n);

#endif
