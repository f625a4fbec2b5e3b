# shellcheck shell=dash
# limit: 300
# A root secret from a TPM 2.0 (swtpm by the kernel's vTPM proxy): given once a boot, to this core after this boot chain.
# shellcheck source=selftests/machine/lib/machine.sh
. /test/machine/lib/machine.sh

unload
# Without MULX and what else CPUID leaf 7 has, which Bochs 2.7 gets wrong: the software TPM fails its self-test with it.
export OPENSSL_ia32cap=:0
for name in nvdefine nvwrite nvwritelock nvundefine nvread getcap pcrread pcrextend createpolicy startauthsession policypcr; do ln -sf tpm2 "/bin/tpm2_$name"; done
modprobe tpm_vtpm_proxy
mkdir -p "$tmp/state"
power_on() {
	swtpm chardev --tpm2 --vtpm-proxy --tpmstate dir="$tmp/state" --flags startup-clear --pid file="$tmp/pid" >"$tmp/swtpm" 2>&1 &
	wait_for 20 test -c /dev/tpmrm0
}
power_off() { kill "$(cat "$tmp/pid")"; wait_for 20 test ! -e /dev/tpmrm0; }
wait_for() { n=$(($1 * 5)); shift; while [ $n -gt 0 ]; do "$@" && return 0; sleep 0.2; n=$((n - 1)); done; return 1; }
setup() { underpin tpm setup --core /test/machine/core.bin >"$tmp/out" 2>&1; }

mark
check_equal "no TPM: ENODEV" ENODEV "$(load root_secret=tpm debug=0)"
check "and the module says what to do" says "has no TPM 2.0"
check "a TPM is there" power_on || diag "$(cat "$tmp/swtpm")"
mark
check_equal "no secret in it: ENOENT" ENOENT "$(load root_secret=tpm debug=0)"
check "and the module names the command" says "underpin tpm setup"
check_equal "setup after that, in the same boot: refused" "1 1" "$(setup; echo $?) $(grep -c reboot "$tmp/out")"
power_off
power_on
check "underpin tpm setup" setup || diag "$(cat "$tmp/out")"
mark
check_equal "load with it" ok "$(load root_secret=tpm debug=0)"
check_equal "status says so" tpm "$(status_field root_secret)"
check "a blob is sealed" up-services seal "$tmp/blob"
check "root cannot have the secret now" sh -c '! tpm2_nvread 0x01805550 -C o'
check "unload" unload
check_equal "a second load in the same boot: EPERM" EPERM "$(load root_secret=tpm debug=0)"
check "and it says that a boot would help" says "given since the boot"
power_off
power_on
check_equal "after a reboot with debug=1: EPERM" EPERM "$(load root_secret=tpm)"
# Asked in vain, it is capped all the same: who comes next finds no PCR 13 that the policy wants.
by_policy() {
	tpm2_startauthsession --policy-session -S "$tmp/session" && tpm2_policypcr -S "$tmp/session" -l sha256:0,2,4,7,8,9,13 &&
		tpm2_nvread 0x01805550 -C 0x01805550 -P "session:$tmp/session"
}
power_off
power_on
check_equal "asked by other PCRs than at setup: EPERM" EPERM "$(load root_secret=tpm debug=0 tpm_pcrs=1)"
refused_by_policy() { ! by_policy >"$tmp/out" 2>&1; }
check "and then nobody has the secret by the policy either" refused_by_policy
power_off
power_on
tpm2_pcrextend 4:sha256=0000000000000000000000000000000000000000000000000000000000000001
check_equal "after one with another boot loader: EPERM" EPERM "$(load root_secret=tpm debug=0)"
power_off
power_on
check_equal "after one like the first: there it is" ok "$(load root_secret=tpm debug=0)"
check_equal "and what was sealed opens" ok "$(up-services unseal "$tmp/blob")"
end_of_pals
