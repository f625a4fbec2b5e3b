# shellcheck shell=dash
# limit: 200
# Some loads and unloads under CPU, memory, I/O and NMI load lose nothing.
# shellcheck source=selftests/machine/lib/machine.sh
. /test/machine/lib/machine.sh
cycles=${UP_CYCLES:-12}

# Runs of busybox are fork, exec, page faults, pipes and file writes; NMIs come from up_nmi.
stress() {
	while :; do
		dd if=/dev/zero bs=64k count=8 2>/dev/null | sha256sum >"$tmp/sum.$1"
		head -c 300000 /dev/urandom >"$tmp/file.$1"
		cat "$tmp/file.$1" | gzip -1 >"$tmp/zip.$1"
	done
}
ticks() { sed -n 's/^ *LOC: *\([0-9]*\) .*/\1/p' /proc/interrupts; }

mark
# One cycle first: what is allocated once and kept (slabs, debugfs) is not lost memory.
check_equal "a first load" ok "$(load)"
check "and unload" unload
insert up_nmi
echo 300 >/sys/module/up_nmi/parameters/pause_us
settle
free_before=$(mem_free)
loads=''
for i in $(seq "$(nr_cpus)"); do stress "$i" & loads="$loads $!"; done
echo 1 >$debugfs/up_nmi/on
read -r up_before _ </proc/uptime
date_before=$(date +%s)
i=0
while [ $i -lt "$cycles" ]; do
	answer=$(load)
	[ "$answer" = ok ] || break
	[ $((i % 25)) != 0 ] || { underpin status >"$tmp/status" || break; diag "cycle $i at $(cut -d' ' -f1 /proc/uptime)"; }
	unload || break
	i=$((i + 1))
done
read -r up_after _ </proc/uptime
date_after=$(date +%s)
echo 0 >$debugfs/up_nmi/on
kill $loads; wait $loads 2>/dev/null
check_equal "$cycles cycles under load" "$cycles" "$i" || diag "load said $answer"
diag "machine time $up_before to $up_after"
counts=$(cat $debugfs/up_nmi/counts)
diag "$counts"
check "NMIs were sent to each CPU" test "$(echo "$counts" | awk '$4 > 100' | wc -l)" = "$(nr_cpus)"
check_equal "no NMI was lost" "" "$(echo "$counts" | grep -v ' lost 0 ')"
check_equal "no NMI was delivered twice" "" "$(echo "$counts" | grep -v ' extra 0$')"
drift=$((date_after - date_before - ${up_after%.*} + ${up_before%.*}))
check "no time was lost: the wall clock and the monotonic clock agree" test $drift -ge -1 -a $drift -le 1
rmmod up_nmi
rm -f "$tmp"/file.* "$tmp"/zip.* "$tmp"/sum.*
settle
free_after=$(mem_free)
diag "free before $free_before KiB, after $free_after KiB"
# The load's own noise is up to 1.9 MiB (40-cycles); a pool that stayed would be 2 MiB a cycle.
check "no memory was lost, as far as the load's own noise lets one see" test "$free_after" -gt $((free_before - 2300))
check "the kernel has nothing to complain about" quiet_since_mark
check_equal "it still loads" ok "$(load)"
check "and leaves" unload
finish
