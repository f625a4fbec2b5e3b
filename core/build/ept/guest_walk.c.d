build/ept/guest_walk.c.o: ../ept/guest_walk.c ../ept/guest_memory.h \
 ../ept/../include/types.h ../ept/internal.h ../ept/../include/handover.h \
 ../ept/../include/types.h ../ept/../include/platform.h \
 ../ept/../include/errors.h ../ept/../include/../core/arch.h \
 ../ept/../include/../core/../include/errors.h \
 ../ept/../include/../core/../include/types.h ../ept/frame.h \
 ../ept/main_view.h ../ept/mtrr.h ../ept/view.h
../ept/guest_memory.h:
../ept/../include/types.h:
../ept/internal.h:
../ept/../include/handover.h:
../ept/../include/types.h:
../ept/../include/platform.h:
../ept/../include/errors.h:
../ept/../include/../core/arch.h:
../ept/../include/../core/../include/errors.h:
../ept/../include/../core/../include/types.h:
../ept/frame.h:
../ept/main_view.h:
../ept/mtrr.h:
../ept/view.h:
