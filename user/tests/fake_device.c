// SPDX-License-Identifier: MIT
/*
 * LD_PRELOAD: a /dev/underpin that a test can script. FAKE_OPEN=errno makes
 * open() fail, FAKE_REGISTER=errno the registration. It answers fixed values,
 * and for a registration checks what the module would (RULES 16): that each
 * page is present, anonymous and has the rights of its section. PALs then run
 * as ordinary code; where VMCALL faults, a signal handler serves them.
 *
 * Structures are taken and answered by their sizes, as module/user_struct.h does.
 * FAKE_OLDER=n: a module whose structures are n bytes shorter; FAKE_NEWER=n: longer.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/underpin.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <underpin/pal_services.h>
#include <unistd.h>

static int forced(const char *name)
{
	const char *value = getenv(name);

	return value ? atoi(value) : 0;
}

int open(const char *path, int flags, ...)
{
	va_list args;
	int mode;

	va_start(args, flags);
	mode = va_arg(args, int);
	va_end(args);
	if (strcmp(path, UNDERPIN_DEVICE))
		return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
	if (forced("FAKE_OPEN")) {
		errno = forced("FAKE_OPEN");
		return -1;
	}
	return (int)syscall(SYS_openat, AT_FDCWD, "/dev/null", flags, 0);
}

/* What /proc/self/smaps says of the mapping that holds the address. */
static int check_section(const struct underpin_section *s)
{
	unsigned long long start, end, private_dirty = 0, size = 0;
	char line[512], rights[8] = "", flags[512] = "";
	int inside = 0, wanted_x = s->type == UNDERPIN_SECTION_CODE;
	int wanted_w = s->type != UNDERPIN_SECTION_CODE && s->type != UNDERPIN_SECTION_RODATA;
	FILE *smaps = fopen("/proc/self/smaps", "r");
	char r[8];

	while (smaps && fgets(line, sizeof(line), smaps)) {
		if (sscanf(line, "%llx-%llx %7s", &start, &end, r) == 3 && strchr(line, '-') < strchr(line, ' ')) {
			inside = s->addr >= start && s->addr < end;
			if (inside) {
				strcpy(rights, r);
				size = end - start;
			}
		}
		if (inside) {
			sscanf(line, "Private_Dirty: %llu kB", &private_dirty);
			if (!strncmp(line, "VmFlags:", 8))
				strcpy(flags, line);
		}
	}
	if (smaps)
		fclose(smaps);
	fprintf(stderr, "fake: section type %u, %llu pages, rights %s, private %d, not for children %d\n", s->type,
		(unsigned long long)s->size / 4096, rights, private_dirty * 1024 >= size && size >= s->size,
		strstr(flags, " dc") != NULL);
	if (rights[0] != 'r' || (rights[1] == 'w') != wanted_w || (rights[2] == 'x') != wanted_x || rights[3] != 'p')
		return -1;
	if (private_dirty * 1024 < size || size < s->size)
		return -1;
	return (strstr(flags, " dc") != NULL) == (s->type != UNDERPIN_SECTION_SHARED) ? 0 : -1;
}

static uint32_t next_id = 7;

/* The module's copy of the caller's structure. */
static union {
	uint32_t size;
	struct underpin_pal_register reg;
	struct underpin_pal_get_info get;
	struct underpin_pal_lend lend;
	struct underpin_pal_take_back take;
	struct underpin_status status;
	struct underpin_stats stats;
	struct underpin_log log;
	struct underpin_pal_list pals;
	struct underpin_certificate certificate;
	unsigned char bytes[65536];
} known;

static int struct_in(const void *from, size_t size)
{
	uint32_t given = *(const uint32_t *)from, i;

	size += (size_t)forced("FAKE_NEWER") - (size_t)forced("FAKE_OLDER");
	memset(&known, 0, sizeof(known));
	if (given < 8 || given > sizeof(known)) {
		errno = EINVAL;
		return -1;
	}
	for (i = (uint32_t)size; i < given; i++)
		if (((const unsigned char *)from)[i]) {
			errno = E2BIG;
			return -1;
		}
	memcpy(&known, from, given < size ? given : size);
	known.size = given < size ? given : (uint32_t)size;
	if (forced("FAKE_SIZES"))
		fprintf(stderr, "fake: size %u of %zu\n", given, size);
	return 0;
}

static int struct_out(void *to)
{
	memcpy(to, &known, known.size);
	return 0;
}

