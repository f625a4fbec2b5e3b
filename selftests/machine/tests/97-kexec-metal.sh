# shellcheck shell=dash
# limit: 900
# A kernel that is not Linux, started by kexec under the core with kexec=stay, uses our VMX in 32-bit, PAE and
# 64-bit mode: selftests/nested/README.md. The same kernel prints the rest of this TAP, here and (by run) on the bare CPU.
# shellcheck source=selftests/machine/lib/machine.sh
. /test/machine/lib/machine.sh

[ "$(cat /sys/kernel/kexec_loaded 2>/dev/null)" = 0 ] || skip_all "no kexec in this kernel"
# Multiboot's information is at the end of RAM, the kernel from 1 to 8 MiB.
check_equal "the core loads with kexec=stay" ok "$(load kexec=stay pool_range=256M-384M nested_mb=8)"
check "kexec -l takes the kernel" kexec -c -l --type=multiboot-x86 --append "before=$((tap_run + 1))" /test/metal
kexec -e
not_ok "kexec -e starts the kernel"
finish
