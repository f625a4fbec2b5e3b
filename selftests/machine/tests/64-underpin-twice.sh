# shellcheck shell=dash
# limit: 600
# An Underpin loads on top of another, and a third on that; the second keeps PALs; they leave in order.
# shellcheck source=selftests/machine/lib/machine.sh
. /test/machine/lib/machine.sh

on() { UNDERPIN_DEVICE=/dev/$1; export UNDERPIN_DEVICE; shift; "$@"; }
depth() { on "$1" underpin status --json | sed -n 's/^ *"nesting_depth": *\([0-9]*\).*/\1/p'; }
# second NAME MIB: the answer of insmod, as load() gives it.
second() { up-load "$machine/$1.ko" "debug=1 nested_mb=$2"; }

mark
check_equal "the first loads, with VMX for Linux" ok "$(load nested_mb=24)"
check_equal "a second loads on it" ok "$(second underpin2 8)"
check "every CPU is under the second" on underpin2 underpin status
check "and, for all that the first can say, under the first" on underpin underpin status
check_equal "the first is at depth 0" 0 "$(depth underpin)"
check_equal "the second at depth 1" 1 "$(depth underpin2)"
check_fails "rmmod of the first is refused while the second is there" rmmod underpin
echo "underpin" >"$tmp/file"
check "a PAL of the second signs" on underpin2 hmac --verify "$tmp/file"
check "and is interrupted like any other" on underpin2 up-pal calls-short
check "processes start and end" sh -c 'for i in 1 2 3 4 5 6 7 8; do /bin/busybox true || exit 1; done'
check "the clock goes on" sh -c 'a=$(cut -d. -f1 /proc/uptime); sleep 2; test "$(cut -d. -f1 /proc/uptime)" -ge $((a + 2))'
diag "$(on underpin underpin stats | tail -n 12)"
check_equal "a third loads on that" ok "$(second underpin3 0)"
check_equal "at depth 2" 2 "$(depth underpin3)"
# No PAL there: without VMCS shadowing each exit of the third is thousands of the first.
check "every CPU is under the third" on underpin3 underpin status
check_fails "rmmod of the second is refused while the third is there" rmmod underpin2
check "the third leaves" rmmod underpin3
check "a PAL of the second signs as before" on underpin2 hmac --verify "$tmp/file"
check "the second leaves" rmmod underpin2
check "a PAL of the first signs" hmac --verify "$tmp/file"
check "the first leaves" unload
check "the kernel has nothing to complain about" quiet_since_mark
finish
