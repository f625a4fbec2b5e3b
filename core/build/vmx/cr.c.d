build/vmx/cr.c.o: ../vmx/cr.c ../vmx/cr.h ../vmx/cpu.h \
 ../vmx/../include/handover.h ../vmx/../include/types.h \
 ../vmx/../include/hypercall.h ../vmx/../include/platform.h \
 ../vmx/../include/errors.h ../vmx/../include/../core/arch.h \
 ../vmx/../include/../core/../include/errors.h \
 ../vmx/../include/../core/../include/types.h ../vmx/../include/types.h \
 ../vmx/asm_offsets.h ../vmx/../ept/guest_memory.h \
 ../vmx/../ept/../include/types.h ../vmx/controls.h ../vmx/event.h \
 ../vmx/msr_index.h ../vmx/vmcs.h
../vmx/cr.h:
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
../vmx/../ept/guest_memory.h:
../vmx/../ept/../include/types.h:
../vmx/controls.h:
../vmx/event.h:
../vmx/msr_index.h:
../vmx/vmcs.h:
