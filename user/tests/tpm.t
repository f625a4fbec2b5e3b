. "$TAP"
# `underpin tpm` against a software TPM: what it makes is what the module will ask for (module/tpm.c), and its policy holds.
w=$TEST_WORK
command -v swtpm >/dev/null && command -v tpm2_nvread >/dev/null || skip_all "swtpm or tpm2-tools is not installed"
tpm_command=$USER_DIR/trust/underpin-tpm
mkdir "$w/state"
start() {
	swtpm socket --tpm2 --tpmstate dir="$w/state" --server type=unixio,path="$w/tpm" --ctrl type=unixio,path="$w/tpm.ctrl" \
		--flags not-need-init,startup-clear --daemon --pid file="$w/pid"
}
stop() {
	pid=$(cat "$w/pid" 2>/dev/null) || return 0
	kill "$pid" 2>/dev/null
	while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
}
trap 'stop' EXIT
# The script wants a device; here it is a socket.
sed 's|\[ -e /dev/tpmrm0 \]|[ -e "$FAKE_TPM" ]|' "$tpm_command" >"$w/underpin-tpm"
chmod +x "$w/underpin-tpm"
FAKE_TPM=$w/tpm TPM2TOOLS_TCTI=swtpm:path=$w/tpm
export FAKE_TPM TPM2TOOLS_TCTI
start
index=0x01805550
printf 'a core' >"$w/core.bin"
run() { "$w/underpin-tpm" "$@" >"$w/out" 2>"$w/err"; echo $?; }
# What module/tpm.c does: extend, a policy session, read, extend.
measured() { printf 'a core\0' | sha256sum | cut -d' ' -f1; }
extend() { tpm2_pcrextend "13:sha256=$1" >/dev/null 2>&1; }
read_by() {	# LIST: the secret's digits, or nothing
	tpm2_startauthsession --policy-session -S "$w/session" >/dev/null 2>&1
	tpm2_policypcr -S "$w/session" -l "sha256:$1" >/dev/null 2>&1
	tpm2_nvread $index -C $index -P "session:$w/session" 2>/dev/null | od -An -v -tx1 | tr -d ' \n'
	tpm2_flushcontext "$w/session" >/dev/null 2>&1
	tpm2_flushcontext -t >/dev/null 2>&1
}

check_equal "no secret yet: status 1" "1 1" "$(run status) $(grep -c 'holds no root secret' "$w/out")"
check_equal "setup: status 0, and the option for the module" "0 1" "$(run setup --core "$w/core.bin") $(grep -c 'options underpin root_secret=tpm'"'" "$w/out")"
check_equal "status: it is there, and can be given" "0 true true" "$(run status --json) $(jq -r '"\(.secret) \(.fresh)"' "$w/out")"
check_equal "a second setup is refused: what was sealed would be lost" "1 1" "$(run setup --core "$w/core.bin") $(grep -c 'already' "$w/err")"
tpm2_nvreadpublic $index >"$w/public" 2>&1
check_equal "32 bytes, by policy alone, locked against writing" "size: 32 1 0 0 1" \
	"$(grep -o 'size: 32' "$w/public") $(grep friendly "$w/public" | grep -c policyread) $(grep friendly "$w/public" | grep -c ownerread) $(grep friendly "$w/public" | grep -c authread) $(grep friendly "$w/public" | grep -c writelocked)"
check_equal "the owner cannot write it" 1 "$(head -c 32 /dev/zero | tpm2_nvwrite $index -C o -i - >/dev/null 2>&1; echo $?)"
check_equal "nor read it" "" "$(tpm2_nvread $index -C o 2>/dev/null | od -An -tx1)"
check_equal "nobody reads it before the core is measured" "" "$(read_by 0,2,4,7,8,9,13)"
extend "$(measured)"
secret=$(read_by 0,2,4,7,8,9,13)
check_equal "the core reads 32 bytes" 64 "${#secret}"
check_equal "not with fewer PCRs" "" "$(read_by 13)"
check_equal "setup in a boot in which the core was there: refused" "1 1" "$(run setup --core "$w/core.bin") $(grep -c 'already\|reboot' "$w/err")"
extend "$(printf 'Underpin: given' | od -An -v -tx1 | tr -d ' \n' | sed 's/$/0000000000000000000000000000000000/')"
check_equal "once given, it is given no more" "" "$(read_by 0,2,4,7,8,9,13)"
extend "$(measured)"
check_equal "not to the same core again" "" "$(read_by 0,2,4,7,8,9,13)"
check_equal "status says so" false "$(run status --json >/dev/null; jq -r .fresh "$w/out")"

