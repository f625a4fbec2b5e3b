build/trap.c.o: trap.c trap.h ../include/types.h ../include/platform.h \
 ../include/errors.h ../include/types.h ../include/../core/arch.h \
 ../include/../core/../include/errors.h \
 ../include/../core/../include/types.h ../vmx/nmi.h ../vmx/cpu.h \
 ../vmx/../include/handover.h ../vmx/../include/types.h \
 ../vmx/../include/hypercall.h ../vmx/../include/platform.h \
 ../vmx/../include/types.h ../vmx/asm_offsets.h ../vmx/vmcs.h fatal.h \
 ../vmx/cpu.h
trap.h:
../include/types.h:
../include/platform.h:
../include/errors.h:
../include/types.h:
../include/../core/arch.h:
../include/../core/../include/errors.h:
../include/../core/../include/types.h:
../vmx/nmi.h:
../vmx/cpu.h:
../vmx/../include/handover.h:
../vmx/../include/types.h:
../vmx/../include/hypercall.h:
../vmx/../include/platform.h:
../vmx/../include/types.h:
../vmx/asm_offsets.h:
../vmx/vmcs.h:
fatal.h:
../vmx/cpu.h:
