build/pool.c.o: pool.c pool.h ../vmx/cpu.h ../vmx/../include/handover.h \
 ../vmx/../include/types.h ../vmx/../include/hypercall.h \
 ../vmx/../include/platform.h ../vmx/../include/errors.h \
 ../vmx/../include/../core/arch.h \
 ../vmx/../include/../core/../include/errors.h \
 ../vmx/../include/../core/../include/types.h ../vmx/../include/types.h \
 ../vmx/asm_offsets.h ../include/platform.h ../vmx/msr_index.h
pool.h:
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
../include/platform.h:
../vmx/msr_index.h:
