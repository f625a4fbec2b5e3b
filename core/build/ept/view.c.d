build/ept/view.c.o: ../ept/view.c ../ept/view.h \
 ../ept/../include/platform.h ../ept/../include/errors.h \
 ../ept/../include/types.h ../ept/../include/../core/arch.h \
 ../ept/../include/../core/../include/errors.h \
 ../ept/../include/../core/../include/types.h ../ept/../include/types.h
../ept/view.h:
../ept/../include/platform.h:
../ept/../include/errors.h:
../ept/../include/types.h:
../ept/../include/../core/arch.h:
../ept/../include/../core/../include/errors.h:
../ept/../include/../core/../include/types.h:
../ept/../include/types.h:
