# shellcheck shell=dash
# Loads and unloads, many times: what 40-cycles, 41-cycles-few and 42-cycles-quiet share. After machine.sh.

# Runs of busybox are fork, exec, page faults, pipes and file writes; NMIs come from up_nmi.
stress() {
	while :; do
		dd if=/dev/zero bs=64k count=8 2>/dev/null | sha256sum >"$tmp/sum.$1"
		head -c 300000 /dev/urandom >"$tmp/file.$1"
		cat "$tmp/file.$1" | gzip -1 >"$tmp/zip.$1"
	done
}
begin_load() {
	loads=''
	for n in $(seq "$(nr_cpus)"); do stress "$n" & loads="$loads $!"; done
	echo 1 >$debugfs/up_nmi/on
}
end_load() {
	echo 0 >$debugfs/up_nmi/on
	kill $loads; wait $loads 2>/dev/null
	rm -f "$tmp"/file.* "$tmp"/zip.* "$tmp"/sum.*
}

# Every load makes read-only pages, for which the kernel splits large pages of its direct map, each
# by a page table that it keeps: that is not lost memory, and is told by DirectMap4k. Nor are the free
# pages in the CPUs' own lists (zoneinfo's counts), which MemFree leaves out, nor what has a name:
# the tests' files (Shmem) and processes (AnonPages, PageTables, KernelStack). Slabs that grow are lost.
# What is freed comes late (RCU, work queues): read until it stays.
memory_now() {
	settle
	awk '/^(MemFree|Shmem|AnonPages|SUnreclaim|SReclaimable|DirectMap4k|PageTables|Percpu|KernelStack|VmallocUsed):/ { printf "%s%s ", $1, $2 }' /proc/meminfo
	awk '$1 == "count:" { n += $2 } END { printf "Lists:%d ", n * 4 }' /proc/zoneinfo
}
memory() {
	new=''
	for try in 1 2 3 4 5 6 7 8 9 10; do
		old=$new
		new=$(memory_now)
		[ "$(accounted "$new")" != "$(accounted "$old")" ] || break
		sleep 0.5
	done
	echo "$new"
}
# amount MEMORY FIELD... : KiB, of what memory() printed.
amount() { printed=$1; shift; for field; do echo "$printed" | tr ' ' '\n' | sed -n "s/^$field://p"; done | awk '{ n += $1 } END { print n + 0 }'; }
# KiB that are free or have a name. What grows without one is lost.
accounted() {
	echo $(($(amount "$1" MemFree Lists Shmem AnonPages PageTables KernelStack) +
		$(amount "$1" DirectMap4k) / 512))
}

# cycle_to N [COMMAND] : goes on from the cycle i, and runs COMMAND under the core in every fifth.
cycle_to() {
	while [ $i -lt "$1" ]; do
		answer=$(load)
		[ "$answer" = ok ] || return
		[ -z "${2-}" ] || [ $((i % 5)) != 0 ] || $2 || { answer="ok, but $2 failed"; return; }
		[ $((i % 25)) != 0 ] || { underpin status >"$tmp/status" || return; diag "cycle $i at $(cut -d' ' -f1 /proc/uptime)"; }
		unload || return
		i=$((i + 1))
	done
}

# cycles_under_load N : loads and unloads under CPU, memory, I/O and NMI load lose nothing.
cycles_under_load() {
	cycles=$1
	mark
	# One cycle first: what is allocated once and kept (slabs, debugfs) is not lost memory.
	check_equal "a first load" ok "$(load)"
	check "and unload" unload
	insert up_nmi
	echo 300 >/sys/module/up_nmi/parameters/pause_us
	read -r up_before _ </proc/uptime
	date_before=$(date +%s)
	i=0
	# A quarter first, until caches and slabs have their size.
	begin_load; cycle_to $((cycles / 4)); end_load
	before=$(memory)
	begin_load; cycle_to "$cycles"; end_load
	after=$(memory)
	read -r up_after _ </proc/uptime
	date_after=$(date +%s)
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
	diag "before $before"
	diag "after  $after"
	# Measured: the load's own leftovers move this by up to 1.9 MiB either way, whatever the number of cycles
	# (24, 60 and 200 gave 1.2, 1.9 and 1.4). A pool that stayed would be 2 MiB a cycle; what is smaller,
	# 42-cycles-quiet sees.
	check "no memory was lost, as far as the load's own noise lets one see" test "$(accounted "$after")" -gt $(($(accounted "$before") - 2300))
	check "the kernel has nothing to complain about" quiet_since_mark
	check_equal "it still loads" ok "$(load)"
	check "and leaves" unload
}
