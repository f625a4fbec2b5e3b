# shellcheck shell=dash
# limit: 300
# A CPU goes offline and comes back under load, with a PAL registered; it stays under the core all the while.
# shellcheck source=selftests/machine/lib/machine.sh
. /test/machine/lib/machine.sh

all=$(nr_cpus)
[ "$all" -gt 1 ] || skip_all "one CPU"
everywhere() { for cpu in $(seq "$all"); do echo "$1"; done; }
need_core
mark
up-pal loop & pal=$!
(while :; do dd if=/dev/zero bs=64k count=8 2>/dev/null | sha256sum >/dev/null; done) & load=$!
sleep 1
check_equal "a PAL runs" 1 "$(status_field pals)"
for n in 1 2 3 4 5; do
	check "round $n: CPU 1 goes offline" online 1 0
	check_equal "round $n: it stays under the core" "$all" "$(status_field cpus_under_core)"
	[ $n != 1 ] || { check "status says that every CPU is under the core" underpin status
		check_equal "rmmod with a CPU offline is refused" 1 "$(rmmod underpin 2>/dev/null; echo $?)"
		# Registration shoots down; a CPU that waits for a SIPI must not hold it up.
		check "a PAL can be registered meanwhile" up-pal calls-short
	}
	check "round $n: CPU 1 comes back" online 1 1
	check_equal "round $n: it runs under the core" "$all 0" "$(status_field cpus_under_core) $(status_field cpus_wait_for_sipi)"
	check_equal "round $n: the core answers on it" "$(everywhere UnderpinCore)" "$(up-identity)"
done
check "the PAL ran through all of it" kill -0 $pal
kill $pal $load; wait $pal $load 2>/dev/null
check "the kernel has nothing to complain about" quiet_since_mark
check "unload" unload
check_equal "no CPU is under the core" "$(everywhere none)" "$(up-identity)"
check "offline and online again without the core" sh -c 'echo 0 >/sys/devices/system/cpu/cpu1/online && echo 1 >/sys/devices/system/cpu/cpu1/online'
finish
