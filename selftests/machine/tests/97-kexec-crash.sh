# shellcheck shell=dash
# limit: 600
# A crash kernel runs under the core: nobody made the CPUs leave. The PAL that was there is nowhere in the dump that it can make.
crash=crash
# shellcheck source=selftests/machine/tests/97-kexec.sh
. /test/machine/tests/97-kexec.sh