/*
 * Where a call began, for PAL_SVC_EXIT: each entry point has a breakpoint. What is under it is put back for
 * one step.
 */
#define TRAP_FLAG 0x100
static struct { unsigned char *at, byte; } traps[16];
static unsigned int nr_traps;
static gregset_t began;
static unsigned char *stepped;

static void set_trap(unsigned char *at)
{
	unsigned char *page = (unsigned char *)((uintptr_t)at & ~4095ul);

	if (!getenv("FAKE_SERVICES") || nr_traps == 16)
		return;
	mprotect(page, 8192, PROT_READ | PROT_WRITE | PROT_EXEC);
	traps[nr_traps].at = at;
	traps[nr_traps++].byte = *at;
	*at = 0xcc;
}

static void at_trap(int number, siginfo_t *info, void *context)
{
	greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;
	unsigned int i;

	(void)number, (void)info;
	if (stepped) {
		*stepped = 0xcc;
		stepped = NULL;
		r[REG_EFL] &= ~TRAP_FLAG;
		return;
	}
	for (i = 0; i < nr_traps; i++)
		if (traps[i].at == (unsigned char *)r[REG_RIP] - 1) {
			r[REG_RIP]--;
			memcpy(began, r, sizeof(began));
			stepped = traps[i].at;
			*stepped = traps[i].byte;
			r[REG_EFL] |= TRAP_FLAG;
		}
}

/* As libunderpin's stub: -1, errno, and what the ABI says a function keeps. */
static void end_call(greg_t *r, int error)
{
	memcpy(r, began, sizeof(began));
	r[REG_RIP] = *(greg_t *)r[REG_RSP];
	r[REG_RSP] += 8;
	r[REG_RAX] = -1;
	errno = error;
}

/* What is lent is copied into the window, and back when it is taken back. */
static uint64_t stub, lent_size;
static struct underpin_section window;
static struct { void *from; uint64_t at, size; } lent[8];
static unsigned int nr_lent;

static int lend(struct underpin_pal_lend *l)
{
	if ((l->addr | l->length) % 4096 || !l->length) {
		errno = EINVAL;
		return -1;
	}
	if (l->length > window.size - lent_size || nr_lent == 8) {
		errno = E2BIG;
		return -1;
	}
	l->offset = lent_size;
	lent[nr_lent].from = (void *)(uintptr_t)l->addr;
	lent[nr_lent].at = window.addr + lent_size;
	lent[nr_lent].size = l->length;
	memcpy((void *)(uintptr_t)lent[nr_lent].at, lent[nr_lent].from, l->length);
	nr_lent++;
	lent_size += l->length;
	return 0;
}

static void take_back(void)
{
	while (nr_lent--)
		memcpy(lent[nr_lent].from, (void *)(uintptr_t)lent[nr_lent].at, lent[nr_lent].size);
	nr_lent = 0;
	lent_size = 0;
}

static int do_register(struct underpin_pal_register *r)
{
	const struct underpin_section *s = (void *)(uintptr_t)r->sections;
	const struct underpin_entry *e = (void *)(uintptr_t)r->entries;
	uint32_t i;
	int fd;

	if (forced("FAKE_REGISTER")) {
		errno = forced("FAKE_REGISTER");
		return -1;
	}
	stub = r->stub;
	for (i = 0; i < r->nr_sections; i++)
		if (s[i].type == UNDERPIN_SECTION_WINDOW)
			window = s[i];
		else if (check_section(&s[i])) {
			fprintf(stderr, "fake: section %u is not as RULES 16 wants it\n", i);
			errno = EINVAL;
			return -1;
		}
	for (i = 0; i < r->nr_entries; i++)
		fprintf(stderr, "fake: entry %u, %u parameters, offset %llu\n", i, e[i].nr_params,
			(unsigned long long)(e[i].addr - s[0].addr));
	if (!r->stub) {
		errno = EINVAL;
		return -1;
	}
	for (i = 0; i < r->nr_entries; i++)
		set_trap((void *)(uintptr_t)e[i].addr);
	fd = (int)syscall(SYS_openat, AT_FDCWD, "/dev/zero", O_RDWR, 0);
	r->id = next_id++;
	memset(r->measurement, 0xab, sizeof(r->measurement));
	return fd;
}

static void fill_info(struct underpin_pal_info *p, uint32_t id)
{
	memset(p, 0, sizeof(*p));
	p->id = id;
	p->state = 4;
	p->owner_pid = 123;
	p->nr_pages = 9;
	p->calls = 1ull << 40;
	memset(p->measurement, 0xab, sizeof(p->measurement));
	memcpy(p->name, "odd \"name\" \xff\x01", 13);
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *p;

	(void)fd;
	va_start(args, request);
	p = va_arg(args, void *);
	va_end(args);
	if (request == UNDERPIN_PAL_REGISTER) {
		int pal;

		if (struct_in(p, sizeof(known.reg)))
			return -1;
		pal = do_register(&known.reg);
		return pal < 0 ? -1 : (struct_out(p), pal);
	}
	if (request == UNDERPIN_PAL_LEND)
		return forced("FAKE_LEND") ? (errno = forced("FAKE_LEND"), -1) :
		       struct_in(p, sizeof(known.lend)) || lend(&known.lend) ? -1 : struct_out(p);
	if (request == UNDERPIN_PAL_TAKE_BACK) {
		if (forced("FAKE_TAKE_BACK"))
			return errno = forced("FAKE_TAKE_BACK"), -1;
		if (struct_in(p, sizeof(known.take)))
			return -1;
		take_back();
		return struct_out(p);
	}
	if (request == UNDERPIN_GET_STATUS) {
		struct underpin_status *s = &known.status;

		if (struct_in(p, sizeof(*s)))
			return -1;
		s->version = 0x010203;
		s->nr_cpus = 2;
		s->nr_under_core = forced("FAKE_UNDER_CORE") ? forced("FAKE_UNDER_CORE") : 2;
		s->nr_online = 2;
		s->tsc_khz = 2000000;
		s->longest_root = 40000;
		s->longest_reason = 18;
		s->pool_pages = 600;
		s->root_kind = UNDERPIN_ROOT_FILE;
		memset(s->build_id, 0x5a, sizeof(s->build_id));
		return struct_out(p);
	}
	if (request == UNDERPIN_GET_STATS) {
		struct underpin_stats *s = &known.stats;
		uint32_t i;

		if (struct_in(p, sizeof(*s)))
			return -1;
		for (i = 0; i < UNDERPIN_NR_REASONS && forced("FAKE_ALL_REASONS"); i++)
			s->reason[i] = (struct underpin_exit_stat){ 1, 1, 1, 1 };
		s->reason[10] = (struct underpin_exit_stat){ 4, 400, 50, 150 };
		s->reason[79] = (struct underpin_exit_stat){ 1ull << 33, 1ull << 43, 1000, 2000 };
		return struct_out(p);
	}
	if (request == UNDERPIN_GET_LOG) {
		struct underpin_log *l = &known.log;
		static const uint64_t seqs[] = { 5, 6, 9 };
		uint32_t i;

		if (struct_in(p, sizeof(*l)))
			return -1;
		for (i = 0; i < 3; i++)
			if (seqs[i] >= l->first) {
				struct underpin_log_record *r = &l->record[l->nr++];

				*r = (struct underpin_log_record){ seqs[i], seqs[i] * 2000000000ull, 1, 6, "" };
				snprintf(r->text, sizeof(r->text), "record %u", (unsigned int)seqs[i]);
			}
		l->first = 10;
		return struct_out(p);
	}
	if (request == UNDERPIN_GET_PALS) {
		struct underpin_pal_list *l = &known.pals;

		if (struct_in(p, sizeof(*l)))
			return -1;
		if (l->first <= 3) {
			fill_info(&l->pal[0], 1);
			fill_info(&l->pal[1], 3);
			l->nr = 2;
		}
		l->first = 4;
		return struct_out(p);
	}
	if (request == UNDERPIN_GET_CERTIFICATE && getenv("FAKE_CERTIFICATE"))
		return struct_in(p, sizeof(known.certificate)) ? -1 : (known.certificate.attest_size = 147, struct_out(p));
	if (request == UNDERPIN_GET_CERTIFICATE) {
		errno = ENODATA;
		return -1;
	}
	if (request == UNDERPIN_PAL_GET_INFO) {
		char path[64], link[64] = "";

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		if (readlink(path, link, sizeof(link) - 1) < 0 || strcmp(link, "/dev/zero")) {
			errno = ENOTTY;
			return -1;
		}
		if (struct_in(p, sizeof(known.get)))
			return -1;
		fill_info(&known.get.info, next_id - 1);
		return struct_out(p);
	}
	errno = ENOTTY;
	return -1;
}

