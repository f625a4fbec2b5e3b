# shellcheck shell=dash
# limit: 900
# kexec=stay: the kernel after a kexec runs under the core on all CPUs, one of which was offline, in memory that the core does not use.
stay=1
# shellcheck source=selftests/machine/tests/97-kexec.sh
. /test/machine/tests/97-kexec.sh
