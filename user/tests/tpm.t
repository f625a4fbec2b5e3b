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
check_equal "remove once more: status 1, said" "1 1" "$(run remove) $(grep -c 'no secret' "$w/err")"
check_equal "setup after the core was measured: reboot first" "1 1" "$(run setup --core "$w/core.bin") $(grep -c 'reboot' "$w/err")"
stop; start
check_equal "other PCRs, as an option for the module" "0 1" "$(run setup --core "$w/core.bin" --pcrs 7,0) $(grep -c 'tpm_pcrs=0x81' "$w/out")"
extend "$(measured)"
check_equal "those are asked for" 64 "$(read_by 0,7,13 | wc -c)"
check_equal "a list that is none: status 2" "2 2 2 2" "$(run setup --pcrs 1,x) $(run setup --pcrs 24) $(run setup --pcrs 13) $(run setup --pcrs)"
check_equal "a core that is not there: status 1" "1 1" "$(run setup --core "$w/none") $(grep -c "there is no $w/none" "$w/err")"
check_equal "no such action: status 2; none: 2; help: 0" "2 2 0" "$(run nonsense) $(run) $(run --help)"
stop
check_equal "no TPM: status 1, said once" "1 1" "$(rm -f "$w/tpm"; run status) $(wc -l <"$w/err")"
finish
