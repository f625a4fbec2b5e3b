// SPDX-License-Identifier: MIT
/*
 * D6: the page walker against KVM's own (KVM_TRANSLATE), in the machine: random page tables of each kind, of which the
 * same address has to be found, or not, by both. TAP without a plan; the argument is the number of tables of each kind.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../vm.h"

#define TABLES 32u		/* pages 0 to 31 of the guest: tables; all others are what they may map */
#define RAM_SIZE (4 * MIB)
#define P 1ull
#define PS 0x80ull

static unsigned int seed = 20261128;
static uint64_t random64(void)
{
	return (uint64_t)rand_r(&seed) << 42 ^ (uint64_t)rand_r(&seed) << 21 ^ (uint64_t)rand_r(&seed);
}

static const struct kind { const char *name; struct walk_state state; unsigned int levels, index_bits; } kinds[] = {
	{ "4-level", { 0x80050033, 0, 0x20, 0x500 }, 4, 9 },
	{ "PAE", { 0x80050033, 0, 0x20, 0 }, 3, 9 },
	{ "32-bit with large pages", { 0x80050033, 0, 0x10, 0 }, 2, 10 },
	{ "32-bit without", { 0x80050033, 0, 0, 0 }, 2, 10 },
	{ "no paging", { 0x50033, 0, 0, 0 }, 0, 9 },
};

/* Of all entries a part is present, of these a part a large page; few reserved bits, since those make a fault of KVM's only. */
static uint64_t entry(const struct kind *k, unsigned int level)
{
	uint64_t e = (random64() % TABLES) << 12 | 0x66 | (random64() & 7 ? P : 0);

	if (level == 1)
		return (random64() % (RAM_SIZE >> 12)) << 12 | 0x66 | (e & P);
	if (k->levels == 3 && level == 3)	/* a PDPTE: its other bits are reserved */
		return (e & ~0xfffull) | P;
	if (level > 3 || (level == 3 && !(random64() & 1)) || random64() & 1)
		return e;
	return PS | (e & 0xfff) | (random64() & 3) << (k->levels == 2 ? 22 : level == 3 ? 30 : 21);
}

/* A tree of TABLES pages: each level has a share of them, so that an entry always leads one level down. */
static void fill(uint8_t *ram, const struct kind *k)
{
	unsigned int share = k->levels ? TABLES / k->levels : 0, t, i, level;

	memset(ram, 0, TABLES * 4096);
	for (t = 0; t < share * k->levels; t++) {
		level = k->levels - t / share;
		for (i = 0; i < 512u << (k->index_bits - 9); i++) {
			uint64_t e = entry(k, level);

			if (level > 1 && !(e & PS))
				e = (e & ~(0xfffull << 12)) | (uint64_t)((k->levels - level + 1) * share + random64() % share) << 12;
			if (k->levels == 3 && level == 3 && i >= 4)
				break;
			if (k->levels == 2)
				memcpy(ram + t * 4096 + 4 * i, &e, 4);
			else
				memcpy(ram + t * 4096 + 8 * i, &e, 8);
		}
	}
}

static bool set_state(int vcpu, const struct kind *k)
{
	struct kvm_segment data = { .limit = ~0u, .selector = 0x18, .type = 3, .present = 1, .db = 1, .s = 1, .g = 1 };
	struct kvm_sregs s;

	if (ioctl(vcpu, KVM_GET_SREGS, &s))
		return false;
	s.ds = s.es = s.ss = s.fs = s.gs = data;
	s.cs = data;
	s.cs.selector = 0x10;
	s.cs.type = 0xb;
	s.cs.l = !!(k->state.efer & 0x400);
	s.cs.db = !s.cs.l;
	s.cr0 = k->state.cr0;
	s.cr3 = k->state.cr3;
	s.cr4 = k->state.cr4;
	s.efer = k->state.efer;
	return !ioctl(vcpu, KVM_SET_SREGS, &s);
}

/* How many of the addresses are mapped, or -1: the two do not agree. */
static int compare(int vcpu, const struct ram *ram, const struct kind *k)
{
	int i, mapped = 0;

	for (i = 0; i < 40; i++) {
		uint64_t gva = random64();
		struct kvm_translation kvm = { 0 };
		struct walk walk;
		bool ours;

		/* In long mode both halves, else 32 bits; without paging where RAM is and behind it. */
		gva = k->levels == 4 ? (uint64_t)((int64_t)(gva << 16) >> 16) : k->levels ? gva & 0xffffffff : gva % (2 * RAM_SIZE);
		kvm.linear_address = gva;
		ours = page_walk(ram, &k->state, gva, &walk);
		if (ioctl(vcpu, KVM_TRANSLATE, &kvm)) {
			printf("# KVM_TRANSLATE: %s\n", strerror(errno));
			return -1;
		}
		if (ours != !!kvm.valid || (ours && walk.gpa != kvm.physical_address)) {
			printf("# %s: %llx: ours %s %llx, KVM's %s %llx\n", k->name, (unsigned long long)gva, ours ? "is" : "is not",
			       (unsigned long long)walk.gpa, kvm.valid ? "is" : "is not", (unsigned long long)kvm.physical_address);
			return -1;
		}
		mapped += ours;
	}
	return mapped;
}

int main(int argc, char **argv)
{
	struct { struct kvm_cpuid2 head; struct kvm_cpuid_entry2 entries[256]; } *id = calloc(1, sizeof(*id));
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC), vm = ioctl(kvm, KVM_CREATE_VM, 0);
	unsigned int rounds = argc > 1 ? (unsigned int)atoi(argv[1]) : 20, i, r;
	struct kvm_userspace_memory_region slot;
	struct problem p = { "" };
	struct ram ram = { 0 };
	int vcpu, bad = 0;

	if (!id || vm < 0 || !ram_add(&ram, 0, RAM_SIZE, &p))
		return 2;
	slot = (struct kvm_userspace_memory_region){ .memory_size = RAM_SIZE, .userspace_addr = (uintptr_t)ram.banks[0].host };
	vcpu = ioctl(vm, KVM_SET_USER_MEMORY_REGION, &slot) ? -1 : ioctl(vm, KVM_CREATE_VCPU, 0);
	id->head.nent = 256;
	if (vcpu < 0 || ioctl(kvm, KVM_GET_SUPPORTED_CPUID, &id->head) || ioctl(vcpu, KVM_SET_CPUID2, &id->head))
		return 2;
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		int mapped = 0, now = 0;

		for (r = 0; now >= 0 && r < rounds; r++) {
			fill(ram.banks[0].host, &kinds[i]);
			now = set_state(vcpu, &kinds[i]) ? compare(vcpu, &ram, &kinds[i]) : -1;
			mapped += now;
		}
		/* Something has to be there, and something not. */
		now = now >= 0 && mapped > (int)rounds && mapped < 40 * (int)rounds + (kinds[i].levels == 0);
		printf("%sok - D6: %s: page_walk() says what KVM_TRANSLATE says, of %u addresses of which %d are mapped\n", now ? "" : "not ",
		       kinds[i].name, 40 * rounds, mapped);
		bad |= !now;
	}
	return bad;
}
