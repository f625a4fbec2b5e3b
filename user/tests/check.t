. "$TAP"
# `underpin check` on machines made of files.
w=$TEST_WORK
u=$B/underpin/underpin
r=$w/root

machine() { # two CPUs, all well
	rm -rf "$r"
	mkdir -p "$r/sys/devices/system/cpu" "$r/sys/firmware/acpi/tables" "$r/proc/1/fd" "$r/sys/module" "$r/lib/modules/$(uname -r)"
	echo 0-1 >"$r/sys/devices/system/cpu/online"
	echo 0-1 >"$r/sys/devices/system/cpu/present"
	echo >"$r/sys/devices/system/cpu/offline"
	printf 'apicid\t\t: 0\ninitial apicid\t: 0\n\napicid\t\t: 1\n' >"$r/proc/cpuinfo"
	printf 'MemTotal: 1000000 kB\nMemAvailable: 500000 kB\n' >"$r/proc/meminfo"
	echo 'extra/underpin.ko:' >"$r/lib/modules/$(uname -r)/modules.dep"
	madt 0:1 1:1
}
madt() { # APICID:FLAGS...
	{ printf APIC; head -c 40 /dev/zero
	  for e; do printf '\000\010\000'"\\$(printf %03o "${e%:*}")\\$(printf %03o "${e#*:}")"'\000\000\000'; done
	  # another kind of entry, and an x2APIC one that says the same as the first
	  printf '\001\014\000\000\000\000\000\000\000\000\000\000'
	  printf '\011\020\000\000\000\000\000\000\001\000\000\000\000\000\000\000'
	} >"$r/sys/firmware/acpi/tables/APIC"
}
verdict() { UNDERPIN_CHECK_ROOT=$r "$u" check --json | jq -r --arg n "$1" '.requirements[] | select(.requirement == $n) | .verdict'; }
advice() { UNDERPIN_CHECK_ROOT=$r "$u" check --json | jq -r --arg n "$1" '.requirements[] | select(.requirement == $n) | .change'; }
advises() { case $(advice "$2") in *$3*) ok "$1" ;; *) not_ok "$1"; diag "says: $(advice "$2")" ;; esac; }

machine
check "the JSON is valid" sh -c "UNDERPIN_CHECK_ROOT=$r '$u' check --json | jq -e 'has(\"fit\")' >/dev/null"
for n in "every CPU is online" "no CPU is hidden from Linux" "no hypervisor uses VMX" "free memory" "module for this kernel"; do
	check_equal "a good machine: $n" ok "$(verdict "$n")"
