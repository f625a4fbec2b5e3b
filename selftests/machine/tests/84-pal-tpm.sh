# shellcheck shell=dash
# limit: 400
# A root secret from a TPM 2.0 (swtpm by the kernel's vTPM proxy): given once a boot, to this core after this boot chain; and its certificate for the quote key.
# shellcheck source=selftests/machine/lib/machine.sh
. /test/machine/lib/machine.sh

unload
# Without MULX and what else CPUID leaf 7 has, which Bochs 2.7 gets wrong: the software TPM fails its self-test with it.
export OPENSSL_ia32cap=:0
for name in createprimary evictcontrol readpublic quote nvdefine nvwrite nvwritelock nvundefine nvread getcap pcrread pcrextend createpolicy startauthsession policypcr; do ln -sf tpm2 "/bin/tpm2_$name"; done
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
check "the TPM has an attestation key" underpin tpm key -o "$tmp/ak.pem"
boot=$(underpin tpm status --json | sed -n 's/.*"boot": "\([0-9a-f]*\)".*/\1/p')
mark
check_equal "load with it" ok "$(load root_secret=tpm debug=0)"
check_equal "status says so" "tpm true" "$(status_field root_secret) $(status_field quote_key_certified)"
check "a blob is sealed" up-services seal "$tmp/blob"
check "underpin quote" underpin quote --nonce 0123 -o "$tmp/quote" --export "$tmp/first"
check_equal "the TPM's certificate goes with it" 1816 "$(wc -c <"$tmp/quote")"
verify() { underpin verify "$tmp/quote" --nonce 0123 "$@" >"$tmp/verdict" 2>&1; echo $?; }
check_equal "the TPM vouches for the quote key: verify's status 0" "0 0 1" \
	"$(verify --tpm-ak "$tmp/ak.pem" --tpm-boot "$boot" --core /test/machine/core.bin) $(grep -c '^NO' "$tmp/verdict") $(grep -c '^So the owner of the TPM' "$tmp/verdict")" || diag "$(cat "$tmp/verdict")"
check_equal "not if another boot is expected: status 1" 1 "$(verify --tpm-ak "$tmp/ak.pem" --tpm-boot "$(sha256sum <"$tmp/ak.pem" | cut -d' ' -f1)" --core /test/machine/core.bin)"
check_equal "without the TPM's key: status 3" 3 "$(verify)"
check_equal "who quotes PCR 13 with that key now finds it capped" "0 1" "$(tpm2_quote -c 0x81015550 -l sha256:13 -q 00 -o "$tmp/pcr13" -F values >/dev/null 2>&1; echo $?) $(tail -c 768 "$tmp/quote" | tail -c +417 | head -c 32 | cmp -s - "$tmp/pcr13"; echo $?)"
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
check "another quote" underpin quote --nonce 0123 -o "$tmp/quote" --export "$tmp/second"
check "it is by the same key" cmp "$tmp/first/public.pem" "$tmp/second/public.pem"
check_equal "for which the TPM vouches again" 0 "$(verify --tpm-ak "$tmp/ak.pem" --tpm-boot "$boot" --core /test/machine/core.bin)"
check "unload" unload
tpm2_evictcontrol -C o -c 0x81015550 >/dev/null 2>&1
power_off
power_on
mark
check_equal "without an attestation key: it is loaded" ok "$(load root_secret=tpm debug=0)"
check "and the module says what is missing" says "underpin tpm key makes one"
check "a quote without a certificate" underpin quote --nonce 0123 -o "$tmp/quote"
check_equal "is self-asserted: status 3; and with --tpm-ak 1" "3 1" "$(verify) $(verify --tpm-ak "$tmp/ak.pem" --tpm-boot "$boot" --core /test/machine/core.bin)"
check "PCR 13 is capped all the same" refused_by_policy
end_of_pals
