# shellcheck shell=dash
# limit: 200
# When the core has no page left for its tables, a registration gives it some; they come back with the last PAL.
# shellcheck source=selftests/machine/lib/machine.sh
. /test/machine/lib/machine.sh

need_core
insert up_attack
mark
core=$(attack core 0)
check_equal "pages that are not Linux's to give are refused, each" "-16 -14 -14 -14 -14 -14 list -14 rest 0" "$(attack donate "$core")"
given=$(status_field pool_pages)
attack drain 7 >"$tmp/drain"
check_equal "the pool is drained" 7 "$(status_field pool_free)" || diag "$(cat "$tmp/drain")"

registers() { up-secret pal </dev/zero >"$tmp/pal" 2>&1 & pal=$!; until grep -q -E 'ready|up-secret' "$tmp/pal"; do sleep 0.1; done; }
ends() { kill $pal; wait $pal; }
registers
check "a PAL is registered all the same" grep -q ready "$tmp/pal" || diag "$(cat "$tmp/pal")"
check "with pages that were given for it" test "$(status_field pool_pages)" -gt "$given"
diag "$(status_field pool_pages) pages after $given, $(status_field pool_free) free"
check "it keeps its secret" up-pal calls-short
ends
until [ "$(status_field pals)" = 0 ]; do sleep 0.1; done
sleep 0.5
check "they are Linux's again, but for what is in use" test "$(status_field pool_pages)" -le $((given + 4)) ||
	diag "$(status_field pool_pages) pages after $given"
# up-pal-register reads the log in parts: something has to be in it.
for i in 0 1 2 3 4 5; do attack write "$(attack core $i)" 0x55 >/dev/null; done
run_tap up-pal-register 20
end_of_pals
