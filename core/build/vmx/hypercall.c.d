build/vmx/hypercall.c.o: ../vmx/hypercall.c ../vmx/../core/debug.h \
 ../vmx/../core/../vmx/cpu.h ../vmx/../core/../vmx/../include/handover.h \
 ../vmx/../core/../vmx/../include/types.h \
 ../vmx/../core/../vmx/../include/hypercall.h \
 ../vmx/../core/../vmx/../include/platform.h \
 ../vmx/../core/../vmx/../include/errors.h \
 ../vmx/../core/../vmx/../include/../core/arch.h \
 ../vmx/../core/../vmx/../include/../core/../include/errors.h \
 ../vmx/../core/../vmx/../include/../core/../include/types.h \
 ../vmx/../core/../vmx/../include/types.h \
 ../vmx/../core/../vmx/asm_offsets.h ../vmx/../core/fatal.h \
 ../vmx/../core/trap.h ../vmx/../core/../include/types.h \
 ../vmx/../core/log.h ../vmx/../core/status.h \
 ../vmx/../include/platform.h ../vmx/../pal/pal.h \
 ../vmx/../pal/../include/hypercall.h ../vmx/../pal/../include/types.h \
 ../vmx/../pal/../vmx/cpu.h ../vmx/apic.h ../vmx/../include/types.h \
 ../vmx/controls.h ../vmx/event.h ../vmx/cpu.h ../vmx/exit.h \
 ../vmx/kick_internal.h ../vmx/leave.h ../vmx/launch.h ../vmx/vmcs.h
../vmx/../core/debug.h:
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
../vmx/../core/fatal.h:
../vmx/../core/trap.h:
../vmx/../core/../include/types.h:
../vmx/../core/log.h:
../vmx/../core/status.h:
../vmx/../include/platform.h:
../vmx/../pal/pal.h:
../vmx/../pal/../include/hypercall.h:
../vmx/../pal/../include/types.h:
../vmx/../pal/../vmx/cpu.h:
../vmx/apic.h:
../vmx/../include/types.h:
../vmx/controls.h:
../vmx/event.h:
../vmx/cpu.h:
../vmx/exit.h:
../vmx/kick_internal.h:
../vmx/leave.h:
../vmx/launch.h:
../vmx/vmcs.h:
