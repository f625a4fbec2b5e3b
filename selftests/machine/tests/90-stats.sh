# shellcheck shell=dash
# limit: 200
# Exits are rare: an idle machine has CPUID and XSETBV and next to nothing else; no stay in root is long.
# shellcheck source=selftests/machine/lib/machine.sh
. /test/machine/lib/machine.sh

need_core
insert up_attack
mark
attack hc $HC_DEBUG 6 >/dev/null	# DEBUG_RESET_STATS
underpin stats >"$tmp/0"
sleep 20
underpin stats >"$tmp/idle"
sed 's/^/# /' "$tmp/idle"
# others: exits that are neither CPUID, XSETBV, the timer that makes each CPU look in every four
# seconds (vmx/kick.h), nor the hypercalls of this very question.
others() { underpin stats --json >"$tmp/json"; awk '
	/"(reason|name)"/ { gsub(/[",]/, ""); name = $2 }
	/"count"/ { gsub(/[",]/, ""); if (name !~ /CPUID|XSETBV|VMCALL|[Pp]reemption/) n += $2 }
	END { print n + 0 }' "$tmp/json"; }
found=$(others)
check "20 s of idling: no more than a handful of exits beside CPUID and XSETBV ($found)" test "$found" -le 20
(i=0; while [ $i -lt 60 ]; do dd if=/dev/zero bs=64k count=8 2>/dev/null | sha256sum >/dev/null; i=$((i + 1)); done)
again=$(others)
check "nor when processes come and go ($again)" test $((again - found)) -le 20
longest=$(status_field longest_root_ticks)
check "the longest stay in root was below 50,000 ticks ($longest)" test "$longest" -lt 50000
# Asked after the table, so that it can only be more.
of_table=$(awk '/"max"/ { gsub(/[",]/, ""); if ($2 > m) m = $2 } END { print m + 0 }' "$tmp/json")
check "and is at least the longest of the table ($of_table)" test "$of_table" -gt 0 -a "$longest" -ge "$of_table"

# ---- the same in debugfs, and what Linux can trace ----
[ -d $debugfs/underpin ] || mount -t debugfs debugfs $debugfs
for file in status stats log pals fatal; do check "debugfs has $file" cat $debugfs/underpin/$file; done
check "its counters are there, by CPU and reason" awk '$2 == 10 && NF == 6 && $3 > 0 { n++ } END { exit n < 1 }' $debugfs/underpin/stats || diag "$(head -n 5 $debugfs/underpin/stats)"
tracing=$debugfs/tracing
check "the tracepoints can be turned on" sh -c "echo 1 >$tracing/events/underpin/enable"
check "a PAL comes and goes" up-pal calls-short
for event in pal_register pal_unregister; do
	check "the trace has underpin_$event" grep -q "underpin_$event" $tracing/trace || diag "$(tail -n 3 $tracing/trace)"
done
echo 0 >$tracing/events/underpin/enable
check "the kernel has nothing to complain about" quiet_since_mark
check "unload" unload
finish
