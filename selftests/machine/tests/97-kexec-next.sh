# shellcheck shell=dash
# What the kernel after a kexec finds; started by 97-kexec, not by main: the secret, how many tests there were before,
# whether the core stayed ("1": kexec=stay, "crash").
# shellcheck source=selftests/machine/lib/machine.sh
. /test/machine/lib/machine.sh

tap_run=$2
ok "kexec starts the next kernel"
possible=$(sed 's/.*-//' /sys/devices/system/cpu/possible)
check_equal "all CPUs came up" $((possible + 1)) "$(nr_cpus)"
each() { for cpu in $(seq "$(nr_cpus)"); do echo "$1"; done; }
if [ -n "${3-}" ]; then
	check_equal "every CPU is under the core" "$(each UnderpinCore)" "$(up-identity)"
	insert up_attack
	check_equal "it answers" 0 "$(attack hc $HC_NULL 0 0 0 0)"
	[ "$3" = crash ] || for block in $(sed 's/.*memmap=\([^ ]*\).*/\1/' /proc/cmdline | tr , ' '); do
		at=$((${block#*$})) size=${block%%K*}
		check "this kernel leaves the core's $size KiB alone" grep -q "^ *$(printf '%08x-%08x' $at $((at + size * 1024 - 1))) : Reserved" /proc/iomem
	done
	if [ $possible -gt 0 ]; then
		check "CPU 1 goes offline" online 1 0
		check "and comes back, by INIT and SIPI under the core" online 1 1
	fi
	if [ "$3" = crash ]; then
		check "the crashed kernel's memory can be dumped" test -s /proc/vmcore
	fi
	check_equal "there is no second core without VMX" ENODEV "$(load)"
else
	check_equal "no CPU is under a core" "$(each none)" "$(up-identity)"
fi
insert up_attack
answer=$(attack scan $1)
check_equal "the PAL's secret is nowhere in memory" 0 "$(echo "$answer" | sed 's/^found \([0-9]*\) .*/\1/')" || diag "$answer"
[ -z "${3-}" ] || finish
mark
check_equal "the core can be loaded here" ok "$(load)"
check "every CPU is under it" underpin status
check "and it leaves" unload
finish
