# shellcheck shell=dash
# limit: 300
# What Linux can do to a PAL and its owner: look, write, dump, fork, kill, unmap, wait ten seconds.
# shellcheck source=selftests/machine/lib/machine.sh
. /test/machine/lib/machine.sh

need_core
mark
run_tap up-pal owner
check_equal "no PAL is left" 0 "$(status_field pals)"
check_equal "there is no fatal record" false "$(status_field fatal_record)"
longest=$(status_field longest_root_ticks)
check "no stay in root was above 50,000 ticks" test "$longest" -lt 50000 ||
	diag "$longest ticks in $(status_field longest_root_reason_name)"
check "the kernel has nothing to complain about" quiet_since_mark
check "unload" unload
finish
