build/status.c.o: status.c status.h ../include/types.h \
 ../ept/guest_memory.h ../ept/../include/types.h ../ept/main_view.h \
 ../ept/../include/handover.h ../ept/../include/types.h \
 ../include/platform.h ../include/errors.h ../include/types.h \
 ../include/../core/arch.h ../include/../core/../include/errors.h \
 ../include/../core/../include/types.h ../include/version.h ../pal/pal.h \
 ../pal/../include/hypercall.h ../pal/../include/types.h \
 ../pal/../include/types.h ../pal/../vmx/cpu.h \
 ../pal/../vmx/../include/handover.h ../pal/../vmx/../include/hypercall.h \
 ../pal/../vmx/../include/platform.h ../pal/../vmx/../include/types.h \
 ../pal/../vmx/asm_offsets.h ../vmx/cpuid.h ../vmx/cpu.h ../vmx/leave.h \
 ../vmx/launch.h ../vmx/../include/types.h fatal.h ../vmx/cpu.h trap.h \
 header.h ../include/handover.h
status.h:
../include/types.h:
../ept/guest_memory.h:
../ept/../include/types.h:
../ept/main_view.h:
../ept/../include/handover.h:
../ept/../include/types.h:
../include/platform.h:
../include/errors.h:
../include/types.h:
../include/../core/arch.h:
../include/../core/../include/errors.h:
../include/../core/../include/types.h:
../include/version.h:
../pal/pal.h:
../pal/../include/hypercall.h:
../pal/../include/types.h:
../pal/../include/types.h:
../pal/../vmx/cpu.h:
../pal/../vmx/../include/handover.h:
../pal/../vmx/../include/hypercall.h:
../pal/../vmx/../include/platform.h:
../pal/../vmx/../include/types.h:
../pal/../vmx/asm_offsets.h:
../vmx/cpuid.h:
../vmx/cpu.h:
../vmx/leave.h:
../vmx/launch.h:
../vmx/../include/types.h:
fatal.h:
../vmx/cpu.h:
trap.h:
header.h:
../include/handover.h:
