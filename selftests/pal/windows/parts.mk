# SPDX-License-Identifier: GPL-2.0
# parts.exe, and parts.pal: the same PAL in a file of its own.
PROGRAM = parts
PAL = parts
SRCS = parts.c
PAL_SRCS = parts_pal.c
PAL_WINDOWS = 1
PAL_WINDOW = 16384
PAL_CONTEXTS = 2
include $(TOP)/user/sdk/pal.mk
