build/vmx/controls.c.o: ../vmx/controls.c ../vmx/controls.h \
 ../vmx/../include/types.h ../vmx/../include/handover.h \
 ../vmx/../include/types.h ../vmx/../include/platform.h \
 ../vmx/../include/errors.h ../vmx/../include/../core/arch.h \
 ../vmx/../include/../core/../include/errors.h \
 ../vmx/../include/../core/../include/types.h ../vmx/msr_index.h \
 ../vmx/vmcs.h
../vmx/controls.h:
../vmx/../include/types.h:
../vmx/../include/handover.h:
../vmx/../include/types.h:
../vmx/../include/platform.h:
../vmx/../include/errors.h:
../vmx/../include/../core/arch.h:
../vmx/../include/../core/../include/errors.h:
../vmx/../include/../core/../include/types.h:
../vmx/msr_index.h:
../vmx/vmcs.h:
