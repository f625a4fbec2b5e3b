build/fatal.c.o: fatal.c fatal.h ../vmx/cpu.h \
 ../vmx/../include/handover.h ../vmx/../include/types.h \
 ../vmx/../include/hypercall.h ../vmx/../include/platform.h \
 ../vmx/../include/errors.h ../vmx/../include/../core/arch.h \
 ../vmx/../include/../core/../include/errors.h \
 ../vmx/../include/../core/../include/types.h ../vmx/../include/types.h \
 ../vmx/asm_offsets.h trap.h ../include/types.h ../ept/guest_memory.h \
 ../ept/../include/types.h ../include/platform.h ../pal/pal.h \
 ../pal/../include/hypercall.h ../pal/../include/types.h \
 ../pal/../vmx/cpu.h ../vmx/event.h ../vmx/cpu.h ../vmx/exit.h \
 ../vmx/vmcs.h header.h ../include/handover.h pool.h
fatal.h:
../vmx/cpu.h:
../vmx/../include/handover.h:
../vmx/../include/types.h:
../vmx/../include/hypercall.h:
../vmx/../include/platform.h:
../vmx/../include/errors.h:
../vmx/../include/../core/arch.h:
../vmx/../include/../core/../include/errors.h:
../vmx/../include/../core/../include/types.h:
../vmx/../include/types.h:
../vmx/asm_offsets.h:
trap.h:
../include/types.h:
../ept/guest_memory.h:
../ept/../include/types.h:
../include/platform.h:
../pal/pal.h:
../pal/../include/hypercall.h:
../pal/../include/types.h:
../pal/../vmx/cpu.h:
../vmx/event.h:
../vmx/cpu.h:
../vmx/exit.h:
../vmx/vmcs.h:
header.h:
../include/handover.h:
pool.h:
