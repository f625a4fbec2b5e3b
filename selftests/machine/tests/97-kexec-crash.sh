# shellcheck shell=dash
# limit: 600
# A crash kernel runs under the core, since a panic asks nobody to leave, and can dump memory.
crash=crash
# shellcheck source=selftests/machine/tests/97-kexec.sh
. /test/machine/tests/97-kexec.sh
