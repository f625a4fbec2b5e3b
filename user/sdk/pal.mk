# SPDX-License-Identifier: MIT
# The make fragment of a program with a PAL:
#
#	PROGRAM = hello
#	SRCS = hello.c			# ordinary code: opens, registers, calls
#	PAL_SRCS = hello_pal.c		# what runs inside
#	include /usr/local/share/underpin/pal.mk
#
# Or a PAL for itself, NAME.pal, for `underpin pal run` and underpin_pal_load():
#
#	PAL = totp
#	PAL_SRCS = totp_pal.c
#	include /usr/local/share/underpin/pal.mk
#
# Optional: PAL_NAME (as `underpin pal list` shows it), PAL_STACK and PAL_PARAM (bytes), PAL_WINDOW (bytes, at most
# 1048576: room for what is lent for one call; 0), PAL_CONTEXTS (calls at once, at most 4, each with a stack and
# parameters of its own; 1: the code need not bear two threads),
# CFLAGS, LDFLAGS, LDLIBS, PAL_CFLAGS; STATIC=1 for a static program; O= for the output folder;
# PAL_WINDOWS = 1 makes PROGRAM.exe, a 64-bit Windows program for Wine, by MinGW (gcc-mingw-w64-x86-64-win32), with the
# PAL in it that PROGRAM.pal would be. PAL_BITS = 32, before the include, for a 32-bit program with a 32-bit PAL (gcc-multilib).
PAL_SDK := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))
PAL_BITS ?= 64
ifeq ($(filter 32 64,$(PAL_BITS)),)
$(error PAL_BITS is '$(PAL_BITS)': say 32 or 64)
endif
include $(PAL_SDK)/config.mk

MINGW ?= x86_64-w64-mingw32-gcc
PAL_NAME ?= $(PROGRAM)
pal_object = $(O)/$(or $(PROGRAM),$(PAL)).pal.o
PAL_STACK ?= 16384
PAL_PARAM ?= 16384
PAL_WINDOW ?= 0
PAL_CONTEXTS ?= 1
O ?= .
CFLAGS ?= -O2 -g
OBJCOPY ?= objcopy

# Inside: nothing but the CPU. No canary and no TLS (there is no thread block), no switch
# tables, hidden names and no vectors made of addresses (distances only, RULES 20), no unwinding, no CET landing pads.
pal_mode = $(if $(filter 32,$(PAL_BITS)),-m32)
PAL_FLAGS = $(pal_mode) -O2 -g -std=gnu11 -Wall -Wextra -Werror=implicit -ffreestanding -fPIE \
	-fvisibility=hidden -fno-stack-protector -fcf-protection=none -fno-jump-tables -fno-tree-slp-vectorize \
	-fno-asynchronous-unwind-tables -fno-common \
	-U_FORTIFY_SOURCE -include $(PAL_INCLUDE)/underpin/hidden.h -I$(PAL_INCLUDE) -I$(PAL_UAPI) -DUNDERPIN_PAL_WINDOW=$(PAL_WINDOW) $(PAL_CFLAGS)
PAL_HOST_FLAGS = $(pal_mode) -std=gnu11 -Wall -Wextra -Werror=implicit -fPIE -I$(PAL_LIB_INCLUDE) -I$(PAL_INCLUDE) -I$(PAL_UAPI) $(CFLAGS)
PAL_PLACE_FLAGS = $(pal_mode) -Wl,-T,$(PAL_SDK)/pal.ld -Wl,-z,noexecstack \
	-Wl,--defsym=__pal_stack_size=$(PAL_STACK) -Wl,--defsym=__pal_param_size=$(PAL_PARAM) \
	-Wl,--defsym=__pal_window_size=$(PAL_WINDOW) -Wl,--defsym=__pal_contexts=$(PAL_CONTEXTS)

PAL_LINK_FLAGS = $(if $(STATIC),-static-pie,-pie) $(PAL_PLACE_FLAGS)
# Linked at an address that nobody uses: what is in it are distances, and the library moves it.
PAL_ALONE_FLAGS = -static -no-pie -nostdlib -Wl,-e,0 -Wl,--build-id=none $(PAL_PLACE_FLAGS)

# What the compiler calls of its own library (64-bit division in 32-bit code) may be inside.
pal_libgcc = $(shell $(CC) $(pal_mode) -print-libgcc-file-name)

pal_objs = $(PAL_SRCS:%.c=$(O)/%.inside.o)
host_objs = $(SRCS:%.c=$(O)/%.o)
exe_objs = $(SRCS:%.c=$(O)/%.exe.o)
PAL_EXE_FLAGS = -std=gnu11 -Wall -Wextra -Werror=implicit -D__USE_MINGW_ANSI_STDIO=1 -I$(PAL_WINDOWS_INCLUDE) -I$(PAL_LIB_INCLUDE) \
	-I$(PAL_INCLUDE) -I$(PAL_UAPI) $(CFLAGS)

all: $(if $(PROGRAM),$(O)/$(PROGRAM)$(if $(PAL_WINDOWS),.exe)) $(if $(PAL),$(O)/$(PAL).pal)

$(pal_objs): $(O)/%.inside.o: %.c | $(O)
	$(CC) $(PAL_FLAGS) -MMD -MP -c -o $@ $<

$(host_objs): $(O)/%.o: %.c | $(O)
	$(CC) $(PAL_HOST_FLAGS) -MMD -MP -c -o $@ $<

$(pal_object): $(pal_objs) $(PAL_SDK)/pal-link $(PAL_LIB)
	$(PAL_SDK)/pal-link $@ $(PAL_LIB) $(pal_objs) $(pal_libgcc)

ifneq ($(PAL),)
$(O)/$(PAL).pal: $(pal_object) $(PAL_SDK)/pal.ld
	$(CC) $(PAL_ALONE_FLAGS) -o $@.unchecked $(pal_object)
	@$(PAL_SDK)/pal-check $@.unchecked || { rm -f $@.unchecked; exit 1; }
	@chmod -x $@.unchecked && mv $@.unchecked $@
endif

ifneq ($(PROGRAM),)
$(O)/$(PROGRAM).table.o: $(PAL_SDK)/table.c | $(O)
	$(CC) $(PAL_HOST_FLAGS) -DUNDERPIN_PAL_NAME='"$(PAL_NAME)"' -c -o $@ $<

$(O)/$(PROGRAM): $(host_objs) $(O)/$(PROGRAM).pal.o $(O)/$(PROGRAM).table.o $(PAL_SDK)/pal.ld $(PAL_HOST_LIB)
	$(CC) $(CFLAGS) $(LDFLAGS) $(PAL_LINK_FLAGS) -o $@.unchecked $(filter %.o,$^) $(PAL_HOST_LIB) $(LDLIBS)
	@$(PAL_SDK)/pal-check $@.unchecked || { rm -f $@.unchecked; exit 1; }
	@mv $@.unchecked $@
endif

ifneq ($(and $(PAL_WINDOWS),$(PROGRAM)),)
ifeq ($(PAL_BITS),32)
$(error PAL_WINDOWS and PAL_BITS = 32: only 64-bit Windows programs can be made)
endif
$(exe_objs): $(O)/%.exe.o: %.c | $(O)
	$(MINGW) $(PAL_EXE_FLAGS) -MMD -MP -c -o $@ $<

ifneq ($(PROGRAM),$(PAL))
$(O)/$(PROGRAM).pal: $(pal_object) $(PAL_SDK)/pal.ld
	$(CC) $(PAL_ALONE_FLAGS) -o $@.unchecked $(pal_object)
	@$(PAL_SDK)/pal-check $@.unchecked || { rm -f $@.unchecked; exit 1; }
	@chmod -x $@.unchecked && mv $@.unchecked $@
endif

$(O)/$(PROGRAM).exe: $(exe_objs) $(O)/$(PROGRAM).pal $(PAL_SDK)/pal-embed $(PAL_WINDOWS_LIB)
	PAL_NAME="$(PAL_NAME)" $(PAL_SDK)/pal-embed $(O)/$(PROGRAM).pal $(O)/$(PROGRAM).pal.bin >$(O)/$(PROGRAM).embed.S
	$(MINGW) -c -o $(O)/$(PROGRAM).embed.o $(O)/$(PROGRAM).embed.S
	$(MINGW) $(CFLAGS) $(LDFLAGS) -static -o $@ $(exe_objs) $(O)/$(PROGRAM).embed.o $(PAL_WINDOWS_LIB) $(LDLIBS) -pthread
endif

$(O):
	mkdir -p $@

clean:
	rm -f $(pal_objs) $(host_objs) $(pal_objs:.o=.d) $(host_objs:.o=.d) \
		$(exe_objs) $(exe_objs:.o=.d) $(if $(PAL_WINDOWS),$(addprefix $(O)/$(PROGRAM),.exe .pal .pal.bin .embed.S .embed.o)) \
		$(pal_object) $(if $(PAL),$(O)/$(PAL).pal) $(if $(PROGRAM),$(O)/$(PROGRAM).table.o $(O)/$(PROGRAM))

.PHONY: all clean
-include $(pal_objs:.o=.d) $(host_objs:.o=.d) $(exe_objs:.o=.d)
