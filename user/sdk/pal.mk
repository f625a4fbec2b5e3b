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
# CFLAGS, LDFLAGS, LDLIBS, PAL_CFLAGS; STATIC=1 for a static program; O= for the output folder.
PAL_SDK := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))
include $(PAL_SDK)/config.mk

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
PAL_FLAGS = -O2 -g -std=gnu11 -Wall -Wextra -Werror=implicit -ffreestanding -fPIE \
	-fvisibility=hidden -fno-stack-protector -fcf-protection=none -fno-jump-tables -fno-tree-slp-vectorize \
	-fno-asynchronous-unwind-tables -fno-common \
	-U_FORTIFY_SOURCE -include $(PAL_INCLUDE)/underpin/hidden.h -I$(PAL_INCLUDE) -I$(PAL_UAPI) -DUNDERPIN_PAL_WINDOW=$(PAL_WINDOW) $(PAL_CFLAGS)
PAL_HOST_FLAGS = -std=gnu11 -Wall -Wextra -Werror=implicit -fPIE -I$(PAL_LIB_INCLUDE) -I$(PAL_INCLUDE) -I$(PAL_UAPI) $(CFLAGS)
PAL_PLACE_FLAGS = -Wl,-T,$(PAL_SDK)/pal.ld -Wl,-z,noexecstack \
	-Wl,--defsym=__pal_stack_size=$(PAL_STACK) -Wl,--defsym=__pal_param_size=$(PAL_PARAM) \
	-Wl,--defsym=__pal_window_size=$(PAL_WINDOW) -Wl,--defsym=__pal_contexts=$(PAL_CONTEXTS)

PAL_LINK_FLAGS = $(if $(STATIC),-static-pie,-pie) $(PAL_PLACE_FLAGS)
# Linked at an address that nobody uses: what is in it are distances, and the library moves it.
PAL_ALONE_FLAGS = -static -no-pie -nostdlib -Wl,-e,0 -Wl,--build-id=none $(PAL_PLACE_FLAGS)

pal_objs = $(PAL_SRCS:%.c=$(O)/%.inside.o)
host_objs = $(SRCS:%.c=$(O)/%.o)

all: $(if $(PROGRAM),$(O)/$(PROGRAM)) $(if $(PAL),$(O)/$(PAL).pal)

$(pal_objs): $(O)/%.inside.o: %.c | $(O)
	$(CC) $(PAL_FLAGS) -MMD -MP -c -o $@ $<

$(host_objs): $(O)/%.o: %.c | $(O)
	$(CC) $(PAL_HOST_FLAGS) -MMD -MP -c -o $@ $<

$(pal_object): $(pal_objs) $(PAL_SDK)/pal-link $(PAL_LIB)
	$(PAL_SDK)/pal-link $@ $(PAL_LIB) $(pal_objs)

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

$(O):
	mkdir -p $@

clean:
	rm -f $(pal_objs) $(host_objs) $(pal_objs:.o=.d) $(host_objs:.o=.d) \
		$(pal_object) $(if $(PAL),$(O)/$(PAL).pal) $(if $(PROGRAM),$(O)/$(PROGRAM).table.o $(O)/$(PROGRAM))

.PHONY: all clean
-include $(pal_objs:.o=.d) $(host_objs:.o=.d)
