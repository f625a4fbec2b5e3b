. "$TAP"
# Quotes: the core's own code makes one (selftests/hosted), `underpin quote verify` and Debian's tpm2_checkquote check it.
w=$TEST_WORK
u=$B/underpin/underpin
[ -x "$B/trust/underpin-trust" ] || skip_all "underpin-trust is not built: user/trust/packages"
make -s -C "$USER_DIR/../selftests/hosted" O="$w/hosted" "$w/hosted/test_pal_quote" >"$w/make" 2>&1 &&
	ASAN_OPTIONS=detect_leaks=0 QUOTE_OUT=$w/quote "$w/hosted/test_pal_quote" >"$w/tap" 2>&1
check "the core makes a quote of 744 bytes" test "$(wc -c <"$w/quote")" = 744 || diag "$(tail -n 3 "$w/make" "$w/tap")"

# From its fixed places (user/sdk/include/underpin/quote.h).
part() { tail -c +$(($1 + 1)) "${3:-$w/quote}" | head -c "$2"; }
digits() { od -An -v -tx1 | tr -d ' \n'; }
nonce=$(part 24 32 | digits)
status_of() { "$u" "$@" >"$w/out" 2>"$w/err"; echo $?; }
verified() { "$u" quote verify "$@" --allow-debug --json 2>"$w/err" | jq -r "${field:-.verified}"; }

check_equal "verify without a key: status 3, and it says in words what is not known" "3 1 1" \
	"$(status_of quote verify "$w/quote" --nonce "$nonce" --allow-debug) $(grep -c 'self-asserted' "$w/out") $(grep -c 'which PAL it comes from' "$w/out")"
check_equal "underpin verify is the same" 3 "$(status_of verify "$w/quote" --allow-debug)"
check_equal "a core with debug=1: status 1 unless asked for" "1 1" "$(status_of verify "$w/quote") $(grep -c '^NO.*debug calls' "$w/out")"
check_equal "--json: not verified without a key, and null where nobody can tell" "false true true null null" \
	"$(field='"\(.verified) \(.self_asserted) \(.nonce) \(.measurement) \(.key)"' verified "$w/quote" --nonce "$nonce")"
check_equal "what the core says of itself" "file true false 3" \
	"$(field='"\(.root_secret) \(.debug) \(.dma_protected) \(.nesting_depth)"' verified "$w/quote")"
check_equal "another nonce: status 1, NO" "1 1" "$(status_of verify "$w/quote" --nonce 00) $(grep -c '^NO.*fresh' "$w/out")"
check_equal "another PAL" false "$(field=.measurement verified "$w/quote" --pal "$nonce")"
check_equal "another core" false "$(printf 'CUNDRPIN%052d' 0 >"$w/core"; field=.core verified "$w/quote" --core "$w/core")"
cp "$w/quote" "$w/below"
printf '\012' | dd of="$w/below" bs=1 seek=728 conv=notrunc status=none
check_equal "a hypervisor below: said, unless it does not matter" "1 0" \
	"$(status_of verify "$w/below" --allow-debug >/dev/null; grep -c '^NO.*hypervisor' "$w/out") $(status_of verify "$w/below" --allow-debug --allow-hypervisor >/dev/null; grep -c '^NO.*hypervisor' "$w/out")"
check_equal "no core" "1 1" "$(status_of verify "$w/quote" --core "$w/tap") $(grep -c 'is not a core.bin' "$w/err")"

# Each byte that counts, changed: sizes, mask, nonce, statement to be signed, signature, PCRs, key, core statement.
wrong='' changed=0
for at in 0 4 8 12 16 20 24 55 56 88 92 96 130 140 150 160 180 200 232 233 280 286 320 351 352 360 392 424 616 648 679 680 712 743; do
	cp "$w/quote" "$w/changed"
	byte=$(part $at 1 | od -An -tu1)
	# shellcheck disable=SC2059
	printf "\\$(printf %03o $((byte ^ 1)))" | dd of="$w/changed" bs=1 seek=$at conv=notrunc status=none
	[ "$("$u" verify "$w/changed" --nonce "$nonce" --allow-debug >/dev/null 2>&1; echo $?)" = 1 ] && changed=$((changed + 1)) || wrong="$wrong $at"
done
# Not signed and not used: the reserved word, what is behind the nonce, the statement and the signature.
check_equal "every changed byte is noticed, but for the reserved word and unused room" " 20 56 233 352" "$wrong"
head -c 743 "$w/quote" >"$w/short"
check_equal "a short file: status 1, once" "1 1" "$(status_of verify "$w/short") $(wc -l <"$w/err")"

check_equal "export" 3 "$(status_of verify "$w/quote" --allow-debug --export "$w/files")"
check_equal "the key can be pinned, and then it is verified: status 0" "true true 0" "$(field='"\(.key) \(.verified)"' verified "$w/quote" --key "$w/files/public.pem") $(status_of verify "$w/quote" --allow-debug --key "$w/files/public.pem")"
openssl ecparam -name prime256v1 -genkey -noout 2>/dev/null | openssl ec -pubout -out "$w/other.pem" 2>/dev/null
check_equal "another key is not it" false "$(field=.key verified "$w/quote" --key "$w/other.pem")"
if command -v tpm2_checkquote >/dev/null; then
	tpm2() { tpm2_checkquote -u "$w/files/public.pem" -m "$w/files/attest" -s "$w/files/signature" -f "$w/files/pcrs" -g sha256 "$@" >"$w/out" 2>&1; }
	check "tpm2_checkquote accepts it, with its PCRs" tpm2 -q "$nonce" || diag "$(tail -n 3 "$w/out")"
	check_equal "it refuses another nonce" 1 "$(tpm2 -q 00; echo $?)"
	printf '\1' | dd of="$w/files/pcrs" bs=1 seek=150 conv=notrunc status=none
	check_equal "and other PCRs" 1 "$(tpm2 -q "$nonce"; echo $?)"
else
	skip "tpm2-tools is not installed" "tpm2_checkquote accepts it"
fi
for c in seal unseal quote; do
	check_equal "$c --nonsense: status 2" 2 "$(status_of $c --nonsense)"
	[ -e /dev/underpin ] || check_equal "$c without the module: status 1, one line that says modprobe" "1 1 1" \
		"$(head -c 10 "$w/quote" | status_of $c) $(wc -l <"$w/err") $(grep -c modprobe "$w/err")"
done
check_equal "options and files that a command does not take: status 2, in words" "2 2 2 1" \
	"$(status_of seal --key "$w/files/public.pem") $(status_of unseal --nonce 00) $(status_of quote "$w/quote") $(grep -c 'quote takes no file' "$w/err")"
head -c 2049 /dev/zero >"$w/large"
check_equal "too much to seal: said with its bound" "1 1" "$(status_of seal "$w/large") $(grep -c 'at most 2048' "$w/err")"
finish
