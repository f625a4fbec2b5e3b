# shellcheck shell=dash
# limit: 200
# Loads and unloads with nothing else at work lose no memory: not one page a cycle. A PAL lives in every fifth.
# shellcheck source=selftests/machine/lib/machine.sh
. /test/machine/lib/machine.sh
# shellcheck source=selftests/machine/lib/cycles.sh
. /test/machine/lib/cycles.sh
cycles=60

mark
i=0
# Measured, with one CPU: slabs grow by 44 KiB until the tenth cycle; from there to the thirtieth 8 KiB went once.
failing() {
	for stage in 1 2 3 4; do [ "$(load fail_cpu=0 fail_stage=$stage)" != ok ] || return; done
}
failing
cycle_to 10 "up-pal calls-short"
before=$(memory)
cycle_to "$cycles" "up-pal calls-short"
rounds=0
for n in 1 2 3 4 5; do failing && rounds=$((rounds + 1)); done
after=$(memory)
check_equal "$cycles cycles, a PAL in every fifth" "$cycles" "$i" || diag "load said $answer"
check_equal "five rounds of loads that fail at each stage" 5 "$rounds"
diag "before $before"
diag "after  $after"
lost=$(($(accounted "$before") - $(accounted "$after")))
diag "lost: $lost KiB in $((cycles - 10)) cycles"
# A page a cycle would be 200 KiB, a page for each PAL 40.
check "no memory was lost" test $lost -lt 24
check "the kernel has nothing to complain about" quiet_since_mark
finish
