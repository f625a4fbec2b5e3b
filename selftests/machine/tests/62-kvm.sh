# shellcheck shell=dash
# limit: 200
# KVM goes on working on top of the core, as on the bare machine: RULES 24, docs/nested.md.
# shellcheck source=selftests/machine/lib/machine.sh
. /test/machine/lib/machine.sh

unload
check "kvm_intel loads on the bare machine" modprobe kvm_intel
parameters() { for p in ept unrestricted_guest vpid enable_shadow_vmcs flexpriority pml preemption_timer; do echo "$p=$(cat /sys/module/kvm_intel/parameters/$p 2>/dev/null)"; done; }
parameters >"$tmp/bare"
run_tap up-kvm-guest
modprobe -r kvm_intel kvm
mark
check_equal "the core loads with VMX for Linux" ok "$(load nested_mb=8)"
check "kvm_intel loads on it" modprobe kvm_intel
parameters >"$tmp/nested"
check "with the same parameters" diff "$tmp/bare" "$tmp/nested" || diag "$(cat "$tmp/bare" "$tmp/nested")"
run_tap up-kvm-guest
check "underpin status is sound" sh -c 'underpin status && underpin log | tail -n 20'
diag "$(underpin log | tail -n 5)"
diag "$(up-kvm-guest cpuid 2000)"
modprobe -r kvm_intel kvm
check "the core leaves" unload
check "the kernel has nothing to complain about" quiet_since_mark
finish