# ---- the attestation key, and what it certifies ----
check_equal "setup has made an attestation key" true "$(run status --json >/dev/null; jq -r .attestation_key "$w/out")"
check_equal "key: its public half" "0 -----BEGIN PUBLIC KEY-----" "$(run key -o "$w/ak.pem") $(head -n 1 "$w/ak.pem")"
tpm2_readpublic -c 0x81015550 >"$w/public" 2>&1
check_equal "it signs only what the TPM itself says, and cannot leave it" "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|sign" \
	"$(sed -n 's/^  value: \(fixedtpm.*\)/\1/p' "$w/public")"
tpm2_evictcontrol -C o -c 0x81015550 >/dev/null 2>&1
check_equal "status says that there is none" "false 1" "$(run status --json >/dev/null; jq -r .attestation_key "$w/out") $(run status >/dev/null; grep -c 'no attestation key' "$w/out")"
check_equal "made anew, it is the same" "0 0" "$(run key -o "$w/again.pem") $(cmp "$w/ak.pem" "$w/again.pem"; echo $?)"
# A quote by the core's own code, and what module/tpm.c adds to it.
u=$B/underpin/underpin
make -s -C "$USER_DIR/../selftests/hosted" O="$w/hosted" "$w/hosted/test_pal_quote" >"$w/make" 2>&1 &&
	ASAN_OPTIONS=detect_leaks=0 QUOTE_ROOT_TPM=1 QUOTE_OUT=$w/quote "$w/hosted/test_pal_quote" >"$w/tap" 2>&1
check "the core makes a quote" test "$(wc -c <"$w/quote")" = 744 || diag "$(tail -n 3 "$w/make" "$w/tap")"
nonce=$(tail -c +25 "$w/quote" | head -c 32 | od -An -v -tx1 | tr -d ' \n')
key_name=$(tail -c +97 "$w/quote" | head -c 34 | od -An -v -tx1 | tr -d ' \n')	# qualifiedSigner
{ printf CUNDRPIN; head -c 52 /dev/zero; } >"$w/quoted_core"	# of which the hosted core says that it is one
le32() { printf "\\$(printf %03o $(($1 & 255)))\\$(printf %03o $(($1 >> 8 & 255)))\\$(printf %03o $(($1 >> 16 & 255)))\\000"; }
padded() { cat "$1"; head -c $(($2 - $(wc -c <"$1"))) /dev/zero; }
certify() {	# FILE QUALIFICATION [LIST]: quote and certificate, struct underpin_certificate
	list=${3:-0,2,4,7,8,9,13}
	tpm2_quote -c 0x81015550 -l "sha256:$list" -q "$2" -m "$w/m" -s "$w/s" -g sha256 >/dev/null 2>"$w/err" || diag "$(cat "$w/err")"
	{
		cat "$w/quote"
		le32 1072
		le32 $(($(for p in $(echo "$list" | tr , ' '); do printf '1<<%d|' "$p"; done) 0))
		le32 "$(wc -c <"$w/m")"; le32 "$(wc -c <"$w/s")"
		padded "$w/m" 192; padded "$w/s" 96
		for p in $(seq 0 23); do
			case ,$list, in *,$p,*) tpm2_pcrread "sha256:$p" -o "$w/one" >/dev/null 2>&1; cat "$w/one" ;; *) head -c 32 /dev/zero ;; esac
		done
	} >"$1"
}
# Says the exit status, and what is not true.
verified() { "$u" verify "$@" --nonce "$nonce" --allow-debug >"$w/out" 2>"$w/err"; printf '%s' "$?"; sed -n 's/^NO *//p' "$w/out" | cut -c1-24 | tr '\n' ';'; }
fully() { f=$1; shift; verified "$f" --tpm-ak "$w/ak.pem" --tpm-boot "$boot" --core "$w/quoted_core" "$@"; }
core_digest() { { cat "$w/quoted_core"; printf "$1"; } | sha256sum | cut -d' ' -f1; }

