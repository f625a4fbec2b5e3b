// SPDX-License-Identifier: MIT
/*
 * The program's description of its PAL, compiled by pal.mk into the program
 * (not into the PAL): addresses from pal.ld, entry points from pal.h's macro.
 */
#include <underpin.h>

#define RANGE(name) \
	extern char __pal_##name##_start[] __attribute__((visibility("hidden"))); \
	extern char __pal_##name##_end[] __attribute__((visibility("hidden")))

RANGE(text);
RANGE(rodata);
RANGE(data);
RANGE(bss);
RANGE(param);
RANGE(stack);
RANGE(param2);
RANGE(stack2);
RANGE(param3);
RANGE(stack3);
RANGE(param4);
RANGE(stack4);
RANGE(shared);
RANGE(window);
extern const struct underpin_entry __start_underpin_entries[] __attribute__((visibility("hidden")));
extern const struct underpin_entry __stop_underpin_entries[] __attribute__((visibility("hidden")));

static const struct underpin_pal_range ranges[] = {
	{ UNDERPIN_SECTION_CODE, __pal_text_start, __pal_text_end },
	{ UNDERPIN_SECTION_RODATA, __pal_rodata_start, __pal_rodata_end },
	{ UNDERPIN_SECTION_DATA, __pal_data_start, __pal_data_end },
	{ UNDERPIN_SECTION_DATA, __pal_bss_start, __pal_bss_end },
	{ UNDERPIN_SECTION_PARAM, __pal_param_start, __pal_param_end },
	{ UNDERPIN_SECTION_STACK, __pal_stack_start, __pal_stack_end },
	{ UNDERPIN_SECTION_PARAM, __pal_param2_start, __pal_param2_end },
	{ UNDERPIN_SECTION_STACK, __pal_stack2_start, __pal_stack2_end },
	{ UNDERPIN_SECTION_PARAM, __pal_param3_start, __pal_param3_end },
	{ UNDERPIN_SECTION_STACK, __pal_stack3_start, __pal_stack3_end },
	{ UNDERPIN_SECTION_PARAM, __pal_param4_start, __pal_param4_end },
	{ UNDERPIN_SECTION_STACK, __pal_stack4_start, __pal_stack4_end },
	{ UNDERPIN_SECTION_SHARED, __pal_shared_start, __pal_shared_end },
	{ UNDERPIN_SECTION_WINDOW, __pal_window_start, __pal_window_end },
};

struct underpin_pal_table underpin_pal = {
	.name = UNDERPIN_PAL_NAME,
	.ranges = ranges,
	.nr_ranges = sizeof(ranges) / sizeof(ranges[0]),
	.entries = __start_underpin_entries,
	.entries_end = __stop_underpin_entries,
	.pal = -1,
};
