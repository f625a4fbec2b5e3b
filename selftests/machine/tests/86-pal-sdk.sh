# shellcheck shell=dash
# limit: 300
# What the SDK promises beyond plain calls: pages lent for one call, calls back to the owner, several threads.
# shellcheck source=selftests/machine/lib/machine.sh
. /test/machine/lib/machine.sh

need_core
mark
run_tap up-sdk lend
run_tap up-sdk ocall
run_tap up-sdk threads
end_of_pals
