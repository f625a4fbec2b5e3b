# shellcheck shell=dash
# limit: 200
# Ring 0 (and ring 3 with IOPL 3) makes the machine sleep or resets it by its ports, without asking Linux: PALs and keys are
# wiped before the write is made. A sleep type that no machine has (7) shows it: the machine goes on.
# shellcheck source=selftests/machine/lib/machine.sh
. /test/machine/lib/machine.sh

insert up_attack
pm1=0x$(sed -n 's/^ *\([0-9a-f]*\)-.*ACPI PM1a_CNT_BLK/\1/p' /proc/ioports)
bare=$(up-port in 2 "$pm1")
need_core
mkfifo "$tmp/pal"
up-secret pal <"$tmp/pal" >"$tmp/pal.out" 2>&1 & pal=$!
exec 7>"$tmp/pal"
until grep -q -E 'ready|up-secret' "$tmp/pal.out"; do sleep 0.1; done
still() { echo >&7; sleep 1; tail -n 1 "$tmp/pal.out"; }

check_equal "PM1 control reads as on the bare machine" "$bare" "$(up-port in 2 "$pm1")"
check_equal "and can be written as it is" done "$(up-port out 2 "$pm1" "$bare")"
check_equal "PCI's address register is a doubleword at 0xcf8, across the reset register" done "$(up-port out 4 0xcf8 0x80000004)"
check_equal "and has what was written" 0x80000004 "$(up-port in 4 0xcf8)"
check "the 8042's status is read" up-port in 1 0x64
check_equal "a command that does not reset goes to the 8042" done "$(up-port out 1 0x64 0x20)"
check_equal "a string instruction to such a port is #GP, here SIGSEGV" 139 "$(up-port outs 1 0x64 >/dev/null 2>&1; echo $?)"
check_equal "all the while the PAL knows its secret" intact "$(still)"
check_equal "and is there" 1 "$(status_field pals)"

mark
check_equal "SLP_EN with a type of sleep that does not exist: the write is made, the machine goes on" done "$(up-port out 2 "$pm1" $((bare | 0x3c00)))"
echo >&7 2>/dev/null
sleep 1
check_equal "the PAL answers no more" 1 "$(grep -c '^intact' "$tmp/pal.out")"
check_equal "none is left" 0 "$(status_field pals)"
check "the core's log says why" sh -c "underpin log | grep -q 'sleep or reset by port'"
check_fails "no new one is made" sh -c 'up-secret pal </dev/null >/dev/null 2>&1'
exec 7>&-
wait $pal 2>/dev/null
complement=$(sed -n 's/^complement //p' "$tmp/pal.out")
check "the core leaves" unload
# shellcheck disable=SC2086
check_equal "nothing of the secret is in all RAM" 0 "$(attack scan $complement | sed 's/^found \([0-9]*\) .*/\1/')"
check "and it can be loaded anew" test "$(load)" = ok
check_equal "then a PAL can be made again" 1 "$(up-secret pal </dev/null | grep -c ready)"
check "unload" unload
finish
