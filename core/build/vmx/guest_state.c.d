build/vmx/guest_state.c.o: ../vmx/guest_state.c ../vmx/guest_state.h \
 ../vmx/cpu.h ../vmx/../include/handover.h ../vmx/../include/types.h \
 ../vmx/../include/hypercall.h ../vmx/../include/platform.h \
 ../vmx/../include/errors.h ../vmx/../include/../core/arch.h \
 ../vmx/../include/../core/../include/errors.h \
 ../vmx/../include/../core/../include/types.h ../vmx/../include/types.h \
 ../vmx/asm_offsets.h ../vmx/launch.h ../vmx/../ept/guest_memory.h \
 ../vmx/../ept/../include/types.h ../vmx/controls.h ../vmx/cr.h \
 ../vmx/msr_index.h ../vmx/vmcs.h
../vmx/guest_state.h:
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
../vmx/../ept/guest_memory.h:
../vmx/../ept/../include/types.h:
../vmx/controls.h:
../vmx/cr.h:
../vmx/msr_index.h:
../vmx/vmcs.h:
