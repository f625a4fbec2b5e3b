build/vmx/kick.c.o: ../vmx/kick.c ../vmx/kick.h ../vmx/../include/types.h \
 ../vmx/../include/platform.h ../vmx/../include/errors.h \
 ../vmx/../include/types.h ../vmx/../include/../core/arch.h \
 ../vmx/../include/../core/../include/errors.h \
 ../vmx/../include/../core/../include/types.h ../vmx/apic.h \
 ../vmx/controls.h ../vmx/cpu.h ../vmx/../include/handover.h \
 ../vmx/../include/hypercall.h ../vmx/asm_offsets.h ../vmx/init_sipi.h \
 ../vmx/kick_internal.h ../vmx/vmcs.h
../vmx/kick.h:
../vmx/../include/types.h:
../vmx/../include/platform.h:
../vmx/../include/errors.h:
../vmx/../include/types.h:
../vmx/../include/../core/arch.h:
../vmx/../include/../core/../include/errors.h:
../vmx/../include/../core/../include/types.h:
../vmx/apic.h:
../vmx/controls.h:
../vmx/cpu.h:
../vmx/../include/handover.h:
../vmx/../include/hypercall.h:
../vmx/asm_offsets.h:
../vmx/init_sipi.h:
../vmx/kick_internal.h:
../vmx/vmcs.h:
