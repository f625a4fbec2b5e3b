# SPDX-License-Identifier: MIT
# Where the installed pal.mk finds things: relative to itself, PREFIX/share/underpin.
PAL_INCLUDE := $(abspath $(PAL_SDK)/../../include)
PAL_LIB_INCLUDE := $(PAL_INCLUDE)
PAL_UAPI := $(PAL_INCLUDE)
PAL_LIB := $(PAL_SDK)/libunderpin-pal.a
PAL_HOST_LIB := $(abspath $(PAL_SDK)/../../lib/libunderpin.a)
