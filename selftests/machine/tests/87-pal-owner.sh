# shellcheck shell=dash
# limit: 300
# What Linux can do to a PAL and its owner: look, write, dump, fork, kill, unmap, wait ten seconds.
# shellcheck source=selftests/machine/lib/machine.sh
. /test/machine/lib/machine.sh

need_core
mark
run_tap up-owner
run_tap up-cut
end_of_pals
