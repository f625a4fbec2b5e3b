build/vmx/leave.c.o: ../vmx/leave.c ../vmx/leave.h ../vmx/cpu.h \
 ../vmx/../include/handover.h ../vmx/../include/types.h \
 ../vmx/../include/hypercall.h ../vmx/../include/platform.h \
 ../vmx/../include/errors.h ../vmx/../include/../core/arch.h \
 ../vmx/../include/../core/../include/errors.h \
 ../vmx/../include/../core/../include/types.h ../vmx/../include/types.h \
 ../vmx/asm_offsets.h ../vmx/launch.h ../vmx/../core/random.h \
 ../vmx/../core/../include/types.h ../vmx/../pal/pal.h \
 ../vmx/../pal/../include/hypercall.h ../vmx/../pal/../include/types.h \
 ../vmx/../pal/../vmx/cpu.h ../vmx/apic.h ../vmx/controls.h \
 ../vmx/event.h ../vmx/kick_internal.h ../vmx/vmcs.h
../vmx/leave.h:
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
../vmx/../core/random.h:
../vmx/../core/../include/types.h:
../vmx/../pal/pal.h:
../vmx/../pal/../include/hypercall.h:
../vmx/../pal/../include/types.h:
../vmx/../pal/../vmx/cpu.h:
../vmx/apic.h:
../vmx/controls.h:
../vmx/event.h:
../vmx/kick_internal.h:
../vmx/vmcs.h:
