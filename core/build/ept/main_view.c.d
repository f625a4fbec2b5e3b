build/ept/main_view.c.o: ../ept/main_view.c ../ept/../vmx/kick.h \
 ../ept/../vmx/../include/types.h ../ept/internal.h \
 ../ept/../include/handover.h ../ept/../include/types.h \
 ../ept/../include/platform.h ../ept/../include/errors.h \
 ../ept/../include/../core/arch.h \
 ../ept/../include/../core/../include/errors.h \
 ../ept/../include/../core/../include/types.h ../ept/frame.h \
 ../ept/../include/types.h ../ept/main_view.h ../ept/mtrr.h ../ept/view.h
../ept/../vmx/kick.h:
../ept/../vmx/../include/types.h:
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