/* Not sealed at all: the same sizes and errors. Whose it is: FAKE_SELF, one character. */
struct fake_blob {
	char magic[8];
	uint32_t size, sum;
	char self;
	unsigned char data[];
};

static uint32_t sum_of(const unsigned char *data, uint32_t size)
{
	uint32_t sum = 1;

	while (size--)
		sum = sum * 31 + *data++;
	return sum;
}

static char self(void)
{
	const char *s = getenv("FAKE_SELF");

	return s ? *s : 'a';
}

static long seal(struct pal_seal *r)
{
	struct fake_blob *b = (void *)(uintptr_t)r->blob;

	if (r->blob_size < r->data_size + PAL_SEAL_OVERHEAD)
		return -EMSGSIZE;
	memset(b, 0, r->data_size + PAL_SEAL_OVERHEAD);
	memcpy(b->magic, "UPSEALED", 8);
	b->size = r->data_size;
	b->self = self();
	memcpy(b->data, (void *)(uintptr_t)r->data, r->data_size);
	b->sum = sum_of(b->data, b->size);
	r->blob_size = r->data_size + PAL_SEAL_OVERHEAD;
	return 0;
}

static long unseal(struct pal_unseal *r)
{
	const struct fake_blob *b = (const void *)(uintptr_t)r->blob;

	if (r->blob_size < PAL_SEAL_OVERHEAD || memcmp(b->magic, "UPSEALED", 8) || b->size + PAL_SEAL_OVERHEAD != r->blob_size)
		return -EINVAL;
	if (getenv("FAKE_STALE"))
		return -ESTALE;
	if (b->sum != sum_of(b->data, b->size))
		return -EBADMSG;
	if (b->self != self())
		return -EACCES;
	if (r->data_size < b->size)
		return -EMSGSIZE;
	memcpy((void *)(uintptr_t)r->data, b->data, b->size);
	r->data_size = b->size;
	return 0;
}

static gregset_t asked;

/* As the core: to the owner's stub, and back when that answers. One at a time. */
static void ask(greg_t *r)
{
	memcpy(asked, r, sizeof(asked));
	r[REG_RSP] = ((r[REG_RSP] - 256) & ~15ll) - 8;
	r[REG_RAX] = 0x10000 + r[REG_RDI];
	r[REG_RDI] = (greg_t)(0x777ull << 16 | (next_id - 1));
	r[REG_RIP] = (greg_t)stub;
}

static void answer(greg_t *r)
{
	greg_t rax = r[REG_RDI] == (greg_t)(0x777ull << 16 | (next_id - 1)) ? r[REG_RSI] : -EACCES;

	memcpy(r, asked, sizeof(asked));
	r[REG_RAX] = rax;
}

static void serve(int number, siginfo_t *info, void *context)
{
	greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;

	(void)info;
	if (memcmp((void *)r[REG_RIP], "\x0f\x01\xc1", 3)) {
		signal(number, SIG_DFL);
		return;
	}
	r[REG_RIP] += 3;
	switch (r[REG_RAX]) {
	case 0x55500100:
		r[REG_RAX] = getrandom((void *)r[REG_RDI], (size_t)r[REG_RSI], 0) == r[REG_RSI] ? 0 : -EIO;
		break;
	case 0x55500102:
		fill_info((void *)r[REG_RDI], next_id - 1);
		r[REG_RAX] = 0;
		break;
	case PAL_SVC_SEAL:
		r[REG_RAX] = seal((void *)r[REG_RDI]);
		break;
	case PAL_SVC_UNSEAL:
		r[REG_RAX] = unseal((void *)r[REG_RDI]);
		break;
	case PAL_SVC_OCALL:
		ask(r);
		break;
	case 0x55500001:
		answer(r);
		break;
	case PAL_SVC_EXIT:
		end_call(r, (int)r[REG_RDI]);
		break;
	default:
		r[REG_RAX] = -ENOSYS;
	}
}

__attribute__((constructor)) static void begin(void)
{
	struct sigaction action = { .sa_sigaction = serve, .sa_flags = SA_SIGINFO };

	if (!getenv("FAKE_SERVICES"))
		return;
	action.sa_sigaction = at_trap;
	sigaction(SIGTRAP, &action, NULL);
	action.sa_sigaction = serve;
	sigaction(SIGILL, &action, NULL);
	sigaction(SIGSEGV, &action, NULL);
}