done
madt 0:1 1:1 2:1
check_equal "a CPU that Linux does not know (nr_cpus=) is missing" missing "$(verdict "no CPU is hidden from Linux")"
advises "and its APIC id is told" "no CPU is hidden from Linux" "APIC id 2:"
madt 0:1 1:1 2:2
check_equal "a CPU that can come online later counts too" missing "$(verdict "no CPU is hidden from Linux")"
madt 0:1 1:1 2:0 255:1
check_equal "a disabled entry does not count" ok "$(verdict "no CPU is hidden from Linux")"
rm "$r/sys/firmware/acpi/tables/APIC"
check_equal "without the firmware's table it is unknown" unknown "$(verdict "no CPU is hidden from Linux")"
printf 'APIC' >"$r/sys/firmware/acpi/tables/APIC"
check_equal "a cut table is unknown" unknown "$(verdict "no CPU is hidden from Linux")"
machine; echo 1 >"$r/sys/devices/system/cpu/offline"; echo 0 >"$r/sys/devices/system/cpu/online"
advises "an offline CPU is named" "every CPU is online" "CPU 1 is offline"
machine; echo 2-7 >"$r/sys/devices/system/cpu/offline"
check_equal "CPUs that could be plugged in and are not there are no matter" ok "$(verdict "every CPU is online")"
machine; mkdir -p "$r/sys/module/kvm_intel"; echo 0 >"$r/sys/module/kvm_intel/refcnt"
check_equal "an idle kvm_intel is no matter" ok "$(verdict "no hypervisor uses VMX")"
echo 2 >"$r/sys/module/kvm_intel/refcnt"
advises "one in use is" "no hypervisor uses VMX" "modprobe -r kvm_intel"
echo 0 >"$r/sys/module/kvm_intel/refcnt"; mkdir -p "$r/sys/module/kvm/parameters"; echo Y >"$r/sys/module/kvm/parameters/enable_virt_at_load"
advises "one that keeps VMX on from the start is" "no hypervisor uses VMX" "keeps VMX on"
mkdir -p "$r/proc/4711/fd"; ln -s anon_inode:kvm-vm "$r/proc/4711/fd/9"
advises "the process with a virtual machine is named" "no hypervisor uses VMX" "process 4711"
machine; mkdir -p "$r/sys/module/vboxdrv"
advises "VirtualBox is named" "no hypervisor uses VMX" "vboxdrv"
machine; printf 'MemTotal: 100000 kB\nMemAvailable: 1000 kB\n' >"$r/proc/meminfo"
check_equal "too little memory" missing "$(verdict "free memory")"
machine; : >"$r/lib/modules/$(uname -r)/modules.dep"
advises "no module and no headers: what to install" "module for this kernel" "apt-get install linux-headers"
mkdir "$r/lib/modules/$(uname -r)/build"
advises "no module, but headers: make" "module for this kernel" "make install"
machine; mkdir -p "$r/sys/kernel/security" "$r/lib/modules/$(uname -r)/extra"; echo "none [integrity] confidentiality" >"$r/sys/kernel/security/lockdown"
echo unsigned >"$r/lib/modules/$(uname -r)/extra/underpin.ko"
advises "lockdown with an unsigned module: sign it" "the module is signed" "mokutil"
printf 'x~Module signature appended~\n' >"$r/lib/modules/$(uname -r)/extra/underpin.ko"
check_equal "lockdown with a signed module" ok "$(verdict "the module is signed")"
# ---- CPUs, by the table of module/requirements.c ----
good_cpu() { # N: a Skylake, more or less
	mkdir -p "$r/facts"
	printf '%s\n' 'vmx 1' 'rdtscp 1' 'invpcid 1' 'xsaves 1' 'feature_control 5' 'basic 0x00da040000000004' \
		'pin 0x0000007f00000016' 'proc 0xfff9fffe04006172' 'exit 0x01ffffff00036dfb' 'entry 0x0000ffff000011fb' \
		'proc2 0x7fffffff00000000' 'ept_vpid_cap 0x00000f0106734141' 'physical_bits 39' >"$r/facts/cpu$1"
}
fact() { sed -i "/^$2 /d" "$r/facts/cpu$1"; echo "$2 $3" >>"$r/facts/cpu$1"; }
machine; good_cpu 0; good_cpu 1
check_equal "good CPUs: every requirement is met, or looked at when the module is loaded" "ok at load" \
	"$(UNDERPIN_CHECK_ROOT=$r "$u" check --json | jq -r '.requirements[] | select(.verdict != "note") | .verdict' | sort -ru | tr '\n' ' ' | sed 's/ $//')"
check_equal "what depends on CR4 is left to the module" "at load" "$(verdict "VMX not in use")"
UNDERPIN_CHECK_ROOT=$r "$u" check >"$w/out"
check_equal "and the exit status is 0" "0 1" "$? $(grep -c 'can run Underpin' "$w/out")"
fact 1 feature_control 1
advises "VMX locked off in the firmware: what to turn on, and on which CPU" "VMX allowed by the firmware" "(CPU 1)"
fact 0 feature_control 1
advises "or CPUs" "VMX allowed by the firmware" "(CPUs 0,1)"
machine; good_cpu 0; good_cpu 1; fact 0 ept_vpid_cap 0; fact 0 proc2 0
check_equal "a CPU without EPT" missing "$(verdict "EPT")"
machine; good_cpu 0; good_cpu 1
for n in feature_control basic pin proc exit entry proc2 ept_vpid_cap msrs_known; do fact 0 $n 0; done
check_equal "MSRs that cannot be read are unknown, not missing" "unknown unknown" "$(verdict "EPT") $(verdict "VMX allowed by the firmware")"
check_equal "what CPUID alone says is known even so" ok "$(verdict "VMX in the CPU")"
machine; good_cpu 0; good_cpu 1; fact 0 vmx 0; fact 1 vmx 0
check_equal "without VMX only that is said of the CPU" "missing null" \
	"$(verdict "VMX in the CPU") $(UNDERPIN_CHECK_ROOT=$r "$u" check --json | jq -r '[.requirements[] | select(.requirement == "EPT")] | .[0].verdict')"
UNDERPIN_CHECK_ROOT=$r "$u" check >"$w/out"
check_equal "the exit status is 1 exactly if something is missing or unknown" "$(grep -c '^not yet' "$w/out")" "$(UNDERPIN_CHECK_ROOT=$r "$u" check >/dev/null; echo $?)"
finish
