# shellcheck shell=dash
# limit: 300
# What the SDK promises beyond plain calls: pages lent for one call, calls back to the owner.
# shellcheck source=selftests/machine/lib/machine.sh
. /test/machine/lib/machine.sh

need_core
mark
run_tap up-sdk lend
run_tap up-sdk ocall
end_of_pals
