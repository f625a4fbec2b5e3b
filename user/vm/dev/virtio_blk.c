// SPDX-License-Identifier: GPL-2.0
/* A file as a disk (virtio 1.2, 5.2), and what it has in common with the CD of virtio_scsi.c. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "virtio.h"

#define SECTOR 512u
#define DISK_REQUEST_MAX (32 * MIB)	/* drivers ask for 2 at most; the lock is held over it */
#define F_SEG_MAX (1ull << 2)
#define F_RO (1ull << 5)
#define F_FLUSH (1ull << 9)
enum { T_IN = 0, T_OUT = 1, T_FLUSH = 4, T_GET_ID = 8 };
enum { S_OK, S_IOERR, S_UNSUPP };

struct request_head {
	uint32_t type, reserved;
	uint64_t sector;
};

bool disk_open(struct disk *disk, const char *name, bool read_only, struct problem *p)
{
	struct stat st;

	disk->name = name;
	disk->read_only = read_only;
	disk->fd = open(name, (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC);
	if (disk->fd < 0 && (errno == EACCES || errno == EROFS) && !read_only)
		return problem(p, "%s: %s; a disk is written to: give one that you may write, or use --cdrom", name, strerror(errno));
	if (disk->fd < 0 || fstat(disk->fd, &st))
		return problem(p, "%s: %s", name, strerror(errno));
	if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
		return problem(p, "%s: is neither a file nor a block device", name);
	/* Two guests that write to it would make one ruin of it; it is the file's until it is closed. */
	if (!read_only && flock(disk->fd, LOCK_EX | LOCK_NB))
		return problem(p, "%s: another program has it (flock: %s); end that guest first", name, strerror(errno));
	disk->size = (uint64_t)lseek(disk->fd, 0, SEEK_END);
	if (!disk->size || disk->size % SECTOR)
		return problem(p, "%s: its %llu bytes are no whole number of sectors of 512 (truncate -s makes them one)", name,
			       (unsigned long long)disk->size);
	return true;
}

bool disk_io(const struct disk *disk, bool write, const struct iovec *iov, unsigned int n, uint64_t at)
{
	uint64_t length = iov_length(iov, n);
	struct iovec part[VIRTIO_QUEUE_SIZE];
	size_t done = 0;

	if (length > DISK_REQUEST_MAX || at > disk->size || length > disk->size - at || (write && disk->read_only))
		return false;
	while (done < length) {
		unsigned int nr = iov_part(iov, n, done, length - done, part);
		ssize_t now = write ? pwritev(disk->fd, part, (int)nr, (off_t)(at + done)) : preadv(disk->fd, part, (int)nr, (off_t)(at + done));

		if (now <= 0 && !(now < 0 && errno == EINTR))
			return false;
		done += now > 0 ? (size_t)now : 0;
	}
	return true;
}

static uint8_t transfer(struct virtio_blk *blk, bool write, uint64_t sector)
{
	const struct chain *c = &blk->v.chain;
	size_t length = write ? iov_length(c->out, c->nr_out) - sizeof(struct request_head) : iov_length(c->in, c->nr_in) - 1;
	struct iovec part[VIRTIO_QUEUE_SIZE];
	unsigned int n = write ? iov_part(c->out, c->nr_out, sizeof(struct request_head), length, part) :
				 iov_part(c->in, c->nr_in, 0, length, part);

	if (length % SECTOR || sector > blk->disk->size / SECTOR)
		return S_IOERR;
	return disk_io(blk->disk, write, part, n, sector * SECTOR) ? S_OK : S_IOERR;
}

static uint8_t serve(struct virtio_blk *blk, const struct request_head *head, size_t room)
{
	const struct chain *c = &blk->v.chain;
	static const char id[20] = "underpin-vm";

	switch (head->type) {
	case T_IN: return transfer(blk, false, head->sector);
	case T_OUT: return blk->disk->read_only ? S_IOERR : transfer(blk, true, head->sector);
	case T_FLUSH: return blk->disk->read_only || !fdatasync(blk->disk->fd) ? S_OK : S_IOERR;
	case T_GET_ID: return iov_write(c->in, c->nr_in, 0, id, room < sizeof(id) ? room : sizeof(id)) ? S_OK : S_IOERR;
	default: return S_UNSUPP;
	}
}

static void notify(struct virtio *v, unsigned int queue)
{
	unsigned int budget = VIRTIO_QUEUE_SIZE;

	while (budget-- && virtio_pop(v, queue)) {
		const struct chain *c = &v->chain;
		size_t room = iov_length(c->in, c->nr_in);
		struct request_head head;
		uint8_t status;

		if (iov_read(c->out, c->nr_out, 0, &head, sizeof(head)) != sizeof(head) || !room) {
			virtio_broken(v);
			return;
		}
		status = serve(v->device, &head, room - 1);
		iov_write(c->in, c->nr_in, room - 1, &status, 1);
		virtio_push(v, queue, (uint32_t)room);
		virtio_interrupt(v, queue);
	}
}

bool virtio_blk_init(struct virtio_blk *blk, struct pci *pci, const struct ram *ram, struct disk *disk)
{
	uint64_t sectors = disk->size / SECTOR;
	uint32_t seg_max = VIRTIO_QUEUE_SIZE - 2;

	blk->disk = disk;
	blk->v.notify = notify;
	blk->v.device = blk;
	memcpy(blk->v.config, &sectors, 8);
	memcpy(blk->v.config + 12, &seg_max, 4);
	return virtio_init(&blk->v, pci, ram, 2, 0x018000, 1, F_SEG_MAX | F_FLUSH | (disk->read_only ? F_RO : 0));
}
