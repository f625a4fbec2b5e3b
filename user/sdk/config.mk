# SPDX-License-Identifier: MIT
# Where pal.mk finds things in the source tree; `make install` writes its own.
PAL_INCLUDE := $(PAL_SDK)/include
PAL_LIB_INCLUDE := $(PAL_SDK)/../lib/include
PAL_UAPI := $(abspath $(PAL_SDK)/../../include/uapi)
pal_kind := $(if $(filter 32,$(PAL_BITS)),32/)
PAL_LIB := $(PAL_SDK)/build/$(pal_kind)libunderpin-pal.a
PAL_HOST_LIB := $(abspath $(PAL_SDK)/../build/$(pal_kind)libunderpin.a)
PAL_WINDOWS_INCLUDE := $(abspath $(PAL_SDK)/../lib/windows/include)
PAL_WINDOWS_LIB := $(abspath $(PAL_SDK)/../build/windows/libunderpin.a)
