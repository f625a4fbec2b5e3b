# shellcheck shell=dash
# A CPU with VMX and without EPT: a clean refusal that says so.
# shellcheck source=selftests/machine/lib/machine.sh
. /test/machine/lib/machine.sh

plan 6
check "the CPU has VMX" has_flag vmx
mark
check_equal "ENODEV" ENODEV "$(load)"
check "it says that EPT is missing" says "no EPT"
check_fails "no module stays behind" is_loaded
check "underpin check says so too" sh -c '! underpin check >/tmp/check && grep -q EPT /tmp/check'
check "the kernel has nothing to complain about" quiet_since_mark
finish
