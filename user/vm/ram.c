// SPDX-License-Identifier: GPL-2.0
/* Guest memory as banks; each address of a guest goes through ram_at(). */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "vm.h"

bool ram_add(struct ram *ram, uint64_t gpa, uint64_t size, struct problem *p)
{
	uint8_t *host;
	unsigned int i;

	for (i = 0; i < ram->nr_banks; i++)
		if (gpa < ram->banks[i].gpa + ram->banks[i].size && ram->banks[i].gpa < gpa + size)
			return problem(p, "memory bank at 0x%llx overlaps another", (unsigned long long)gpa);
	if (ram->nr_banks == ARRAY_SIZE(ram->banks))
		return problem(p, "more than %zu memory banks", ARRAY_SIZE(ram->banks));
	/* 2 MiB more, so that the bank can start where large pages can. */
	host = mmap(NULL, size + 2 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (host == MAP_FAILED)
		return problem(p, "cannot have %llu MiB for the guest: %s; give less --mem", (unsigned long long)(size / MIB), strerror(errno));
	i = (unsigned int)(-(uintptr_t)host & (2 * MIB - 1));
	if (i)
		munmap(host, i);
	if (2 * MIB - i)
		munmap(host + i + ((size + 4095) & ~4095ull), 2 * MIB - i);
	madvise(host + i, size, MADV_HUGEPAGE);
	ram->banks[ram->nr_banks++] = (struct bank){ gpa, size, host + i };
	return true;
}

bool ram_create(struct ram *ram, const struct plan *plan, struct problem *p)
{
	memset(ram, 0, sizeof(*ram));
	return ram_add(ram, 0, plan->low, p) && (!plan->high || ram_add(ram, AT_HIGH, plan->high, p));
}

void ram_destroy(struct ram *ram)
{
	while (ram->nr_banks) {
		ram->nr_banks--;
		munmap(ram->banks[ram->nr_banks].host, ram->banks[ram->nr_banks].size);
	}
}

void *ram_at(const struct ram *ram, uint64_t gpa, uint64_t size)
{
	unsigned int i;

	for (i = 0; i < ram->nr_banks; i++) {
		const struct bank *b = &ram->banks[i];

		if (gpa >= b->gpa && gpa - b->gpa < b->size && size <= b->size - (gpa - b->gpa))
			return b->host + (gpa - b->gpa);
	}
	return NULL;
}
