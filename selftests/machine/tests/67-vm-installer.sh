# shellcheck shell=dash
# limit: 3000
# `underpin vm run debian.iso`: Debian's text installer comes to its first screen, on the bare machine's KVM and on KVM over
# the core; UP_INSTALLER=core: only there (make demo-installer). Six minutes each in the emulator. docs/vm.md, issue 5.
# shellcheck source=selftests/machine/lib/machine.sh
. /test/machine/lib/machine.sh

# A terminal's text without its escapes.
text() { sed 's/\r/\n/g; s/\x1b\[[0-9;?]*[A-Za-z]//g; s/\x1b[()][A-Z0-9]//g' "$tmp/guest"; }

installer() {
	/test/underpin-vm run /test/debian.iso --mem 1G --timeout 1400 --append "DEBIAN_FRONTEND=text loglevel=4 nokaslr mitigations=off \
no_timer_check lpj=1000000 random.trust_cpu=on" </dev/null >"$tmp/guest" 2>&1 & vm=$!
	n=0 seen=0
	while [ $n -lt 280 ] && kill -0 $vm 2>/dev/null; do
		sleep 5
		n=$((n + 1))
		lines=$(text | grep -c .)
		# For who waits (make demo-installer): the last line that is new.
		[ "$lines" = "$seen" ] || { seen=$lines; diag "$(text | grep . | tail -n 1 | cut -c1-100)"; }
		if text | grep -q '^Prompt: '; then break; fi
	done
	check "$1: the installer asks, and waits for an answer" sh -c "kill -0 $vm && grep -q 'Prompt: ' $tmp/guest"
	check "$1: its first screen is 'Select a language'" grep -q 'Select a language' "$tmp/guest"
	check "$1: with English among the choices" grep -q 'English' "$tmp/guest"
	kill $vm 2>/dev/null
	wait $vm 2>/dev/null
	text | grep -A40 'Select a language' | head -n 45 | sed 's/^/# | /'
}

unload
# The guest unpacks its kernel for 100 s without an exit, and in the emulator Linux then takes KVM for a lockup, bare as well.
echo 60 >/proc/sys/kernel/watchdog_thresh
if [ "${UP_INSTALLER-}" != core ]; then
	check "kvm_intel loads on the bare machine" modprobe kvm_intel
	installer bare
	modprobe -r kvm_intel kvm
fi
mark
check_equal "the core loads with VMX for Linux" ok "$(load nested_mb=32)"
check "kvm_intel loads on it" modprobe kvm_intel
installer "on Underpin"
modprobe -r kvm_intel kvm
check "the core leaves" unload
check "the kernel has nothing to complain about" quiet_since_mark
finish
