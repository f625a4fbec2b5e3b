build/vmx/apic.c.o: ../vmx/apic.c ../vmx/apic.h ../vmx/../include/types.h \
 ../vmx/../include/platform.h ../vmx/../include/errors.h \
 ../vmx/../include/types.h ../vmx/../include/../core/arch.h \
 ../vmx/../include/../core/../include/errors.h \
 ../vmx/../include/../core/../include/types.h ../vmx/msr_index.h
../vmx/apic.h:
../vmx/../include/types.h:
../vmx/../include/platform.h:
../vmx/../include/errors.h:
../vmx/../include/types.h:
../vmx/../include/../core/arch.h:
../vmx/../include/../core/../include/errors.h:
../vmx/../include/../core/../include/types.h:
../vmx/msr_index.h:
