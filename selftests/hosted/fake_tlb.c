// SPDX-License-Identifier: GPL-2.0
/* See fake_tlb.h. Written from SDM vol. 3, 29.3.2 and 29.4, not from ept/. */
#include <stdlib.h>

#include "../../vmx/cpu.h"
#include "../../vmx/nested/caps.h"
#include "fake.h"
#include "fake_tlb.h"

#define NR_ENTRIES 3000
#define ADDRESS 0x000ffffffffff000ull
#define FAKE_MAXPHYADDR 46

/* What ept/ asks about the CPU beside its TLB. */
__attribute__((weak)) struct nested_caps nested_caps = {
	.ept_vpid = BIT(0) | BIT(6) | BIT(14) | BIT(16) | BIT(17) | BIT(20) | BIT(21) | BIT(25) | BIT(26),
};

__attribute__((weak)) struct cpu *this_cpu(void)
{
	return cpu_of_slot(fake_cpu);
}

enum kind { FREE, LEAF, TABLE, COMBINED };

struct cached {
	enum kind kind;
	int level;	/* LEAF: of the leaf. TABLE: of the table pointed to */
	u16 vpid, pcid;
	u64 ep4ta;
	u64 at;		/* first guest-physical (COMBINED: linear) address covered */
	u64 to;		/* host-physical: first address, or the table */
	u64 rights;
};

static struct cached tlb[FAKE_MAX_CPUS][NR_ENTRIES];
static u32 used[FAKE_MAX_CPUS];

static u64 covered(int level)
{
	return 1ull << (12 + 9 * (level - 1));
}

static void remember(u32 cpu, struct cached entry)
{
	u32 i;

	for (i = 0; i < used[cpu]; i++)
		if (!memcmp(&tlb[cpu][i], &entry, sizeof(entry)))
			return;
	if (used[cpu] == NR_ENTRIES)
		i = fake_below(NR_ENTRIES);
	else
		used[cpu]++;
	tlb[cpu][i] = entry;
}

static void drop(u32 cpu, u32 i)
{
	tlb[cpu][i] = tlb[cpu][--used[cpu]];
}

static bool matches(const struct cached *c, enum kind kind, u64 ep4ta, u64 at)
{
	u64 size = kind == TABLE ? covered(c->level + 1) : kind == LEAF ? covered(c->level) : 4096;

	return c->kind == kind && c->ep4ta == ep4ta && at - c->at < size;
}

/* SDM 29.3.3.1: what makes an entry a misconfiguration, for what we use of EPT. */
static bool misconfigured(u64 entry, int level)
{
	u64 type = entry >> 3 & 7;
	bool leaf = level == 1 || (entry & 0x80);

	if ((entry & 3) == 2)
		return true;
	if (entry & ADDRESS & ~((1ull << FAKE_MAXPHYADDR) - 1))
		return true;
	if (level == 4 && (entry & 0xf8))
		return true;
	if (!leaf)
		return entry & 0x78;
	if (level > 1 && (entry & (covered(level) - 1) & ~0xfffull))
		return true;
	return type == 2 || type == 3 || type == 7;
}

struct result {
	enum fake_outcome outcome;
	u64 hpa, rights, type;
	int level;
};

/* Walk from a table of this level. Caches what is passed if cpu >= 0. */
static struct result walk(int cpu, u64 ep4ta, u64 table, int level, u64 rights, u64 gpa, u64 access)
{
	for (;; level--) {
		u64 *p = phys_to_virt(HPA(table));
		u64 entry, offset = gpa & (covered(level) - 1);

		if (!p)
			return (struct result){ .outcome = FAKE_MISCONFIGURATION };
		entry = p[gpa >> (12 + 9 * (level - 1)) & 511];
		if (!(entry & 7))
			return (struct result){ .outcome = FAKE_VIOLATION, .rights = 0 };
		if (misconfigured(entry, level))
			return (struct result){ .outcome = FAKE_MISCONFIGURATION };
		rights &= entry & 7;
		if (level == 1 || (entry & 0x80)) {
			u64 to = entry & ADDRESS & ~(covered(level) - 1);

			if ((rights & access) != access)
				return (struct result){ .outcome = FAKE_VIOLATION, .rights = rights };
			if (cpu >= 0)
				remember(cpu, (struct cached){ .kind = LEAF, .level = level,
					.ep4ta = ep4ta, .at = gpa & ~(covered(level) - 1),
					.to = to, .rights = rights });
			return (struct result){ FAKE_DONE, to + offset, rights, entry >> 3 & 7, level };
		}
		table = entry & ADDRESS;
		if (cpu >= 0)
			remember(cpu, (struct cached){ .kind = TABLE, .level = level - 1,
				.ep4ta = ep4ta, .at = gpa & ~(covered(level) - 1), .to = table,
				.rights = rights });
	}
}

static struct result through(const struct cached *c, u32 cpu, u64 ep4ta, u64 gpa, u64 access,
			     bool learn)
{
	if (!c)
		return walk(learn ? (int)cpu : -1, ep4ta, ep4ta, 4, 7, gpa, access);
	if (c->kind == TABLE)
		return walk(learn ? (int)cpu : -1, ep4ta, c->to, c->level, c->rights, gpa, access);
	return (struct result){
		.outcome = (c->rights & access) == access ? FAKE_DONE : FAKE_VIOLATION,
		.hpa = c->to + (gpa - c->at), .rights = c->rights, .level = c->level,
	};
}

/* All starting points for gpa: NULL is the fresh walk. */
static u32 choices(u32 cpu, u64 ep4ta, u64 gpa, struct cached *copies, struct cached **list, u32 max)
{
	u32 i, n = 0;

	list[n++] = NULL;
	for (i = 0; i < used[cpu] && n < max; i++)
		if (matches(&tlb[cpu][i], LEAF, ep4ta, gpa) ||
		    matches(&tlb[cpu][i], TABLE, ep4ta, gpa)) {
			copies[n] = tlb[cpu][i];
			list[n] = &copies[n];
			n++;
		}
	return n;
}

#define MAX_CHOICES 64

/* 29.3.5: a CPU with A/D on writes into the tables, as far as they still lead there. */
static void set_flags(u64 table, u64 gpa, bool write)
{
	int level;

	for (level = 4; level; level--) {
		u64 *p = phys_to_virt(HPA(table));

		p = p ? p + (gpa >> (12 + 9 * (level - 1)) & 511) : NULL;
		if (!p || !(*p & 7) || misconfigured(*p, level))
			return;
		*p |= 0x100;
		if (level == 1 || (*p & 0x80)) {
			*p |= write && (*p & 2) ? 0x200 : 0;
			return;
		}
		table = *p & ADDRESS;
	}
}

enum fake_outcome fake_access(u32 cpu, u64 eptp, gpa_t gpa, u64 access, hpa_t *hpa,
			      u64 *qualification)
{
	struct cached copies[MAX_CHOICES], *list[MAX_CHOICES];
	u64 ep4ta = eptp & ADDRESS, linear = access & FAKE_PAGE_WALK ? 0x80 : 0x180;
	struct result r;
	u32 i;

	/* 29.3.3.2, 29.3.5 */
	access = (access & 7) | (linear == 0x80 && (eptp & 0x40) ? 2 : 0);
	i = choices(cpu, ep4ta, gpa.v, copies, list, MAX_CHOICES);
	r = through(list[fake_below(i)], cpu, ep4ta, gpa.v, access, true);
	if (gpa.v >> 48)
		r = (struct result){ .outcome = FAKE_VIOLATION };
	if ((eptp & 0x40) && r.outcome == FAKE_DONE)
		set_flags(ep4ta, gpa.v, access & 2);
	*hpa = HPA(r.hpa);
	*qualification = 0;
	if (r.outcome == FAKE_VIOLATION) {
		*qualification = access | r.rights << 3 | linear;
		/* 29.4.3.1: its own translations of that address go; table pointers may stay */
		for (i = used[cpu]; i-- > 0;)
			if (matches(&tlb[cpu][i], LEAF, ep4ta, gpa.v))
				drop(cpu, i);
	}
	return r.outcome;
}

enum fake_outcome fake_access_linear(u32 cpu, u64 eptp, u16 vpid, u16 pcid, gva_t gva, gpa_t gpa,
				     u64 access, hpa_t *hpa, u64 *qualification)
{
	u64 ep4ta = eptp & ADDRESS, page = gva.v & PAGE_MASK;
	enum fake_outcome outcome;
	u32 i, n = 0;

	for (i = 0; i < used[cpu]; i++) {
		struct cached *c = &tlb[cpu][i];

		if (!matches(c, COMBINED, ep4ta, gva.v) || c->vpid != vpid || c->pcid != pcid ||
		    (c->rights & access) != access || fake_below(++n))
			continue;
		*hpa = HPA(c->to + (gva.v & 0xfff));
		*qualification = 0;
	}
	if (n && fake_chance(70))
		return FAKE_DONE;
	outcome = fake_access(cpu, eptp, gpa, access, hpa, qualification);
	if (outcome == FAKE_DONE)
		remember(cpu, (struct cached){ .kind = COMBINED, .level = 1, .vpid = vpid,
			.pcid = pcid, .ep4ta = ep4ta, .at = page, .to = hpa->v & PAGE_MASK,
			.rights = access });
	else
		for (i = used[cpu]; i-- > 0;)
			if (matches(&tlb[cpu][i], COMBINED, ep4ta, gva.v) &&
			    tlb[cpu][i].vpid == vpid)
				drop(cpu, i);
	return outcome;
}

static bool reach(u32 cpu, u64 eptp, gpa_t gpa, u64 access, hpa_t a, hpa_t b, bool other,
		  hpa_t *where)
{
	struct cached copies[MAX_CHOICES], *list[MAX_CHOICES];
	u64 ep4ta = eptp & ADDRESS;
	u32 i, n = choices(cpu, ep4ta, gpa.v, copies, list, MAX_CHOICES);

	for (i = 0; i < n; i++) {
		struct result r = through(list[i], cpu, ep4ta, gpa.v, access, false);
		u64 frame = r.hpa & PAGE_MASK;
		bool same = frame == (a.v & PAGE_MASK) || (other && frame == (b.v & PAGE_MASK));

		if (r.outcome == FAKE_DONE && same != other) {
			*where = HPA(frame);
			return true;
		}
	}
	return false;
}

u32 fake_reachable(u32 cpu, u64 eptp, gpa_t gpa, u64 access, u64 *where, u32 max)
{
	struct cached copies[MAX_CHOICES], *list[MAX_CHOICES];
	u64 ep4ta = eptp & ADDRESS;
	u32 i, found = 0, n = choices(cpu, ep4ta, gpa.v, copies, list, MAX_CHOICES);

	for (i = 0; i < n && found < max; i++) {
		struct result r = through(list[i], cpu, ep4ta, gpa.v, access, false);

		if (r.outcome == FAKE_DONE)
			where[found++] = r.hpa;
	}
	return found;
}

bool fake_can_reach(u32 cpu, u64 eptp, gpa_t gpa, u64 access, hpa_t hpa)
{
	hpa_t where;

	return reach(cpu, eptp, gpa, access, hpa, hpa, false, &where);
}

bool fake_can_reach_other(u32 cpu, u64 eptp, gpa_t gpa, u64 access, hpa_t a, hpa_t b, hpa_t *where)
{
	return reach(cpu, eptp, gpa, access, a, b, true, where);
}

bool fake_table_used_again(u32 cpu, u64 eptp, gpa_t newest, const u64 *allowed, u32 nr_allowed,
			   gpa_t *at, hpa_t *where)
{
	u32 i, j;

	for (i = 0; i < used[cpu]; i++) {
		const struct cached *c = &tlb[cpu][i];
		struct result r;

		if (c->kind != TABLE || c->ep4ta != (eptp & ADDRESS))
			continue;
		*at = GPA(c->at | (newest.v & (covered(c->level + 1) - 1)));
		r = through(c, cpu, c->ep4ta, at->v, 1, false);
		*where = HPA(r.hpa & PAGE_MASK);
		for (j = 0; j < nr_allowed && allowed[j] != where->v; j++)
			;
		if (r.outcome == FAKE_DONE && r.hpa != at->v && j == nr_allowed)
			return true;
	}
	return false;
}

bool fake_combined_reaches(u32 cpu, u64 access, hpa_t hpa)
{
	u32 i;

	for (i = 0; i < used[cpu]; i++)
		if (tlb[cpu][i].kind == COMBINED && tlb[cpu][i].to == (hpa.v & PAGE_MASK) &&
		    (tlb[cpu][i].rights & access) == access)
			return true;
	return false;
}

void fake_speculate(u32 cpu, u64 eptp, gpa_t gpa)
{
	struct cached copies[MAX_CHOICES], *list[MAX_CHOICES];
	u32 n = choices(cpu, eptp & ADDRESS, gpa.v, copies, list, MAX_CHOICES);

	through(list[fake_below(n)], cpu, eptp & ADDRESS, gpa.v, 1, true);
}

int fake_memory_type(u64 eptp, gpa_t gpa)
{
	struct result r = walk(-1, eptp & ADDRESS, eptp & ADDRESS, 4, 7, gpa.v, 1);

	return r.outcome == FAKE_DONE ? (int)r.type : -1;
}

/* 29.4.3.1: single-context drops all of that EP4TA, combined ones of every VPID too. */
void fake_tlb_invept(u32 cpu, u64 type, u64 eptp)
{
	u32 i;

	for (i = used[cpu]; i-- > 0;)
		if (type == 2 || tlb[cpu][i].ep4ta == (eptp & ADDRESS))
			drop(cpu, i);
}

/* Combined mappings only: 0 one address, 1 and 3 one VPID, 2 all VPIDs. */
void fake_tlb_invvpid(u32 cpu, u64 type, u16 vpid, u64 linear)
{
	u32 i;

	for (i = used[cpu]; i-- > 0;) {
		struct cached *c = &tlb[cpu][i];

		if (c->kind == COMBINED && (type == 2 || c->vpid == vpid) &&
		    (type || c->at == (linear & PAGE_MASK)))
			drop(cpu, i);
	}
}

u32 fake_tlb_size(u32 cpu)
{
	return used[cpu];
}
