build/vmx/init_sipi.c.o: ../vmx/init_sipi.c ../vmx/init_sipi.h \
 ../vmx/cpu.h ../vmx/../include/handover.h ../vmx/../include/types.h \
 ../vmx/../include/hypercall.h ../vmx/../include/platform.h \
 ../vmx/../include/errors.h ../vmx/../include/../core/arch.h \
 ../vmx/../include/../core/../include/errors.h \
 ../vmx/../include/../core/../include/types.h ../vmx/../include/types.h \
 ../vmx/asm_offsets.h ../vmx/controls.h ../vmx/event.h \
 ../vmx/guest_state.h ../vmx/launch.h ../vmx/kick_internal.h \
 ../vmx/vmcs.h
../vmx/init_sipi.h:
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
../vmx/controls.h:
../vmx/event.h:
../vmx/guest_state.h:
../vmx/launch.h:
../vmx/kick_internal.h:
../vmx/vmcs.h:
