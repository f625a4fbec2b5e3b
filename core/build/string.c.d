build/string.c.o: string.c ../include/platform.h ../include/errors.h \
 ../include/types.h ../include/../core/arch.h \
 ../include/../core/../include/errors.h \
 ../include/../core/../include/types.h
../include/platform.h:
../include/errors.h:
../include/types.h:
../include/../core/arch.h:
../include/../core/../include/errors.h:
../include/../core/../include/types.h:
