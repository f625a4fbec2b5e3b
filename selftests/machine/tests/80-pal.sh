# shellcheck shell=dash
# limit: 300
# Calls of a PAL: parameters, registers, vector state, interrupts, services, an end and a new beginning.
# shellcheck source=selftests/machine/lib/machine.sh
. /test/machine/lib/machine.sh

need_core
mark
run_tap up-pal calls
pal=/test/machine/lib/hello.pal
underpin pal run --json $pal hello 20 22 >"$tmp/run"
check_equal "underpin pal run: a PAL out of a file answers" 42 "$(sed -n 's/^ *"answer": *\([0-9]*\),*$/\1/p' "$tmp/run")"
check_equal "underpin pal measure says what the core measures" "$(underpin pal measure $pal | cut -d' ' -f1)" "$(sed -n 's/.*"measurement": *"\(.*\)".*/\1/p' "$tmp/run")"
end_of_pals
