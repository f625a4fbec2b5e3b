build/vmx/memory.c.o: ../vmx/memory.c ../vmx/../ept/main_view.h \
 ../vmx/../ept/../include/handover.h ../vmx/../ept/../include/types.h \
 ../vmx/../ept/../include/types.h ../vmx/../include/platform.h \
 ../vmx/../include/errors.h ../vmx/../include/types.h \
 ../vmx/../include/../core/arch.h \
 ../vmx/../include/../core/../include/errors.h \
 ../vmx/../include/../core/../include/types.h ../vmx/../pal/pal.h \
 ../vmx/../pal/../include/hypercall.h ../vmx/../pal/../include/types.h \
 ../vmx/../pal/../include/types.h ../vmx/../pal/../vmx/cpu.h \
 ../vmx/../pal/../vmx/../include/handover.h \
 ../vmx/../pal/../vmx/../include/hypercall.h \
 ../vmx/../pal/../vmx/../include/platform.h \
 ../vmx/../pal/../vmx/../include/types.h \
 ../vmx/../pal/../vmx/asm_offsets.h ../vmx/event.h \
 ../vmx/../include/types.h ../vmx/cpu.h ../vmx/exit.h ../vmx/vmcs.h
../vmx/../ept/main_view.h:
../vmx/../ept/../include/handover.h:
../vmx/../ept/../include/types.h:
../vmx/../ept/../include/types.h:
../vmx/../include/platform.h:
../vmx/../include/errors.h:
../vmx/../include/types.h:
../vmx/../include/../core/arch.h:
../vmx/../include/../core/../include/errors.h:
../vmx/../include/../core/../include/types.h:
../vmx/../pal/pal.h:
../vmx/../pal/../include/hypercall.h:
../vmx/../pal/../include/types.h:
../vmx/../pal/../include/types.h:
../vmx/../pal/../vmx/cpu.h:
../vmx/../pal/../vmx/../include/handover.h:
../vmx/../pal/../vmx/../include/hypercall.h:
../vmx/../pal/../vmx/../include/platform.h:
../vmx/../pal/../vmx/../include/types.h:
../vmx/../pal/../vmx/asm_offsets.h:
../vmx/event.h:
../vmx/../include/types.h:
../vmx/cpu.h:
../vmx/exit.h:
../vmx/vmcs.h:
