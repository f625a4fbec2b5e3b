// SPDX-License-Identifier: MIT
/* What is said twice, because a header must stand alone, says the same. Compiles, or not. */
#include "../sdk/include/underpin/pal_nv.h"
#include "../lib/stub.h"
#undef UNDERPIN_PAL_H
#include "../../include/hypercall.h"
#include "../../include/services.h"

_Static_assert(PAL_SVC_RANDOM == HC_SVC_RANDOM, "random");
_Static_assert(PAL_SVC_TIME == HC_SVC_TIME, "time");
_Static_assert(PAL_SVC_SELF == HC_SVC_SELF, "self");
_Static_assert(PAL_SVC_EXIT == HC_SVC_EXIT, "exit");
_Static_assert(PAL_SVC_PCR_READ == HC_SVC_PCR_READ && PAL_SVC_PCR_EXTEND == HC_SVC_PCR_EXTEND &&
	       PAL_SVC_SEAL == HC_SVC_SEAL && PAL_SVC_UNSEAL == HC_SVC_UNSEAL &&
	       PAL_SVC_QUOTE == HC_SVC_QUOTE && PAL_SVC_COUNTER == HC_SVC_COUNTER, "services");
#define SAME(type, core, member) _Static_assert(sizeof(struct type) == sizeof(struct core) && \
	offsetof(struct type, member) == offsetof(struct core, member), #type "." #member)
SAME(pal_seal, svc_seal, blob_size);
SAME(pal_seal, svc_seal, pcr_digest);
SAME(pal_unseal, svc_unseal, data_size);
SAME(pal_unseal, svc_unseal, created_pcrs);
SAME(pal_quote, svc_quote, attest);
SAME(pal_quote, svc_quote, public_y);
SAME(pal_quote, svc_quote, statement);
SAME(pal_quote_certificate, underpin_certificate, attest);
SAME(pal_quote_certificate, underpin_certificate, pcr);
SAME(pal_core_statement, core_statement, flags);
SAME(pal_core_statement, core_statement, root_kind);
_Static_assert(PAL_SEAL_OVERHEAD == sizeof(struct seal_header) + SEAL_TAG_SIZE && PAL_SEAL_MAX == SEAL_MAX_DATA &&
	       PAL_PCRS == PAL_NR_PCRS && PAL_COUNTERS == PAL_NR_COUNTERS, "sizes");
_Static_assert(PAL_UNSEAL_FROM_SELF == UNSEAL_FROM_SELF && PAL_SEAL_TO_SELF == SEAL_TO_SELF && PAL_SEAL_PCRS_NOW == SEAL_PCRS_NOW &&
	       PAL_SEAL_AS_NV == SEAL_AS_NV, "flags");
_Static_assert(PAL_STATEMENT_DMA_PROTECTED == STATEMENT_DMA_PROTECTED && PAL_STATEMENT_DEBUG == STATEMENT_DEBUG &&
	       PAL_STATEMENT_LOCK == STATEMENT_LOCK && PAL_STATEMENT_HYPERVISOR == STATEMENT_HYPERVISOR, "statement");
_Static_assert(PAL_ROOT_EPHEMERAL == ROOT_EPHEMERAL && PAL_ROOT_FILE == ROOT_FILE &&
	       UNDERPIN_ROOT_EPHEMERAL == ROOT_EPHEMERAL && UNDERPIN_ROOT_FILE == ROOT_FILE, "kinds of root secrets");
_Static_assert(UNDERPIN_HC_PAL_RESUME == HC_PAL_RESUME, "resume");
_Static_assert(UNDERPIN_STUB_OCALL == STUB_OCALL && PAL_SVC_OCALL == HC_SVC_OCALL && PAL_OCALL_PRINT == UNDERPIN_OCALL_PRINT, "ocall");
_Static_assert(STUB_RESUME == 0, "stub.S tests RAX for zero");
_Static_assert(sizeof(struct underpin_pal_info) == sizeof(struct pal_info), "pal_self() fills the UAPI's structure");
_Static_assert(offsetof(struct underpin_pal_info, calls) == offsetof(struct pal_info, calls), "calls");
_Static_assert(offsetof(struct underpin_pal_info, measurement) == offsetof(struct pal_info, measurement), "measurement");
_Static_assert(offsetof(struct underpin_pal_info, name) == offsetof(struct pal_info, name), "name");
_Static_assert(sizeof(struct underpin_log_record) == sizeof(struct core_log_record), "log");
_Static_assert(UNDERPIN_NR_REASONS == CORE_NR_EXIT_REASONS, "reasons");

/*
 * Version 0 of each structure that an ioctl takes: it begins with its size, and all that
 * it had is where it was. Newer fields come behind; these lines stay as they are.
 */
#define VERSION_0(type, end) \
	_Static_assert(offsetof(type, size) == 0 && sizeof(((type *)0)->size) == 4, "begins with its size"); \
	_Static_assert(sizeof(type) >= (end), "does not shrink")
#define AT(type, member, offset) _Static_assert(offsetof(type, member) == (offset), #member)

VERSION_0(struct underpin_pal_register, 112);
AT(struct underpin_pal_register, flags, 4);
AT(struct underpin_pal_register, nr_sections, 8);
AT(struct underpin_pal_register, nr_entries, 12);
AT(struct underpin_pal_register, sections, 16);
AT(struct underpin_pal_register, entries, 24);
AT(struct underpin_pal_register, stub, 32);
AT(struct underpin_pal_register, name, 40);
AT(struct underpin_pal_register, id, 72);
AT(struct underpin_pal_register, nr_donated, 76);
AT(struct underpin_pal_register, measurement, 80);
VERSION_0(struct underpin_pal_get_info, 120);
AT(struct underpin_pal_get_info, info, 8);
VERSION_0(struct underpin_pal_lend, 32);
AT(struct underpin_pal_lend, addr, 8);
AT(struct underpin_pal_lend, length, 16);
AT(struct underpin_pal_lend, offset, 24);
VERSION_0(struct underpin_pal_take_back, 8);
VERSION_0(struct underpin_status, 112);
AT(struct underpin_status, version, 4);
AT(struct underpin_status, longest_root, 64);
AT(struct underpin_status, tsc_khz, 84);
AT(struct underpin_status, build_id, 88);
VERSION_0(struct underpin_stats, 8 + 80 * 24);
AT(struct underpin_stats, cpu, 4);
AT(struct underpin_stats, reason, 8);
VERSION_0(struct underpin_log, 16 + 32 * 128);
AT(struct underpin_log, nr, 4);
AT(struct underpin_log, first, 8);
AT(struct underpin_log, record, 16);
VERSION_0(struct underpin_pal_list, 16 + 16 * 112);
AT(struct underpin_pal_list, first, 4);
AT(struct underpin_pal_list, nr, 8);
AT(struct underpin_pal_list, pal, 16);

VERSION_0(struct underpin_certificate, 1072);
AT(struct underpin_certificate, pcr_mask, 4);
AT(struct underpin_certificate, attest, 16);
AT(struct underpin_certificate, signature, 208);
AT(struct underpin_certificate, pcr, 304);

/* What lies in arrays keeps its size. */
_Static_assert(sizeof(struct underpin_section) == 24, "section");
_Static_assert(sizeof(struct underpin_param) == 16 && sizeof(struct underpin_entry) == 16 + 10 * 16, "entry");
_Static_assert(sizeof(struct underpin_exit_stat) == 24, "exit_stat");
_Static_assert(sizeof(struct underpin_log_record) == 128, "log_record");
_Static_assert(sizeof(struct underpin_pal_info) == 112, "pal_info");

/* The numbers do not tell the size, or they would change with it. */
#define NUMBER(request, nr) _Static_assert((request) == (UNDERPIN_IOC << 8 | (nr)), #request)
NUMBER(UNDERPIN_PAL_REGISTER, 1);
NUMBER(UNDERPIN_PAL_GET_INFO, 2);
NUMBER(UNDERPIN_GET_STATUS, 3);
NUMBER(UNDERPIN_GET_STATS, 4);
NUMBER(UNDERPIN_GET_LOG, 5);
NUMBER(UNDERPIN_GET_PALS, 6);
NUMBER(UNDERPIN_GET_CERTIFICATE, 9);
