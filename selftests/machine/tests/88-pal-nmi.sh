# shellcheck shell=dash
# limit: 200
# NMIs that come while a PAL is in the core: none is lost, and Linux's handler sees none of the PAL's registers.
# shellcheck source=selftests/machine/lib/machine.sh
. /test/machine/lib/machine.sh

need_core
mark
insert up_nmi
# Not back to back: both senders together send as fast as an NMI is handled, so the next one is pending before
# the PAL's next instruction. In Bochs a call goes through at a pause of 200 us (10,000 instructions; 20,000
# NMIs to each CPU meanwhile), while at 100 us neither the PAL nor the shell that should end it moves on.
for pause in 2000 200; do
	echo $pause >/sys/module/up_nmi/parameters/pause_us
	echo 1 >$debugfs/up_nmi/on
	run_tap up-pal patterns
	echo 0 >$debugfs/up_nmi/on
	diag "a pause of $pause us; so far:"
	counts=$(cat $debugfs/up_nmi/counts)
	diag "$counts"
done
check "NMIs were sent to each CPU" test "$(echo "$counts" | awk '$4 > 10000' | wc -l)" = "$(nr_cpus)"
check_equal "no NMI was lost" "" "$(echo "$counts" | grep -v ' lost 0 ')"
check_equal "no NMI was delivered twice" "" "$(echo "$counts" | grep -v ' extra 0$')"
check_equal "no handler saw the PAL's registers" "" "$(echo "$counts" | grep -v ' leaked 0 ')"
rmmod up_nmi
check "the kernel has nothing to complain about" quiet_since_mark
check "unload" unload
finish
