build/tables.c.o: tables.c tables.h ../include/types.h ../vmx/cpu.h \
 ../vmx/../include/handover.h ../vmx/../include/types.h \
 ../vmx/../include/hypercall.h ../vmx/../include/platform.h \
 ../vmx/../include/errors.h ../vmx/../include/../core/arch.h \
 ../vmx/../include/../core/../include/errors.h \
 ../vmx/../include/../core/../include/types.h ../vmx/../include/types.h \
 ../vmx/asm_offsets.h ../vmx/launch.h ../vmx/cpu.h ../include/platform.h \
 ../vmx/controls.h ../vmx/msr_index.h
tables.h:
../include/types.h:
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
../vmx/launch.h:
../vmx/cpu.h:
../include/platform.h:
../vmx/controls.h:
../vmx/msr_index.h:
