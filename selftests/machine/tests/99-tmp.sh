# limit: 300
. /test/machine/lib/machine.sh
on() { UNDERPIN_DEVICE=/dev/$1; export UNDERPIN_DEVICE; shift; "$@"; }
second() { up-load "$machine/$1.ko" "debug=1 nested_mb=$2"; }
mark
check_equal "1" ok "$(load nested_mb=24)"
check_equal "2" ok "$(second underpin2 8)"
check_equal "3" ok "$(second underpin3 0)"
diag "$(on underpin2 underpin log | tail -n 12)"
diag "$(on underpin underpin log | tail -n 12)"
diag "$(on underpin2 underpin stats | tail -n 22)"
finish
