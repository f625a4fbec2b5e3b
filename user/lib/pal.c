// SPDX-License-Identifier: MIT
/*
 * Registering a PAL. The module takes only pages that are anonymous and this
 * process' own (RULES 16), but a program's text is a private mapping of its
 * file: so each page is written back to itself first, which makes the kernel
 * copy it. After that a page stays what it is until the PAL is closed.
 *
 * The pages of a closed PAL are zeros, code too. A PAL from a table is filled
 * again from a copy of what the linker made, so it can be registered again.
 */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "include/underpin.h"
#include "internal.h"

#define PAGE 4096ull

static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;

/* Pages that children do not get, until underpin_pal_stop() ends their PAL. */
struct kept {
	struct kept *next;
	int pal;
	pid_t owner;		/* a child that stops its copy has not these pages */
	unsigned int nr;
	struct {
		void *start;
		size_t size;
	} range[UNDERPIN_MAX_SECTIONS];
};

static pthread_mutex_t kept_lock = PTHREAD_MUTEX_INITIALIZER;
static struct kept *kept_list;

static void give_back(struct kept *kept)
{
	unsigned int i;

	/* What is not mapped any more needs nothing. */
	for (i = 0; kept && kept->owner == getpid() && i < kept->nr; i++)
		madvise(kept->range[i].start, kept->range[i].size, MADV_DOFORK);
	free(kept);
}

static struct kept *kept_take(int pal)
{
	struct kept **at, *kept;

	pthread_mutex_lock(&kept_lock);
	for (at = &kept_list; *at && (*at)->pal != pal; at = &(*at)->next)
		;
	kept = *at;
	if (kept)
		*at = kept->next;
	pthread_mutex_unlock(&kept_lock);
	return kept;
}

/* pal: what do_register() returned. A record of the same number is one of a PAL that close(2) ended. */
static int kept_until_stop(struct kept *kept, int pal)
{
	int error = errno;

	if (pal < 0) {
		give_back(kept);
		errno = error;
		return pal;
	}
	free(kept_take(pal));
	kept->pal = pal;
	pthread_mutex_lock(&kept_lock);
	kept->next = kept_list;
	kept_list = kept;
	pthread_mutex_unlock(&kept_lock);
	return pal;
}

static struct kept *kept_new(const char *name)
{
	struct kept *kept = calloc(1, sizeof(*kept));

	if (!kept)
		underpin_fail(ENOMEM, "out of memory for PAL '%s'", name);
	else
		kept->owner = getpid();
	return kept;
}

static int rights_of(__u32 type)
{
	switch (type) {
	case UNDERPIN_SECTION_CODE:
		return PROT_READ | PROT_EXEC;
	case UNDERPIN_SECTION_RODATA:
		return PROT_READ;
	default:
		return PROT_READ | PROT_WRITE;
	}
}

/*
 * Make the pages of one section private, anonymous and present; fill them from
 * contents, if given. A fork would share the pages copy-on-write, so a child
 * does not get them at all. They stay in core dumps on purpose: a dump shows
 * the zeros that Linux sees, where a hole would show the file's contents.
 */
static int own_pages(const struct underpin_section *s, const char *contents, struct kept *kept)
{
	char *start = (char *)(uintptr_t)s->addr;
	volatile char *page;
	__u64 i;

	if (s->addr % PAGE || s->size % PAGE || !s->size)
		return underpin_fail(EINVAL,
			"section at 0x%llx, size 0x%llx: a section must begin and end at a page (4096 bytes)",
			(unsigned long long)s->addr, (unsigned long long)s->size);
	if (s->type == UNDERPIN_SECTION_WINDOW)	/* it has no pages */
		return 0;
	/* Huge pages could not be isolated page by page; EINVAL: kernel without them. */
	if (madvise(start, s->size, MADV_NOHUGEPAGE) && errno != EINVAL)
		return underpin_fail(errno, "section at %p, size 0x%llx is not mapped memory: %s",
				     (void *)start, (unsigned long long)s->size, strerror(errno));
	if (mprotect(start, s->size, PROT_READ | PROT_WRITE))
		return underpin_fail(errno,
			"cannot make the section at %p writable: %s (SELinux: allow execmod for this program)",
			(void *)start, strerror(errno));
	if (contents)
		memcpy(start, contents, s->size);
	else
		for (i = 0; i < s->size; i += PAGE) {
			page = start + i;
			/* cppcheck-suppress selfAssignment ; the write is what counts */
			*page = *page;
		}
	if (mprotect(start, s->size, rights_of(s->type)))
		return underpin_fail(errno, "cannot set the rights of the section at %p: %s",
				     (void *)start, strerror(errno));
	if (s->type == UNDERPIN_SECTION_SHARED)
		return 0;
	if (madvise(start, s->size, MADV_DONTFORK))
		return underpin_fail(errno, "cannot keep the section at %p from child processes: %s",
				     (void *)start, strerror(errno));
	if (kept->nr < UNDERPIN_MAX_SECTIONS) {	/* with more of them the module refuses */
		kept->range[kept->nr].start = start;
		kept->range[kept->nr++].size = s->size;
	}
	return 0;
}

static int register_error(int error, const char *name)
{
	switch (error) {
	case EINVAL:
		return underpin_fail(error,
			"the module does not accept PAL '%s': a section, entry point or parameter is malformed, or a page is not this process' own memory ('underpin log' may say which)",
			name);
	case ENOMEM:
		return underpin_fail(error,
			"no memory for PAL '%s': free some, or raise the limit of locked memory (ulimit -l)",
			name);
	case EPERM:
	case EACCES:
		return underpin_fail(error, "no right to register PAL '%s': run as root or as a member of the group underpin", name);
	case EBUSY:
	case EEXIST:
		return underpin_fail(error,
			"a page of PAL '%s' belongs to another PAL, to a child process or to a device: close that first",
			name);
	case ETIMEDOUT:
		return underpin_fail(error,
			"a CPU did not answer the core, so PAL '%s' was not registered: see 'underpin log', then try again",
			name);
	case EOPNOTSUPP:
		return underpin_fail(error,
			"PAL '%s': a page is shared, huge or of a file (take memory from malloc or a private mmap), or this process has user shadow stacks (GLIBC_TUNABLES=glibc.cpu.x86_shstk=off)",
			name);
	case E2BIG:
		return underpin_fail(error, "PAL '%s' is too big: at most %d pages, %d sections and %d entry points",
				     name, UNDERPIN_MAX_PAGES, UNDERPIN_MAX_SECTIONS, UNDERPIN_MAX_ENTRIES);
	case EFAULT:
		return underpin_fail(error, "a section of PAL '%s' is not mapped memory", name);
	case ENODEV:
		return underpin_fail(error,
			"the core is not running, or is about to leave: load the module again (modprobe underpin)");
	case ENOSPC:
		return underpin_fail(error, "too many PALs: close one ('underpin pal list')");
	case ENOTTY:
		return underpin_fail(error,
			"library and module are of different versions: install both from one build and load the module again");
	default:
		return underpin_fail(error, "cannot register PAL '%s': %s", name, strerror(error));
	}
}

/* The rest of a registration, once the pages are ready. */
static int do_register(int device, const struct underpin_pal_spec *spec,
		       struct underpin_pal_register *result)
{
	struct underpin_pal_register reg = {
		.size = sizeof(reg),
#ifdef __i386__
		.flags = UNDERPIN_PAL_32BIT,
#endif
		.nr_sections = spec->nr_sections,
		.nr_entries = spec->nr_entries,
		.sections = (uintptr_t)spec->sections,
		.entries = (uintptr_t)spec->entries,
		.stub = (uintptr_t)underpin_resume_stub,
	};
	int fd;

	if (strlen(spec->name) >= sizeof(reg.name))
		return underpin_fail(EINVAL, "the name '%s' is too long: at most %zu characters",
				     spec->name, sizeof(reg.name) - 1);
	strcpy(reg.name, spec->name);
	do
		fd = ioctl(device, UNDERPIN_PAL_REGISTER, &reg);
	while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return register_error(errno, spec->name);
	underpin_forget_ocall(reg.id);
	if (result)
		*result = reg;
	return fd;
}

int underpin_pal_register(int device, const struct underpin_pal_spec *spec,
			  struct underpin_pal_register *result)
{
	struct kept *kept = kept_new(spec->name);
	unsigned int i;

	if (!kept)
		return -1;
	for (i = 0; i < spec->nr_sections; i++)
		if (own_pages(&spec->sections[i], NULL, kept))
			return kept_until_stop(kept, -1);
	return kept_until_stop(kept, do_register(device, spec, result));
}

static bool is_open(const struct underpin_pal_table *table)
{
	struct underpin_pal_get_info get = { .size = sizeof(get) };

	return table->pristine && table->pal >= 0 &&
	       !ioctl(table->pal, UNDERPIN_PAL_GET_INFO, &get) && get.info.id == table->id;
}

