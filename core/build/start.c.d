build/start.c.o: start.c ../ept/main_view.h ../ept/../include/handover.h \
 ../ept/../include/types.h ../ept/../include/types.h \
 ../include/platform.h ../include/errors.h ../include/types.h \
 ../include/../core/arch.h ../include/../core/../include/errors.h \
 ../include/../core/../include/types.h ../vmx/controls.h \
 ../vmx/../include/types.h ../vmx/cpuid.h ../vmx/cpu.h \
 ../vmx/../include/handover.h ../vmx/../include/hypercall.h \
 ../vmx/../include/types.h ../vmx/../include/platform.h \
 ../vmx/asm_offsets.h ../vmx/launch.h ../vmx/msr_index.h pool.h \
 ../vmx/cpu.h random.h ../include/types.h tables.h
../ept/main_view.h:
../ept/../include/handover.h:
../ept/../include/types.h:
../ept/../include/types.h:
../include/platform.h:
../include/errors.h:
../include/types.h:
../include/../core/arch.h:
../include/../core/../include/errors.h:
../include/../core/../include/types.h:
../vmx/controls.h:
../vmx/../include/types.h:
../vmx/cpuid.h:
../vmx/cpu.h:
../vmx/../include/handover.h:
../vmx/../include/hypercall.h:
../vmx/../include/types.h:
../vmx/../include/platform.h:
../vmx/asm_offsets.h:
../vmx/launch.h:
../vmx/msr_index.h:
pool.h:
../vmx/cpu.h:
random.h:
../include/types.h:
tables.h:
