// SPDX-License-Identifier: GPL-2.0
/*
 * A CD-ROM drive (MMC-6, SPC-4) behind a virtio SCSI host (virtio 1.2, 5.6): target 0, LUN 0.
 * The commands are those of Linux's sr and cdrom; what else comes is an illegal request.
 */
#include <string.h>

#include "virtio.h"

#define SECTOR 2048u
#define CDB_SIZE 32
#define SENSE_SIZE 96
enum { CONTROL, EVENT, REQUEST };

struct request_head {
	uint8_t lun[8], tag[8], attribute, priority, crn, cdb[CDB_SIZE];
};
struct response_head {
	uint32_t sense_length, residual;
	uint16_t qualifier;
	uint8_t status, response, sense[SENSE_SIZE];
};
enum { RESPONSE_OK = 0, RESPONSE_BAD_TARGET = 3, CHECK_CONDITION = 2 };
/* Sense key, additional code. */
#define ILLEGAL_COMMAND 0x0520
#define OUT_OF_RANGE 0x0521
#define ILLEGAL_FIELD 0x0524
#define READ_ERROR 0x0311

static uint32_t be(const uint8_t *at, unsigned int bytes)
{
	uint32_t value = 0;

	while (bytes--)
		value = value << 8 | *at++;
	return value;
}

static void put_be(uint8_t *at, uint32_t value, unsigned int bytes)
{
	while (bytes--) {
		at[bytes] = (uint8_t)value;
		value >>= 8;
	}
}

/* The answer to a command: bytes of reply, or sense. */
struct answer {
	uint8_t reply[256];
	size_t size;		/* of reply */
	uint64_t from, length;	/* of the disc, in bytes, where it was read */
	uint16_t sense;		/* 0: good */
};

static size_t inquiry(const uint8_t *cdb, uint8_t *r)
{
	if (cdb[1] & 1) {	/* vital product data: the list of pages, or the serial number */
		r[0] = 5;
		r[1] = cdb[2];
		r[3] = cdb[2] ? 8 : 2;
		memcpy(r + 4, cdb[2] ? "UNDERPIN" : "\0\200", r[3]);
		return cdb[2] && cdb[2] != 0x80 ? 0 : 4u + r[3];
	}
	memcpy(r, (uint8_t[8]){ 5, 0x80, 5, 2, 31 }, 8);	/* CD-ROM, removable, SPC-3 */
	memcpy(r + 8, "UNDERPINCD-ROM          1.0 ", 28);
	return 36;
}

/* Two-track list of one data disc (MMC-6, 6.25): format 0; 1 is the session. */
static size_t read_toc(const uint8_t *cdb, uint32_t sectors, uint8_t *r)
{
	unsigned int format = cdb[2] & 0xf ? cdb[2] & 0xf : cdb[9] >> 6;

	if (format > 1 || (cdb[1] & 2 && sectors >> 24))
		return 0;
	memcpy(r, (uint8_t[12]){ 0, format ? 10 : 18, 1, 1, 0, 0x14, 1 }, 12);
	if (format)
		return 12;
	memcpy(r + 12, (uint8_t[4]){ 0, 0x14, 0xaa }, 4);
	put_be(r + 16, sectors, 4);
	if (cdb[1] & 2) {	/* as minutes, seconds and frames, from 2 s on */
		put_be(r + 8, 0x200, 4);
		sectors += 150;
		put_be(r + 16, sectors / 4500 << 16 | (sectors / 75 % 60) << 8 | sectors % 75, 4);
	}
	return 20;
}

static size_t mode_sense(const uint8_t *cdb, bool ten, uint8_t *r)
{
	size_t head = ten ? 8 : 4;

	if ((cdb[2] & 0x3f) != 0x2a && (cdb[2] & 0x3f) != 0x3f)
		return 0;
	/* Capabilities (MMC-6, E.3.3): reads CD-R and CD-RW, no audio, a tray that is locked and ejected, 4x. */
	memcpy(r + head, (uint8_t[22]){ 0x2a, 20, 3, 0, 0, 0, 0x29, 0, 2, 0xc2, 0, 2, 0, 0, 2, 0xc2 }, 22);
	put_be(r, (uint32_t)(head + 22 - (ten ? 2 : 1)), ten ? 2 : 1);
	return head + 22;
}

static void read_sectors(const struct disk *disk, uint32_t first, uint32_t count, struct answer *a)
{
	uint64_t sectors = disk->size / SECTOR;

	if (first > sectors || count > sectors - first)
		a->sense = OUT_OF_RANGE;
	a->from = (uint64_t)first * SECTOR;
	a->length = (uint64_t)count * SECTOR;
}

