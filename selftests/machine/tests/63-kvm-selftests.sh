# shellcheck shell=dash
# limit: 2000
# KVM's own selftests end on the core as they do on the bare machine: RULES 24, docs/nested.md.
# UP_KVM_SELFTESTS: names of passes or of tests; else the short pass.
# shellcheck source=selftests/machine/lib/machine.sh
. /test/machine/lib/machine.sh
[ -d /test/kvm ] || skip_all "KVM's selftests could not be built: selftests/nested/kvm-selftests get"

passes=${UP_KVM_SELFTESTS:-short}
[ "$passes" != full ] || passes="all no-ept no-unrestricted no-vpid"

# What kvm_intel is told in a pass.
parameters() {
	case $1 in
	no-ept) echo ept=0 ;;	# L2's tables are KVM's, its physical addresses the machine's
	no-unrestricted) echo unrestricted_guest=0 ;;
	no-vpid) echo vpid=0 flexpriority=0 preemption_timer=0 ;;
	esac
}

# passes (s: short, a: all, e: no-ept, u: no-unrestricted, v: no-vpid), name, seconds, arguments. Left
# out, because the bare emulator hangs in them: vmx_preemption_timer_test, hardware_disable_test; xapic_ipi_test fails there after 40 s.
table() {
	cat <<-'END'
	saeu vmx_msrs_test 60
	saev vmx_set_nested_state_test 30
	saev state_test 90
	saev vmx_tsc_adjust_test 30
	sa vmx_nested_tsc_scaling_test 90
	saev vmx_close_while_nested_test 30
	saev vmx_apic_access_test 30
	saeu vmx_invalid_nested_guest_state 30
	saev nested_exceptions_test 60
	saev triple_fault_event_test 30
	saeu smm_test 60
	saev vmx_dirty_log_test 60
	aev evmcs_test 60
	aeu set_sregs_test 60
	saev sync_regs_test 30
	aev userspace_io_test 60
	aev userspace_msr_exit_test 60
	a tsc_msrs_test 30
	a xapic_state_test 90
	a cpuid_test 60
	aeu fix_hypercall_test 30
	ae kvm_pv_test 30
	a max_vcpuid_cap_test 30
	ae monitor_mwait_test 30
	a platform_info_test 30
	a hyperv_cpuid 30
	a get_msr_index_features 30
	ae kvm_clock_test 60
	a hyperv_clock 90
	aev debug_regs 30
	au set_boot_cpu_id 60
	a xen_shinfo_test 120
	a xen_vmcall_test 30
	a xss_msr_test 30
	a ucna_injection_test 30
	a system_counter_offset_test 60
	a kvm_binary_stats_test 30
	a pmu_event_filter_test 30
	a vmx_pmu_caps_test 30
	aev demand_paging_test 120 -b 16M
	aev kvm_page_table_test 120 -b 32M
	a vmx_exception_with_invalid_guest_state 30
	au mmio_warning_test 60
	u emulator_error_test 60
	END
}

chosen() {
	case $1 in
	short) table | sed -n 's/^[a-z]*s[a-z]* //p' ;;
	all) table | sed -n 's/^[a-z]*a[a-z]* //p' ;;
	no-ept) table | sed -n 's/^[a-z]*e[a-z]* //p' ;;
	no-unrestricted) table | sed -n 's/^[a-z]*u[a-z]* //p' ;;
	no-vpid) table | sed -n 's/^[a-z]*v[a-z]* //p' ;;
	*) table | sed -n "s/^[a-z]* \($1 \)/\1/p" ;;
	esac
}

# How a test ended, by its exit status and output; a failure's place tells whether it is the same one.
verdict() {
	case $1 in
	0) echo passes ;;
	4) echo is skipped ;;
	143|137) echo does not end ;;
	*) echo "fails ($1) $(sed -n 's/^ *\([a-z0-9_/]*\.c:[0-9]*\): .*/\1/p' "$2" | head -n 1)" ;;
	esac
}

# run_pass PASS FOLDER : FOLDER/PASS.NAME says how NAME ended, FOLDER/PASS.NAME.out its last words.
run_pass() {
	mkdir -p "$2"
	# shellcheck disable=SC2046
	check "kvm_intel loads: ${2##*/} machine, $1" modprobe kvm_intel $(parameters "$1")
	chosen "$1" >"$tmp/chosen"
	while read -r name seconds arguments; do
		read -r begun _ </proc/uptime
		# shellcheck disable=SC2086
		timeout -k 5 "$seconds" "/test/kvm/$name" $arguments >"$tmp/out" 2>&1 </dev/null
		verdict $? "$tmp/out" >"$2/$1.$name"
		tail -n 12 "$tmp/out" >"$2/$1.$name.out"
		read -r ended _ </proc/uptime
		diag "${2##*/} $1 $name: $(cat "$2/$1.$name") ($begun to $ended)"
	done <"$tmp/chosen"
	modprobe -r kvm_intel kvm
}

compare() {
	how=$(cat "$tmp/core/$1.$2")
	if ! cmp -s "$tmp/bare/$1.$2" "$tmp/core/$1.$2"; then
		not_ok "$1: $2 ends as on the bare machine"
		diag "bare: $(cat "$tmp/bare/$1.$2"); on the core: $how"
		diag "$(cat "$tmp/core/$1.$2.out")"
	elif [ "$how" = "is skipped" ]; then
		skip "on the bare machine too" "$1: $2"
	else
		ok "$1: $2 $how, as on the bare machine"
	fi
}

unload
for pass in $passes; do run_pass "$pass" "$tmp/bare"; done
mark
check_equal "the core loads with VMX for Linux" ok "$(load nested_mb=16)"
for pass in $passes; do run_pass "$pass" "$tmp/core"; done
for pass in $passes; do
	for name in $(chosen "$pass" | cut -d' ' -f1); do compare "$pass" "$name"; done
done
check_fails "the CPU refused no VMCS02" sh -c 'underpin log | grep refused'
check "the core leaves" unload
check "the kernel has nothing to complain about" quiet_since_mark
finish
