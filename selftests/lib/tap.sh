# shellcheck shell=sh
# TAP for shell tests, in the test machine (busybox) and on a developer's desk alike.
# In the machine: `. tap.sh`. A test names what it promises:
#
#	. tap.sh
#	plan 2
#	check "CPU 1 is online" test -d /sys/devices/system/cpu/cpu1
#	check_fails "an unknown module is refused" modprobe no-such-module
#	finish

tap_planned=0 tap_run=0 tap_failed=0

plan() { tap_planned=$1; echo "1..$1"; }

# A planned test that will not run at all: `skip_all "no VMX"`. 4 is kselftest's "skipped".
skip_all() { echo "1..0 # SKIP $*"; exit 4; }

ok() { tap_run=$((tap_run + 1)); echo "ok $tap_run - $*"; }
not_ok() { tap_run=$((tap_run + 1)); tap_failed=$((tap_failed + 1)); echo "not ok $tap_run - $*"; }
skip() { tap_run=$((tap_run + 1)); tap_why=$1; shift; echo "ok $tap_run - $* # SKIP $tap_why"; }
diag() { printf '%s\n' "$*" | sed 's/^/# /'; }

# check NAME COMMAND... : passes when the command succeeds; its output is shown when it does not.
check() {
	tap_name=$1; shift
	if tap_output=$("$@" 2>&1); then
		ok "$tap_name"
	else
		tap_status=$?
		not_ok "$tap_name"
		diag "exit status $tap_status from: $*"
		[ -z "$tap_output" ] || diag "$tap_output"
		return 1
	fi
}

# check_fails NAME COMMAND... : passes when the command fails.
check_fails() {
	tap_name=$1; shift
	if tap_output=$("$@" 2>&1); then
		not_ok "$tap_name"
		diag "succeeded, and should not: $*"
		[ -z "$tap_output" ] || diag "$tap_output"
		return 1
	else
		ok "$tap_name"
	fi
}

# check_equal NAME WANTED FOUND
check_equal() {
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		not_ok "$1"
		diag "wanted: $2"
		diag "found:  $3"
		return 1
	fi
}

# Ends the test; a test that stopped short of its plan has failed.
finish() {
	[ "$tap_planned" -ne 0 ] || echo "1..$tap_run"
	if [ "$tap_planned" -ne 0 ] && [ "$tap_run" -ne "$tap_planned" ]; then
		diag "planned $tap_planned tests, ran $tap_run"
		exit 1
	fi
	[ "$tap_failed" -eq 0 ] || exit 1
	exit 0
}