stop; start
extend "$(core_digest '\1')"
boot=$(run status --json >/dev/null; jq -r .boot "$w/out")
certify "$w/certified" "$key_name"
check_equal "a certificate goes with a quote: 1816 bytes" 1816 "$(wc -c <"$w/certified")"
check_equal "the TPM vouches for its key: status 0, without --key" 0 "$(fully "$w/certified")"
check_equal "in words" "1 1 1 1 0" "$(grep -c "^yes .*TPM's key that you know" "$w/out") $(grep -c '^yes .*PCR 13 held that core' "$w/out") $(grep -c '^yes .*booted as you expect' "$w/out") $(grep -c "^So the owner of the TPM's key says" "$w/out") $(grep -c self-asserted "$w/out")"
check_equal "and as JSON" "true true false true true true true null" "$("$u" verify "$w/certified" --nonce "$nonce" --allow-debug --json --tpm-ak "$w/ak.pem" --tpm-boot "$boot" --core "$w/quoted_core" |
	jq -r '"\(.verified) \(.tpm_vouches) \(.self_asserted) \(.tpm_signature) \(.tpm_contents) \(.tpm_core) \(.tpm_boot_known) \(.key)"')"
check_equal "with less than all three it is self-asserted still: status 3" "3 3 3 3" \
	"$(verified "$w/certified") $(verified "$w/certified" --tpm-ak "$w/ak.pem" --tpm-boot "$boot") $(verified "$w/certified" --tpm-ak "$w/ak.pem" --core "$w/quoted_core") $(verified "$w/certified" --tpm-boot "$boot" --core "$w/quoted_core")"
check_equal "and what the boot was is shown" 1 "$(verified "$w/certified" >/dev/null; grep -c "it was $boot" "$w/out")"
check_equal "a quote without a certificate is not vouched for" "1a TPM's certificate is t;" "$(fully "$w/quote")"
openssl ecparam -name prime256v1 -genkey -noout 2>/dev/null | openssl ec -pubout -out "$w/other.pem" 2>/dev/null
check_equal "by another key than the TPM's: NO" "1the TPM's key that you k;" "$(fully "$w/certified" --tpm-ak "$w/other.pem")"
check_equal "another boot: NO" "1the machine was booted a;" "$(fully "$w/certified" --tpm-boot "$(core_digest x)")"
certify "$w/wrong" "$(echo "$key_name" | sed 's/.$/0/; t' | tr '0-9' '1-90')"
check_equal "for another key than the quote's: NO" "1it is for the key of thi;" "$(fully "$w/wrong")"
certify "$w/wrong" "$key_name" 0,2,4,7,8,13
check_equal "with other PCRs: NO" "1the machine was booted a;" "$(fully "$w/wrong")"
certify "$w/wrong" "$key_name" 0,2,4,7,8,9
check_equal "without PCR 13: NO" "1when the TPM signed, PCR;" "$(fully "$w/wrong")"
tail -c +1465 "$w/certified" | head -c 32 | dd of="$w/wrong" bs=1 seek=1464 conv=notrunc status=none
check_equal "nor with a value for it that was not quoted" "1when the TPM signed, PCR;" "$(fully "$w/wrong")"
cp "$w/certified" "$w/wrong"
printf '\1' | dd of="$w/wrong" bs=1 seek=1048 conv=notrunc status=none
check_equal "a boot that is shown and was not signed: NO" "1it is for the key of thi;" "$(verified "$w/wrong" --tpm-ak "$w/ak.pem")"
if command -v tpm2_checkquote >/dev/null; then
	"$u" verify "$w/certified" --export "$w/files" >/dev/null 2>&1
	stock() { tpm2_checkquote -u "$w/ak.pem" -m "$w/files/tpm-attest" -s "$w/files/tpm-signature" -f "$w/files/tpm-pcrs" -g sha256 -q "$1" >"$w/out" 2>&1; }
	check "tpm2_checkquote accepts it, with its PCRs" stock "$key_name" || diag "$(tail -n 3 "$w/out")"
	check_equal "and no other qualification" 1 "$(stock 00; echo $?)"
	check_equal "its qualification is the name of the quote's key" "$key_name" "$(od -An -v -tx1 "$w/files/tpm-qualification" | tr -d ' \n')"
fi
# Each byte of the certificate that counts, changed: size, mask, sizes, statement, signature, PCRs 0 and 13, one that is not in the mask.
wrong=''
for at in 744 748 749 751 752 756 760 768 800 805 830 850 870 890 900 906 907 952 960 990 1023 1024 1048 1079 1464 1495 1080; do
	cp "$w/certified" "$w/changed"
	byte=$(tail -c +$((at + 1)) "$w/changed" | head -c 1 | od -An -tu1)
	# shellcheck disable=SC2059
	printf "\\$(printf %03o $((byte ^ 1)))" | dd of="$w/changed" bs=1 seek=$at conv=notrunc status=none
	case $(fully "$w/changed") in 1*) ;; *) wrong="$wrong $at" ;; esac
