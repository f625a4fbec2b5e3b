build/vmx/exit.S.o: ../vmx/exit.S ../vmx/asm_offsets.h
../vmx/asm_offsets.h:
