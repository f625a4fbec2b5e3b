# shellcheck shell=dash
# What the kernel after a kexec finds; started by 97-kexec, not by main: the secret, how many tests there were before.
# shellcheck source=selftests/machine/lib/machine.sh
. /test/machine/lib/machine.sh

tap_run=$2
ok "kexec starts the next kernel"
check_equal "no CPU is under a core" "$(for cpu in $(seq "$(nr_cpus)"); do echo none; done)" "$(up-identity)"
check_equal "both CPUs came up" 2 "$(nr_cpus)"
insert up_attack
answer=$(attack scan $1)
check_equal "the PAL's secret is nowhere in memory" 0 "$(echo "$answer" | sed 's/^found \([0-9]*\) .*/\1/')" || diag "$answer"
mark
check_equal "the core can be loaded here" ok "$(load)"
check "every CPU is under it" underpin status
check "and it leaves" unload
finish
