build/vmx/cpuid.c.o: ../vmx/cpuid.c ../vmx/cpuid.h ../vmx/cpu.h \
 ../vmx/../include/handover.h ../vmx/../include/types.h \
 ../vmx/../include/hypercall.h ../vmx/../include/platform.h \
 ../vmx/../include/errors.h ../vmx/../include/../core/arch.h \
 ../vmx/../include/../core/../include/errors.h \
 ../vmx/../include/../core/../include/types.h ../vmx/../include/types.h \
 ../vmx/asm_offsets.h ../vmx/../include/version.h ../vmx/controls.h \
 ../vmx/msr_index.h ../vmx/vmcs.h
../vmx/cpuid.h:
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
../vmx/../include/version.h:
../vmx/controls.h:
../vmx/msr_index.h:
../vmx/vmcs.h:
