build/vmx/msr.c.o: ../vmx/msr.c ../vmx/msr.h ../vmx/cpu.h \
 ../vmx/../include/handover.h ../vmx/../include/types.h \
 ../vmx/../include/hypercall.h ../vmx/../include/platform.h \
 ../vmx/../include/errors.h ../vmx/../include/../core/arch.h \
 ../vmx/../include/../core/../include/errors.h \
 ../vmx/../include/../core/../include/types.h ../vmx/../include/types.h \
 ../vmx/asm_offsets.h ../vmx/../ept/frame.h \
 ../vmx/../ept/../include/types.h ../vmx/../ept/main_view.h \
 ../vmx/../ept/../include/handover.h ../vmx/apic.h ../vmx/controls.h \
 ../vmx/event.h ../vmx/kick_internal.h ../vmx/msr_index.h ../vmx/vmcs.h
../vmx/msr.h:
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
../vmx/../ept/frame.h:
../vmx/../ept/../include/types.h:
../vmx/../ept/main_view.h:
../vmx/../ept/../include/handover.h:
../vmx/apic.h:
../vmx/controls.h:
../vmx/event.h:
../vmx/kick_internal.h:
../vmx/msr_index.h:
../vmx/vmcs.h:
