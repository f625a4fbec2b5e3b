# shellcheck shell=dash
# limit: 400
# What Linux sees under the core is what it saw before; lib/differences names each exception.
# shellcheck source=selftests/machine/lib/machine.sh
. /test/machine/lib/machine.sh

record() {
	up-record >"$tmp/user-$1" 2>&1
	: >"$tmp/kernel-$1"
	for cpu in "$debugfs"/up_probe/cpu*; do
		echo "${cpu##*/}" >>"$tmp/kernel-$1"
		cat "$cpu" >>"$tmp/kernel-$1"
	done
}
# differ A B : the lines that do, but for those that may (pattern file $3).
differ() {
	diff -U 0 "$tmp/$1" "$tmp/$2" | sed '1,2d; /^@@/d' >"$tmp/diff"
	sed 's/^[-+]//; s/^cpu[0-9]* //' "$tmp/diff" >"$tmp/bare"
	if [ -n "$3" ]; then grep -v '^#' "$3" >"$tmp/allowed"; grep -E -v -f "$tmp/allowed" "$tmp/bare"; else cat "$tmp/bare"; fi >"$tmp/left"
	[ -s "$tmp/left" ] || return 0
	grep -F -f "$tmp/left" "$tmp/diff" | head -n 24
	return 1
}
recorded() { [ "$(grep -c . "$tmp/$1")" -gt "$2" ]; }

insert up_probe
# The emulator traps after a SYSCALL that was single-stepped, and Linux warns of that once.
record before
mark
record again
check "ring 3: the record is of all CPUs and leaves" recorded user-before $((200 * $(nr_cpus)))
check "ring 0: the record is of all CPUs and instructions" recorded kernel-before 200
check "ring 3: two records of the bare machine are the same" differ user-before user-again
check "ring 0: two records of the bare machine are the same" differ kernel-before kernel-again
need_core
record under
check "ring 3: CPUID, instructions and single steps are the same under the core" differ user-before user-under $machine/lib/differences
check "ring 0: registers, MSRs, instructions and faults are the same under the core" differ kernel-before kernel-under $machine/lib/differences
check "INVD drops nothing that was written" sh -c "! grep -h '^insn invd' $tmp/kernel-under | grep -v 'lost 0'"
if [ "$(grep -c xsetbv "$tmp/kernel-before")" = 0 ]; then skip "this CPU has no XSAVE" "XSETBV of a bad value is #GP"; else check_equal "XSETBV of a bad value is #GP" "insn xsetbv-0 fault 13" "$(grep -h '^insn xsetbv-0' "$tmp/kernel-under" | sort -u)"; fi
check_equal "VMX instructions at CPL 0 are #UD" "" "$(grep -hE '^insn (vm|inv(ept|vpid))' "$tmp/kernel-under" | grep -v 'fault 6')"
check_equal "the differences are there: the list is not stale" "3" "$(diff "$tmp/kernel-before" "$tmp/kernel-under" | grep -cE '^[+]msr 0x48[012b] ' | awk '{ print ($1 >= 3) ? 3 : $1 }')"
check "unload" unload
record after
check "ring 3: after unload it is as before" differ user-before user-after
check "ring 0: after unload it is as before (GDT, IDT and TR limits, SYSENTER, DR7, DEBUGCTL too)" differ kernel-before kernel-after
check "the kernel has nothing to complain about" quiet_since_mark
finish
