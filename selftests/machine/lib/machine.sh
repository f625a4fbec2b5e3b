# shellcheck shell=dash
# What the tests in the machine share. Each begins with `. /test/machine/lib/machine.sh`.
# shellcheck source=selftests/lib/tap.sh
. /test/lib/tap.sh

machine=/test/machine
PATH=$machine/bin:$PATH
debugfs=/sys/kernel/debug
tmp=/tmp/${0##*/}
mkdir -p "$tmp"

# ---- the module ----

# up-load says "ok" or the name of the errno, and does not try again, as busybox' insmod does.
# UP_NATIVE (run --native): pretend, to see which tests notice that there is no core.
load() { if [ -n "${UP_NATIVE-}" ]; then echo ok; else up-load $machine/underpin.ko "debug=1 $*"; fi; }
is_loaded() { [ -d /sys/module/underpin ]; }
# The last close of a PAL may still be under way when its process is gone.
unload() {
	unload_tries=0
	while is_loaded; do
		rmmod underpin 2>"$tmp/rmmod" && return
		[ $((unload_tries += 1)) -lt 20 ] || { cat "$tmp/rmmod" >&2; return 1; }
		sleep 0.1
	done
}
# For a test that needs the core and cannot go on without.
need_core() {
	{ is_loaded || [ -n "${UP_NATIVE-}" ]; } && return
	need_core_answer=$(load)
	[ "$need_core_answer" = ok ] || { not_ok "underpin.ko loads"; diag "$need_core_answer"; dmesg | tail -n 5 | sed 's/^/# /'; finish; }
}
# A number of `underpin status --json`.
status_field() { underpin status --json | sed -n "s/^ *\"$1\": *\"\{0,1\}\([^\",]*\)\"\{0,1\},*$/\1/p"; }

# ---- the kernel's log: what came since the last mark ----

mark() { marks=$((${marks:-0} + 1)); echo "up-test: $0 mark $marks" >/dev/kmsg; }
since_mark() { dmesg | sed "1,\\#up-test: $0 mark $marks\$#d"; }
# Fails with the lines, if the kernel complained of anything.
quiet_since_mark() {
	! since_mark | grep -E 'WARNING|BUG|Oops|Call Trace|stall|lockup|Uhhuh|general protection|unchecked MSR|hung_task|blocked for more|Clocksource|marking clocksource|NMI handler|nobody cared|core: ' |
		grep -v 'perf: interrupt took too long'
}
# How every test of PALs ends: none is left, nothing broke, no stay in root was long (RULES 11), and it leaves.
end_of_pals() {
	check_equal "no PAL is left" 0 "$(status_field pals)"
	check_equal "there is no fatal record" false "$(status_field fatal_record)"
	longest=$(status_field longest_root_ticks)
	check "no stay in root was above 50,000 ticks" test "$longest" -lt 50000 ||
		diag "$longest ticks in $(status_field longest_root_reason_name)"
	check "the kernel has nothing to complain about" quiet_since_mark
	check "unload" unload
	finish
}
# A line that the module must have said since the mark.
says() { since_mark | grep -q -- "$1" || { since_mark | tail -n 5; return 1; }; }

# Bochs' SYSRET to 32-bit code leaves SS as Linux had it, which is null after an interrupt: then pushes and pops use 16 bits of
# ESP, and a 32-bit process that has slept dies, with or without the core. By INT 80H, as without Linux's 32-bit vDSO, it does not.
before_32bit() { echo 0 >/proc/sys/abi/vsyscall32; }

# ---- hostile ring 0 ----

insert() { [ -d "/sys/module/$1" ] || insmod "$machine/modules/$1.ko"; }
attack() { echo "$*" >/dev/up_attack && cat /dev/up_attack; }
# HC_*: the numbers that the tests use by name.
HC_NULL=0x55500000 HC_STATUS=0x55500020 HC_FATAL=0x55500023 HC_DEBUG=0x5550002f

online() { echo "$2" >"/sys/devices/system/cpu/cpu$1/online"; }
nr_cpus() { grep -c ^processor /proc/cpuinfo; }
has_flag() { grep -qw "$1" /proc/cpuinfo; }
mem_free() { sed -n 's/^MemFree: *\([0-9]*\) .*/\1/p' /proc/meminfo; }
# What can go goes, and what each CPU has counted apart (up to a threshold, for a second) is in the totals.
settle() { sync; echo 3 >/proc/sys/vm/drop_caches; sleep 0.2; echo 1 >/proc/sys/vm/stat_refresh; }
cpuid_model() { sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1; }

# run_tap COMMAND... : the lines of a program that prints TAP itself, as part of this test. A
# program that ends before its plan has failed.
run_tap() {
	: >"$tmp/program"
	{ "$@" 2>&1; echo "exit $?"; } | while IFS= read -r tap_line; do
		case $tap_line in
		'ok '*|'not ok '*)
			tap_run=$((tap_run + 1))
			tap_word=${tap_line%%ok *}ok
			echo "$tap_word $tap_run -${tap_line#*-}"
			echo "$tap_word" >>"$tmp/program" ;;
		1..*) echo "plan ${tap_line#1..}" >>"$tmp/program" ;;
		'exit '*) echo "$tap_line" >>"$tmp/program" ;;
		'#'*) echo "$tap_line" ;;
		*) echo "# $tap_line" ;;
		esac
	done
	tap_run=$((tap_run + $(grep -c 'ok$' "$tmp/program")))
	tap_failed=$((tap_failed + $(grep -c '^not ok$' "$tmp/program")))
	grep -q '^plan' "$tmp/program" || { not_ok "$* reaches its end"; diag "$(grep exit "$tmp/program")"; }
}