static size_t contents_of(const struct underpin_pal_range *range)
{
	return range->type == UNDERPIN_SECTION_WINDOW ? 0 : (size_t)(range->end - range->start);
}

/* The contents of all ranges as linked, one after the other. */
static int save_pristine(struct underpin_pal_table *table)
{
	size_t size = 1;
	unsigned int i;
	char *to;

	for (i = 0; i < table->nr_ranges; i++)
		size += contents_of(&table->ranges[i]);
	to = malloc(size);
	if (!to)
		return underpin_fail(ENOMEM, "out of memory for a copy of PAL '%s' (%zu bytes)",
				     table->name, size);
	table->pristine = to;
	for (i = 0; i < table->nr_ranges; i++) {
		size = contents_of(&table->ranges[i]);
		memcpy(to, table->ranges[i].start, size);
		to += size;
	}
	return 0;
}

static int by_address(const void *a, const void *b)
{
	const struct underpin_entry *x = a, *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

static int register_table_locked(int device, struct underpin_pal_table *table,
				 struct underpin_pal_register *result)
{
	struct underpin_section sections[UNDERPIN_MAX_SECTIONS] = { 0 };
	struct underpin_entry entries[UNDERPIN_MAX_ENTRIES];
	struct underpin_pal_spec spec = {
		.name = table->name, .sections = sections, .entries = entries,
		.nr_entries = table->entries_end - table->entries,
	};
	struct underpin_pal_register reg = { 0 };
	const char *contents;
	struct kept *kept;
	unsigned int i;
	int fd;

	if (is_open(table))
		return underpin_fail(EBUSY, "PAL '%s' is registered already: stop it first", table->name);
	if (!spec.nr_entries || spec.nr_entries > UNDERPIN_MAX_ENTRIES)
		return underpin_fail(EINVAL,
			"PAL '%s' has %u entry points: declare 1 to %d with UNDERPIN_PAL_ENTRY",
			table->name, spec.nr_entries, UNDERPIN_MAX_ENTRIES);
	if (!table->pristine && save_pristine(table))
		return -1;
	kept = kept_new(table->name);
	if (!kept)
		return -1;
	contents = table->pristine;
	for (i = 0; i < table->nr_ranges; i++) {
		const struct underpin_pal_range *range = &table->ranges[i];
		struct underpin_section *s = &sections[spec.nr_sections];

		if (range->end == range->start)
			continue;
		if (spec.nr_sections == UNDERPIN_MAX_SECTIONS) {
			underpin_fail(EINVAL, "PAL '%s' has more than %d sections", table->name,
				      UNDERPIN_MAX_SECTIONS);
			return kept_until_stop(kept, -1);
		}
		s->type = range->type;
		s->addr = (uintptr_t)range->start;
		s->size = range->end - range->start;
		if (own_pages(s, contents, kept))
			return kept_until_stop(kept, -1);
		contents += contents_of(range);
		spec.nr_sections++;
	}
	/* The compiler may emit them in any order; the measurement must not change with it. */
	memcpy(entries, table->entries, spec.nr_entries * sizeof(entries[0]));
	qsort(entries, spec.nr_entries, sizeof(entries[0]), by_address);
	fd = kept_until_stop(kept, do_register(device, &spec, &reg));
	if (fd < 0)
		return -1;
	table->pal = fd;
	table->id = reg.id;
	if (result)
		*result = reg;
	return fd;
}

int underpin_pal_register_table(int device, struct underpin_pal_table *table,
				struct underpin_pal_register *result)
{
	int fd;

	pthread_mutex_lock(&table_lock);
	fd = register_table_locked(device, table, result);
	pthread_mutex_unlock(&table_lock);
	return fd;
}

int underpin_pal_start(struct underpin_pal_table *table)
{
	int device = underpin_open(), pal, error;

	if (device < 0)
		return -1;
	pal = underpin_pal_register_table(device, table, NULL);
	error = errno;
	close(device);
	errno = error;
	return pal;
}

int underpin_pal_stop(int pal)
{
	struct kept *kept = kept_take(pal);
	int error = close(pal) ? errno : 0;

	/* Another copy of the descriptor may keep the PAL: a fork copies pinned pages, so it is not harmed. */
	give_back(kept);
	if (error)
		return underpin_fail(error, "cannot close the PAL: %s", strerror(error));
	return 0;
}
