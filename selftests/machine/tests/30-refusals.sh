# shellcheck shell=dash
# limit: 400
# What cannot work is refused with its errno and one line that says what to do; the CPUs go on as before.
# shellcheck source=selftests/machine/lib/machine.sh
. /test/machine/lib/machine.sh
# shellcheck source=selftests/machine/lib/cycles.sh
. /test/machine/lib/cycles.sh

snapshot() { cat "$debugfs"/up_probe/cpu* >"$tmp/$1"; }
# refused NAME ERRNO TEXT [PARAMETERS]
refused() {
	refused_name=$1 refused_errno=$2 refused_text=$3
	shift 3
	mark
	check_equal "$refused_name: $refused_errno" "$refused_errno" "$(load "$@")"
	check "$refused_name: the line says what to do" says "$refused_text"
	check_fails "$refused_name: no module stays behind" is_loaded
}

insert up_probe
insert up_attack
last=$(($(nr_cpus) - 1))

refused "a parameter that does not exist in this range" EINVAL "no stage 9" fail_cpu=0 fail_stage=9
refused "too little memory" ENOMEM "not enough memory" pool_mb=4000
refused "a kexec mode that is not known" EINVAL "leave or stay" kexec=maybe
refused "kexec=stay with memory from anywhere" EINVAL "needs pool_range=" kexec=stay
refused "a range that ends before it begins" EINVAL "no range of addresses" pool_range=2G-1G
refused "a range without free memory" ENOMEM "not enough memory in pool_range" pool_range=2M-6M
attack vmxe $last 1 >/dev/null
refused "VMX in use by another hypervisor" EBUSY "another hypervisor has VMX on"
attack vmxe $last 0 >/dev/null
if [ "$last" -gt 0 ]; then
	online 1 0
	refused "a CPU offline" EBUSY "not online, APIC id"
	online 1 1
fi
if modprobe kvm_intel 2>/dev/null && [ -e /dev/kvm ]; then
	up-kvm-hold >"$tmp/kvm" 2>&1 &
	holder=$!
	while [ ! -s "$tmp/kvm" ]; do sleep 0.1; done
	if grep -q holding "$tmp/kvm"; then
		refused "KVM with a virtual machine" EBUSY "modprobe -r kvm_intel"
	else
		skip "$(cat "$tmp/kvm")" "KVM with a virtual machine: EBUSY"
	fi
	kill $holder; wait $holder 2>/dev/null
	mark
	check_equal "KVM loaded without a virtual machine does not hinder" ok "$(load)"
	check "and the core leaves beside it" unload
	modprobe -r kvm_intel
	need_core
	modprobe kvm_intel 2>/dev/null
	check_fails "under the core KVM finds no VMX that it could use (RULES 24)" up-kvm-hold
	modprobe -r kvm_intel 2>/dev/null
	unload
	check "neither of them warns" quiet_since_mark
else
	skip "no kvm_intel on this machine" "KVM with a virtual machine: EBUSY"
fi

snapshot before
before=''
for cpu in $(seq 0 $last); do
	for stage in 1 2 3 4; do
		mark
		answer=$(load fail_cpu=$cpu fail_stage=$stage)
		case $answer in ok|E2BIG|EEXIST|ENOEXEC) check_equal "CPU $cpu fails at stage $stage: the load fails" "an errno" "$answer" ;; *) ok "CPU $cpu fails at stage $stage: the load fails ($answer)" ;; esac
		check "CPU $cpu fails at stage $stage: it says which CPU and that all run as before" says "failed on CPU $cpu.*as before"
		snapshot after
		check "CPU $cpu fails at stage $stage: every CPU is as before" cmp "$tmp/before" "$tmp/after"
		check_equal "CPU $cpu fails at stage $stage: it can be loaded right after" ok "$(load)"
		check "CPU $cpu fails at stage $stage: and unloaded" unload
		[ -n "$before" ] || before=$(memory)
	done
done
after=$(memory)
diag "before $before"
diag "after  $after"
# Measured with two CPUs: 132 KiB less to 116 KiB more, by chance; a leak comes again. 42-cycles-quiet, with one, sees single pages.
if [ "$(accounted "$after")" -le $(($(accounted "$before") - 128)) ]; then
	before=$after
	for cpu in $(seq 0 $last); do
		for stage in 1 2 3 4; do
			load fail_cpu=$cpu fail_stage=$stage >/dev/null
			load >/dev/null
			unload
		done
	done
	after=$(memory)
	diag "again  $after"
fi
check "failed loads lose no memory" test "$(accounted "$after")" -gt $(($(accounted "$before") - 128))
check "the kernel has nothing to complain about" quiet_since_mark
finish