static void command(struct virtio_scsi *s, const uint8_t *cdb, struct answer *a)
{
	uint32_t sectors = (uint32_t)(s->disk->size / SECTOR), limit = 256;

	switch (cdb[0]) {
	case 0x00: case 0x1b: case 0x1e: return;	/* TEST UNIT READY, START STOP UNIT, PREVENT ALLOW REMOVAL */
	case 0x03:	/* REQUEST SENSE */
		memcpy(a->reply, s->sense, a->size = sizeof(s->sense));
		limit = cdb[4];
		break;
	case 0x12: a->size = inquiry(cdb, a->reply); limit = be(cdb + 3, 2); break;
	case 0x1a: a->size = mode_sense(cdb, false, a->reply); limit = cdb[4]; break;
	case 0x5a: a->size = mode_sense(cdb, true, a->reply); limit = be(cdb + 7, 2); break;
	case 0x25:	/* READ CAPACITY (10) */
		put_be(a->reply, sectors - 1, 4);
		put_be(a->reply + 4, SECTOR, 4);
		a->size = 8;
		break;
	case 0x28: read_sectors(s->disk, be(cdb + 2, 4), be(cdb + 7, 2), a); return;
	case 0xa8: read_sectors(s->disk, be(cdb + 2, 4), be(cdb + 6, 4), a); return;
	case 0x43: a->size = read_toc(cdb, sectors, a->reply); limit = be(cdb + 7, 2); break;
	case 0x4a:	/* GET EVENT STATUS NOTIFICATION: nothing new, a disc is in */
		if (!(cdb[1] & 1))
			break;
		memcpy(a->reply, (uint8_t[8]){ 0, 6, 4, 0x10, 0, 2 }, a->size = 8);
		limit = be(cdb + 7, 2);
		break;
	case 0x46:	/* GET CONFIGURATION: profile CD-ROM, no features */
		memcpy(a->reply, (uint8_t[8]){ 0, 0, 0, 4, 0, 0, 0, 8 }, a->size = 8);
		limit = be(cdb + 7, 2);
		break;
	case 0x51:	/* READ DISC INFORMATION: finished, one session, one track */
		memcpy(a->reply, (uint8_t[34]){ 0, 32, 0x0e, 1, 1, 1, 1 }, a->size = 34);
		limit = be(cdb + 7, 2);
		break;
	case 0xa0:	/* REPORT LUNS: LUN 0 */
		a->reply[3] = 8;
		a->size = 16;
		limit = be(cdb + 6, 4);
		break;
	default: a->sense = ILLEGAL_COMMAND; return;
	}
	if (!a->size)
		a->sense = ILLEGAL_FIELD;
	a->size = a->size < limit ? a->size : limit;
}

static void set_sense(struct virtio_scsi *s, uint16_t sense)
{
	memcpy(s->sense, (uint8_t[18]){ 0x70, 0, (uint8_t)(sense >> 8), 0, 0, 0, 0, 10 }, 18);
	s->sense[12] = (uint8_t)sense;
}

/* To the driver's buffers behind the response; how many bytes. */
static uint32_t give(struct virtio_scsi *s, struct answer *a, size_t room)
{
	const struct chain *c = &s->v.chain;
	struct iovec part[VIRTIO_QUEUE_SIZE];
	unsigned int n;

	if (a->sense)
		return 0;
	if (!a->length)
		return (uint32_t)iov_write(c->in, c->nr_in, sizeof(struct response_head), a->reply, a->size);
	a->length = a->length < room ? a->length : room;
	n = iov_part(c->in, c->nr_in, sizeof(struct response_head), a->length, part);
	if (disk_io(s->disk, false, part, n, a->from))
		return (uint32_t)a->length;
	a->sense = READ_ERROR;
	return 0;
}

static void serve(struct virtio_scsi *s, const struct request_head *head, size_t room)
{
	static const uint8_t lun0[4] = { 1, 0, 0, 0 };
	struct response_head r = { 0 };
	struct answer a = { 0 };
	uint32_t given = 0;

	if (memcmp(head->lun, lun0, 4) && (head->lun[0] != 1 || head->lun[1] || head->lun[2] != 0x40 || head->lun[3])) {
		r.response = RESPONSE_BAD_TARGET;
	} else {
		command(s, head->cdb, &a);
		given = give(s, &a, room);
		r.residual = (uint32_t)(room - given);
		if (head->cdb[0] != 3)
			set_sense(s, a.sense);
		if (a.sense) {
			r.status = CHECK_CONDITION;
			r.sense_length = sizeof(s->sense);
			memcpy(r.sense, s->sense, sizeof(s->sense));
		}
	}
	iov_write(s->v.chain.in, s->v.chain.nr_in, 0, &r, sizeof(r));
	virtio_push(&s->v, REQUEST, (uint32_t)sizeof(r) + given);
}

static void notify(struct virtio *v, unsigned int queue)
{
	unsigned int budget = VIRTIO_QUEUE_SIZE;
	const struct chain *c = &v->chain;

	if (queue == EVENT)	/* no events: the buffers stay where they are */
		return;
	while (budget-- && virtio_pop(v, queue)) {
		size_t room = iov_length(c->in, c->nr_in);
		struct request_head head;

		if (queue == CONTROL) {		/* task management: nothing is ever outstanding, so it is done */
			virtio_push(v, queue, (uint32_t)iov_write(c->in, c->nr_in, 0, "\0\0\0\0", room < 4 ? room : 4));
		} else if (iov_read(c->out, c->nr_out, 0, &head, sizeof(head)) != sizeof(head) || room < sizeof(struct response_head)) {
			virtio_broken(v);
			return;
		} else {
			serve(v->device, &head, room - sizeof(struct response_head));
		}
		virtio_interrupt(v, queue);
	}
}

bool virtio_scsi_init(struct virtio_scsi *scsi, struct pci *pci, const struct ram *ram, struct disk *disk)
{
	uint32_t words[7] = { 1, VIRTIO_QUEUE_SIZE - 2, 0xffff, 1, 16, SENSE_SIZE, CDB_SIZE };

	_Static_assert(sizeof(struct request_head) == 51 && sizeof(struct response_head) == 108, "virtio 1.2, 5.6.6.1");
	scsi->disk = disk;
	scsi->v.notify = notify;
	scsi->v.device = scsi;
	memcpy(scsi->v.config, words, sizeof(words));	/* no channel, target or LUN but 0 */
	return virtio_init(&scsi->v, pci, ram, 8, 0x010000, 3, 0);
}
