# shellcheck shell=dash
# Reboot with the core loaded and a PAL registered: the run has to end by a reset.
# shellcheck source=selftests/machine/lib/machine.sh
. /test/machine/lib/machine.sh

need_core
up-secret pal </dev/zero >"$tmp/pal" 2>&1 &
until grep -q ready "$tmp/pal"; do sleep 0.1; done
check_equal "a PAL is registered" 1 "$(status_field pals)"
if [ -n "${offline-}" ]; then
	check "CPU 1 goes offline" online 1 0
	dmesg -n 7	# the console tells how it left
fi
ok "the reboot begins"
finish_status=$(finish)
echo "$finish_status"
stty -F /dev/ttyS1 raw -echo
reboot -f
sleep 60
