# SPDX-License-Identifier: MIT
# Where the installed pal.mk finds things: relative to itself, PREFIX/share/underpin.
PAL_INCLUDE := $(abspath $(PAL_SDK)/../../include)
PAL_LIB_INCLUDE := $(PAL_INCLUDE)
PAL_UAPI := $(PAL_INCLUDE)
pal_kind := $(if $(filter 32,$(PAL_BITS)),32)
PAL_LIB := $(PAL_SDK)/$(if $(pal_kind),32/)libunderpin-pal.a
PAL_HOST_LIB := $(abspath $(PAL_SDK)/../../lib$(pal_kind)/libunderpin.a)
PAL_WINDOWS_INCLUDE := $(PAL_SDK)/windows/include
PAL_WINDOWS_LIB := $(PAL_SDK)/windows/libunderpin.a