done
check_equal "every changed byte is noticed, but behind statement and signature and in PCRs that are not quoted" " 907 1024 1080" "$wrong"
if $CC -std=gnu11 -g -fsanitize=address,undefined -fno-sanitize-recover=all -I"$USER_DIR/sdk/include" -o "$w/fuzz" fuzz_verify.c \
	"$USER_DIR/trust/verify.c" "$USER_DIR/trust/certificate.c" -lcrypto -ljson-c 2>"$w/make"; then
	check "2,000 damaged quotes, under sanitizers: none is vouched for" "$w/fuzz" "$w/certified" "$w/ak.pem" "$w/quoted_core" "$boot" 2000 2>"$w/err" || diag "$(tail -n 5 "$w/err")"
else
	not_ok "the fuzzer is built"; diag "$(cat "$w/make")"
fi
head -c 1815 "$w/certified" >"$w/changed"
check_equal "one byte less is no quote" "1 1" "$(verified "$w/changed") $(grep -c '1816 with a TPM' "$w/err")"
check_equal "options that are none: status 2, in words" "2 1" "$("$u" verify "$w/certified" --tpm-boot 00 >/dev/null 2>"$w/err"; echo $?) $(grep -c 'underpin tpm status' "$w/err")"
extend "$(printf 'Underpin: given' | od -An -v -tx1 | tr -d ' \n' | sed 's/$/0000000000000000000000000000000000/')"
certify "$w/wrong" "$key_name"
check_equal "once PCR 13 is capped, nobody gets such a certificate" "1when the TPM signed, PCR;" "$(fully "$w/wrong")"
stop; start
extend "$(core_digest '\0')"
certify "$w/wrong" "$key_name"
check_equal "a core without debug=1 was measured, and one with it quotes: NO" "1when the TPM signed, PCR;" "$(fully "$w/wrong")"
stop; start
tpm2_pcrextend "9:sha256=$(measured)" >/dev/null 2>&1
extend "$(core_digest '\1')"
certify "$w/wrong" "$key_name"
check_equal "another initrd: NO" "1the machine was booted a;" "$(fully "$w/wrong")"

stop; start	# a reboot
extend "$(measured)"
check_equal "after a reboot it is the same" "$secret" "$(read_by 0,2,4,7,8,9,13)"
stop; start
extend "$(printf 'another core\0' | sha256sum | cut -d' ' -f1)"
check_equal "another core does not get it" "" "$(read_by 0,2,4,7,8,9,13)"
stop; start
tpm2_pcrextend "4:sha256=$(measured)" >/dev/null 2>&1
extend "$(measured)"
check_equal "nor does the core with another boot loader" "" "$(read_by 0,2,4,7,8,9,13)"
stop; start
extend "$(printf 'a core\1' | sha256sum | cut -d' ' -f1)"
check_equal "nor a core with debug=1" "" "$(read_by 0,2,4,7,8,9,13)"
check_equal "remove" "0 1" "$(run remove) $(grep -c 'is gone' "$w/out")"
check_equal "then there is none" 1 "$(run status)"
check_equal "the attestation key is gone, too" false "$(run status --json >/dev/null; jq -r .attestation_key "$w/out")"
check_equal "remove once more: status 1, said" "1 1" "$(run remove) $(grep -c 'no secret' "$w/err")"
check_equal "setup after the core was measured: reboot first" "1 1" "$(run setup --core "$w/core.bin") $(grep -c 'reboot' "$w/err")"
stop; start
check_equal "other PCRs, as an option for the module" "0 1" "$(run setup --core "$w/core.bin" --pcrs 7,0) $(grep -c 'tpm_pcrs=0x81' "$w/out")"
extend "$(measured)"
check_equal "those are asked for" 64 "$(read_by 0,7,13 | wc -c)"
check_equal "a list that is none: status 2" "2 2 2 2" "$(run setup --pcrs 1,x) $(run setup --pcrs 24) $(run setup --pcrs 13) $(run setup --pcrs)"
check_equal "a core that is not there: status 1" "1 1" "$(run setup --core "$w/none") $(grep -c "there is no $w/none" "$w/err")"
check_equal "key and status, wrongly called: status 2" "2 2 2 2" "$(run key -o) $(run key x) $(run status --pcrs) $(run status --pcrs 13)"
check_equal "no such action: status 2; none: 2; help: 0" "2 2 0" "$(run nonsense) $(run) $(run --help)"
stop
check_equal "no TPM: status 1, said once" "1 1" "$(rm -f "$w/tpm"; run status) $(wc -l <"$w/err")"
finish
