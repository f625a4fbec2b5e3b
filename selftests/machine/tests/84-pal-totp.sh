# shellcheck shell=dash
# limit: 200
# One-time passwords whose keys are sealed to a PAL: what oathtool gives, as long as the root secret is the same.
# shellcheck source=selftests/machine/lib/machine.sh
. /test/machine/lib/machine.sh

unload
umask 077
head -c 32 /dev/urandom >"$tmp/root"
head -c 32 /dev/urandom >"$tmp/root2"
totp() { underpin-totp -d "$tmp/accounts" "$@" 2>"$tmp/err"; }

check_equal "load with a root secret" ok "$(load root_secret="$tmp/root")"
mark
secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ other=MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43U
add() { echo "$2" | totp add "$1"; }
check "an account is added" add one "$secret" || diag "$(cat "$tmp/err")"
check "and one with SHA-256, 8 digits, 60 seconds" add two "otpauth://totp/x?secret=$other&algorithm=SHA256&digits=8&period=60"
for time in 59 1111111109 20000000000; do
	check_equal "the code at $time" "$(oathtool --totp -N "@$time" -b "$secret")" "$(totp -t $time show one)"
	check_equal "and the other's" "$(oathtool --totp=SHA256 -d 8 -s 60 -N "@$time" -b "$other")" "$(totp -t $time show two)"
done
check_equal "the sealed account has no key in it" 0 "$(grep -c 12345678901234567890 "$tmp/accounts/one.totp")"
check "unload" unload
check_equal "load with another root secret" ok "$(load root_secret="$tmp/root2")"
check_equal "no code: status 1, and it says what to do" "1 1" "$(totp show one >"$tmp/out"; echo $?) $(grep -c 'root_secret=' "$tmp/err")"
check "unload" unload
check_equal "load with the first" ok "$(load root_secret="$tmp/root")"
check_equal "there it is again" 287082 "$(totp -t 59 show one)"
end_of_pals
