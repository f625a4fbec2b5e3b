build/vmx/event.c.o: ../vmx/event.c ../vmx/event.h \
 ../vmx/../include/types.h ../vmx/cpu.h ../vmx/../include/handover.h \
 ../vmx/../include/types.h ../vmx/../include/hypercall.h \
 ../vmx/../include/platform.h ../vmx/../include/errors.h \
 ../vmx/../include/../core/arch.h \
 ../vmx/../include/../core/../include/errors.h \
 ../vmx/../include/../core/../include/types.h ../vmx/asm_offsets.h \
 ../vmx/msr_index.h ../vmx/vmcs.h
../vmx/event.h:
../vmx/../include/types.h:
../vmx/cpu.h:
../vmx/../include/handover.h:
../vmx/../include/types.h:
../vmx/../include/hypercall.h:
../vmx/../include/platform.h:
../vmx/../include/errors.h:
../vmx/../include/../core/arch.h:
../vmx/../include/../core/../include/errors.h:
../vmx/../include/../core/../include/types.h:
../vmx/asm_offsets.h:
../vmx/msr_index.h:
../vmx/vmcs.h:
