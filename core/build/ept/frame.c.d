build/ept/frame.c.o: ../ept/frame.c ../ept/internal.h \
 ../ept/../include/handover.h ../ept/../include/types.h \
 ../ept/../include/platform.h ../ept/../include/errors.h \
 ../ept/../include/../core/arch.h \
 ../ept/../include/../core/../include/errors.h \
 ../ept/../include/../core/../include/types.h ../ept/frame.h \
 ../ept/../include/types.h ../ept/main_view.h ../ept/mtrr.h ../ept/view.h
../ept/internal.h:
../ept/../include/handover.h:
../ept/../include/types.h:
../ept/../include/platform.h:
../ept/../include/errors.h:
../ept/../include/../core/arch.h:
../ept/../include/../core/../include/errors.h:
../ept/../include/../core/../include/types.h:
../ept/frame.h:
../ept/../include/types.h:
../ept/main_view.h:
../ept/mtrr.h:
../ept/view.h:
