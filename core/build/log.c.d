build/log.c.o: log.c log.h ../include/types.h ../ept/guest_memory.h \
 ../ept/../include/types.h ../include/platform.h ../include/errors.h \
 ../include/types.h ../include/../core/arch.h \
 ../include/../core/../include/errors.h \
 ../include/../core/../include/types.h ../vmx/cpu.h \
 ../vmx/../include/handover.h ../vmx/../include/types.h \
 ../vmx/../include/hypercall.h ../vmx/../include/platform.h \
 ../vmx/../include/types.h ../vmx/asm_offsets.h
log.h:
../include/types.h:
../ept/guest_memory.h:
../ept/../include/types.h:
../include/platform.h:
../include/errors.h:
../include/types.h:
../include/../core/arch.h:
../include/../core/../include/errors.h:
../include/../core/../include/types.h:
../vmx/cpu.h:
../vmx/../include/handover.h:
../vmx/../include/types.h:
../vmx/../include/hypercall.h:
../vmx/../include/platform.h:
../vmx/../include/types.h:
../vmx/asm_offsets.h:
