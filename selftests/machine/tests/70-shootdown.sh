# shellcheck shell=dash
# limit: 200
# A page is taken from a CPU that spins on it with interrupts off: it is gone for all CPUs when the core says so.
# shellcheck source=selftests/machine/lib/machine.sh
. /test/machine/lib/machine.sh

[ "$(nr_cpus)" -gt 1 ] || skip_all "one CPU"
need_core
mark
insert up_spin
value() { sed -n "s/.*\b$1 \([-0-9]*\).*/\1/p" "$tmp/run"; }
for kind in read write; do
	for n in 1 2; do
		cat $debugfs/up_spin/$kind >"$tmp/run"
		diag "$(tr '\n' ' ' <"$tmp/run")"
		check_equal "$kind, run $n: the core takes the page though Linux there is deaf" 0 "$(value hide)"
		check_equal "$kind, run $n: it is gone for the other CPU" 1 "$(value vanished)"
		check_equal "$kind, run $n: never seen again after the acknowledgement" 0 "$(value stale)"
		check_equal "$kind, run $n: it comes back" "0 1" "$(value show) $(value back)"
		[ $kind = read ] || check_equal "$kind, run $n: no write reached it after the acknowledgement" 0 "$(value late-writes)"
	done
done
check "the kernel has nothing to complain about" quiet_since_mark
rmmod up_spin
check "unload" unload
finish
