/* SPDX-License-Identifier: MIT */
/* HC_PAL_RESUME for the assembler; tests/abi.c compares it with include/hypercall.h. */
#define UNDERPIN_HC_PAL_RESUME 0x55500001
/* So is STUB_OCALL. */
#define UNDERPIN_STUB_OCALL 0x10000
/* What the library answers itself: PAL_OCALL_PRINT of the SDK. */
#define UNDERPIN_OCALL_PRINT 0xffff
