build/trap.S.o: trap.S
