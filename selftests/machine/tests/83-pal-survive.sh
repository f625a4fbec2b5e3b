# shellcheck shell=dash
# limit: 300
# What Linux does with memory and processes while a PAL lives: KSM, swap, huge pages, userfaultfd, cgroups.
# shellcheck source=selftests/machine/lib/machine.sh
. /test/machine/lib/machine.sh

need_core
mark
run_tap up-survive oom
only_that() { ! since_mark | grep -E 'WARNING|BUG:|Bad page'; }
check "the kernel says no more than that" only_that
mark
modprobe lzo-rle
modprobe zram && echo 32M >/sys/block/zram0/disksize && mkswap /dev/zram0 >/dev/null
run_tap up-survive
end_of_pals
