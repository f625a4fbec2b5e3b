# SPDX-License-Identifier: GPL-2.0
# Underpin: a hypervisor that slides under a running Linux. `make help` lists the targets.
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

VERSION := $(shell sed -n 's/^\#define UNDERPIN_VERSION "\(.*\)"/\1/p' include/version.h)

# The kernel to build for: the running one, else the newest whose headers are there.
KVER ?= $(shell uname -r)
KDIR ?= $(firstword $(wildcard /lib/modules/$(KVER)/build /usr/src/linux-headers-$(KVER)) \
	$(shell ls -d /usr/src/linux-headers-*-amd64 2>/dev/null | sort -V | tail -1))
PREFIX ?= /usr/local
DESTDIR ?=

# What each goal needs from Debian; `deps` installs what is missing.
PKG_BUILD := gcc make libelf-dev libbearssl-dev libjson-c-dev libdw-dev pkg-config
PKG_VM := bochs bochsbios vgabios grub-pc-bin grub-common xorriso mtools busybox-static cpio
PKG_CHECK := clang 'libclang-rt-14-dev|libclang-rt-19-dev' sparse shellcheck dkms openssl perl $(shell cat user/packages user/packages-check user/vm/packages user/trust/packages 2>/dev/null)

all: module user	## the module with the core in it, the library, the command, the examples

module:			## underpin.ko for KDIR= or KVER=
	@test -d "$(KDIR)" || { echo "No kernel headers for $(KVER). Install them (apt-get install linux-headers-$(KVER)), or name others with KDIR= or KVER=." >&2; exit 1; }
	@test -f $(or $(BEARSSL),/usr/lib/x86_64-linux-gnu/libbearssl.a) || { echo "BearSSL is missing: apt-get install libbearssl-dev (or: make deps)." >&2; exit 1; }
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

core:			## the core image alone: core/core.elf, core/core.bin
	$(MAKE) -C core

user:			## libunderpin, the underpin command, the examples
	$(MAKE) -C user all

install: all		## into this system (or DESTDIR=): module, command, library, manual pages
	$(MAKE) -C user install DESTDIR=$(DESTDIR) PREFIX=$(PREFIX)
	$(MAKE) -C $(KDIR) M=$(CURDIR) INSTALL_MOD_PATH=$(DESTDIR) modules_install
	install -D -m 0644 core/core.elf $(DESTDIR)$(PREFIX)/lib/underpin/core.elf
	install -D -m 0644 core/core.bin $(DESTDIR)$(PREFIX)/lib/underpin/core.bin
	install -D -m 0644 module/60-underpin.rules $(DESTDIR)/lib/udev/rules.d/60-underpin.rules
# Headers from a package have no System.map, and modules_install then leaves depmod out.
ifeq ($(DESTDIR),)
	depmod -a $$(sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' $(KDIR)/include/generated/utsrelease.h)
	@! command -v udevadm >/dev/null || udevadm control --reload 2>/dev/null || true
endif
	@echo "Installed. Next: underpin check; modprobe underpin; underpin status"

vm: machine-deps	## a console in the test machine with the built tree in it
	selftests/machine/console

demo: machine-deps	## the main job, shown step by step in a machine with VMX (emulated where there is none)
	selftests/machine/demo

demo-installer: check-deps	## Debian's installer in a guest of `underpin vm`, on KVM, on Underpin: its first screen
	selftests/machine/demo-installer

check: check-deps	## all tests: hosted, then in the machine
	selftests/check

check-full: check-deps wine-deps	## the long tests too
	selftests/check --full

check-hosted: check-deps	## unit and property tests, fuzzers for some seconds: no machine needed
	selftests/check --hosted

bench: bench-deps	## costs in instructions, beside their baselines
	selftests/bench/run

lint:			## checkpatch, sparse, header and boundary checks
	selftests/lint/run

deps: ; @selftests/vm/deps $(PKG_BUILD) $(shell cat user/packages user/vm/packages user/trust/packages 2>/dev/null)
machine-deps: ; @selftests/vm/deps $(PKG_BUILD) $(PKG_VM) $(shell cat user/packages user/trust/packages 2>/dev/null)
bench-deps: ; @selftests/vm/deps $(PKG_BUILD) $(PKG_VM) $(shell cat user/packages user/vm/packages user/trust/packages 2>/dev/null)
check-deps: ; @selftests/vm/deps $(PKG_BUILD) $(PKG_VM) $(PKG_CHECK)

wine-deps: ; @selftests/vm/deps $(shell cat user/packages-windows)

lines:			## source lines of the core
	@selftests/bench/lines core vmx ept pal

clean:			## remove what was built
	-test -d "$(KDIR)" && $(MAKE) -C $(KDIR) M=$(CURDIR) clean
	$(MAKE) -C core clean
	$(MAKE) -C user clean
	$(MAKE) -C selftests/hosted clean
	rm -rf build

help:			## this list
	@echo "Underpin $(VERSION)"
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|'
	@echo "  KVER=... or KDIR=... choose the kernel (now: $(KDIR)), W=1 and C=1 more warnings"

.PHONY: all module core user install vm demo demo-installer check check-full check-hosted bench lint deps \
	machine-deps bench-deps check-deps wine-deps lines clean help
