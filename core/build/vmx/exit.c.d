build/vmx/exit.c.o: ../vmx/exit.c ../vmx/exit.h ../vmx/cpu.h \
 ../vmx/../include/handover.h ../vmx/../include/types.h \
 ../vmx/../include/hypercall.h ../vmx/../include/platform.h \
 ../vmx/../include/errors.h ../vmx/../include/../core/arch.h \
 ../vmx/../include/../core/../include/errors.h \
 ../vmx/../include/../core/../include/types.h ../vmx/../include/types.h \
 ../vmx/asm_offsets.h ../vmx/../core/fatal.h ../vmx/../core/../vmx/cpu.h \
 ../vmx/../core/trap.h ../vmx/../core/../include/types.h \
 ../vmx/../pal/pal.h ../vmx/../pal/../include/hypercall.h \
 ../vmx/../pal/../include/types.h ../vmx/../pal/../vmx/cpu.h \
 ../vmx/controls.h ../vmx/cpuid.h ../vmx/cr.h ../vmx/event.h \
 ../vmx/init_sipi.h ../vmx/kick_internal.h ../vmx/launch.h ../vmx/msr.h \
 ../vmx/msr_index.h ../vmx/nmi.h ../vmx/vmcs.h
../vmx/exit.h:
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
../vmx/../core/fatal.h:
../vmx/../core/../vmx/cpu.h:
../vmx/../core/trap.h:
../vmx/../core/../include/types.h:
../vmx/../pal/pal.h:
../vmx/../pal/../include/hypercall.h:
../vmx/../pal/../include/types.h:
../vmx/../pal/../vmx/cpu.h:
../vmx/controls.h:
../vmx/cpuid.h:
../vmx/cr.h:
../vmx/event.h:
../vmx/init_sipi.h:
../vmx/kick_internal.h:
../vmx/launch.h:
../vmx/msr.h:
../vmx/msr_index.h:
../vmx/nmi.h:
../vmx/vmcs.h:
