# SPDX-License-Identifier: GPL-2.0
# One program with a PAL: NAME.c is the owner, NAME_inside.c what runs inside.
PROGRAM = up-$(NAME)
SRCS = $(NAME).c
PAL_SRCS = $(NAME)_inside.c
STATIC = 1
# What up-sdk is lent finds room in it; the others have no window.
PAL_WINDOW = $(if $(filter sdk,$(NAME)),262144,0)
PAL_CONTEXTS = $(if $(filter sdk,$(NAME)),3,1)
CFLAGS = -O2 -g -D_GNU_SOURCE -pthread
# They are cut off on purpose, again and again; up-cut is about that.
PAL_CFLAGS = -mgeneral-regs-only $(if $(filter cut,$(NAME)),,-DUNDERPIN_PAL_ENTRY_FLAGS=UNDERPIN_ENTRY_MENDS)
include $(TOP)/user/sdk/pal.mk
