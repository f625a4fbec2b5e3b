build/vmx/host_state.c.o: ../vmx/host_state.c ../vmx/../core/tables.h \
 ../vmx/../core/../include/types.h ../vmx/../core/../vmx/cpu.h \
 ../vmx/../core/../vmx/../include/handover.h \
 ../vmx/../core/../vmx/../include/types.h \
 ../vmx/../core/../vmx/../include/hypercall.h \
 ../vmx/../core/../vmx/../include/platform.h \
 ../vmx/../core/../vmx/../include/errors.h \
 ../vmx/../core/../vmx/../include/../core/arch.h \
 ../vmx/../core/../vmx/../include/../core/../include/errors.h \
 ../vmx/../core/../vmx/../include/../core/../include/types.h \
 ../vmx/../core/../vmx/../include/types.h \
 ../vmx/../core/../vmx/asm_offsets.h ../vmx/../core/../vmx/launch.h \
 ../vmx/../core/../vmx/cpu.h ../vmx/controls.h ../vmx/../include/types.h \
 ../vmx/launch.h ../vmx/msr_index.h ../vmx/vmcs.h
../vmx/../core/tables.h:
../vmx/../core/../include/types.h:
../vmx/../core/../vmx/cpu.h:
../vmx/../core/../vmx/../include/handover.h:
../vmx/../core/../vmx/../include/types.h:
../vmx/../core/../vmx/../include/hypercall.h:
../vmx/../core/../vmx/../include/platform.h:
../vmx/../core/../vmx/../include/errors.h:
../vmx/../core/../vmx/../include/../core/arch.h:
../vmx/../core/../vmx/../include/../core/../include/errors.h:
../vmx/../core/../vmx/../include/../core/../include/types.h:
../vmx/../core/../vmx/../include/types.h:
../vmx/../core/../vmx/asm_offsets.h:
../vmx/../core/../vmx/launch.h:
../vmx/../core/../vmx/cpu.h:
../vmx/controls.h:
../vmx/../include/types.h:
../vmx/launch.h:
../vmx/msr_index.h:
../vmx/vmcs.h:
