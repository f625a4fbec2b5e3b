build/ept/mtrr.c.o: ../ept/mtrr.c ../ept/mtrr.h ../ept/../include/types.h \
 ../ept/view.h ../ept/../include/platform.h ../ept/../include/errors.h \
 ../ept/../include/types.h ../ept/../include/../core/arch.h \
 ../ept/../include/../core/../include/errors.h \
 ../ept/../include/../core/../include/types.h
../ept/mtrr.h:
../ept/../include/types.h:
../ept/view.h:
../ept/../include/platform.h:
../ept/../include/errors.h:
../ept/../include/types.h:
../ept/../include/../core/arch.h:
../ept/../include/../core/../include/errors.h:
../ept/../include/../core/../include/types.h:
