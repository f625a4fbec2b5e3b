# shellcheck shell=dash
# limit: 200
# A bug of the core is caught, recorded, told with function and line, and the machine goes on.
# shellcheck source=selftests/machine/lib/machine.sh
. /test/machine/lib/machine.sh

need_core
insert up_attack
mkfifo "$tmp/ask"
up-secret pal <"$tmp/ask" >"$tmp/pal" 2>&1 & pal=$!
exec 7>"$tmp/ask"
until grep -q -E 'ready|up-secret' "$tmp/pal"; do sleep 0.1; done
echo >&7
sleep 0.5
check_equal "a PAL answers" intact "$(tail -n 1 "$tmp/pal")"
for crash in 1 2; do	# DEBUG_CRASH_PAGE_FAULT, DEBUG_CRASH_UD
	mark
	check_equal "crash $crash: the call that met the bug gets -EIO" -5 "$(attack hc $HC_DEBUG $crash)"
	check_equal "crash $crash: the core still answers" 0 "$(attack hc $HC_NULL)"
	check_equal "crash $crash: status says that there is a record" true "$(status_field fatal_record)"
	check "crash $crash: the machine goes on" sh -c 'sleep 1; /bin/busybox true'
	underpin decode --symbols $machine/core.elf >"$tmp/decode" 2>&1
	[ $crash != 1 ] || diag "$(head -n 12 "$tmp/decode")"
	check "crash $crash: underpin decode names the function" grep -q debug_call "$tmp/decode"
	check "crash $crash: and file and line" grep -q 'debug.c:[0-9]' "$tmp/decode"
done
echo >&7
sleep 0.5
check_equal "after a bug of the core it does not" changed "$(tail -n 1 "$tmp/pal")"
exec 7>&-
wait $pal
check_equal "its owner ends as anybody" 0 $?
sleep 0.5
check_equal "no PAL is left" 0 "$(status_field pals)"
check "every CPU can leave" unload
check "and it can be loaded anew" test "$(load)" = ok
check_equal "without a record" false "$(status_field fatal_record)"
check "unload" unload
finish
