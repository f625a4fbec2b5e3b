. "$TAP"
# underpin-totp with the fake device (its PAL runs as ordinary code), against oathtool and the RFCs' vectors.
w=$TEST_WORK
$CC -std=gnu11 -I"$USER_DIR/../include/uapi" -I"$USER_DIR/sdk/include" -shared -fPIC -o "$w/fake.so" fake_device.c -ldl || exit 1
command -v oathtool >/dev/null || skip_all "oathtool is not installed"
totp() { FAKE_SERVICES=1 LD_PRELOAD="$w/fake.so" "$B/examples/underpin-totp" -d "$w/accounts" "$@" 2>"$w/err"; }
status() { "$@" >"$w/out"; echo $?; }
said() { grep -v '^fake:' "$w/err" | grep -c -- "$1"; }
code() { totp -t "$2" show "$1"; }

rfc=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ
printf '%s\n' $rfc | totp add rfc || { grep -q 'Illegal\|ENOSYS' "$w/err" && skip_all "VMCALL does not fault here, so nobody can answer for the core"; }
check_equal "the account's file is the owner's alone, and sealed" "600 356 UPSEALED 700" \
	"$(stat -c '%a %s' "$w/accounts/rfc.totp") $(head -c 8 "$w/accounts/rfc.totp") $(stat -c %a "$w/accounts")"
# RFC 4226, appendix D: counters 0 to 9.
got=$(for i in 0 1 2 3 4 5 6 7 8 9; do code rfc $((i * 30)); done | tr '\n' ' ')
check_equal "the ten vectors of RFC 4226" "755224 287082 359152 969429 338314 254676 287922 162583 399871 520489 " "$got"
# RFC 6238, appendix B: SHA1 and SHA256, 8 digits.
echo "otpauth://totp/A:b?secret=$rfc&digits=8" | totp add rfc8
echo "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZA%3D%3D%3D%3D&algorithm=SHA256&digits=8&issuer=A%20B&period=30" | totp add rfc256
check_equal "the vectors of RFC 6238 with SHA-1" "94287082 07081804 14050471 89005924 69279037 65353130 " \
	"$(for t in 59 1111111109 1111111111 1234567890 2000000000 20000000000; do code rfc8 $t; done | tr '\n' ' ')"
check_equal "and with SHA-256" "46119246 68084774 67062674 91819424 90698825 77737706 " \
	"$(for t in 59 1111111109 1111111111 1234567890 2000000000 20000000000; do code rfc256 $t; done | tr '\n' ' ')"
wrong=''
i=0
while [ $i -lt 40 ]; do
	size=$((10 + i * 3)) digits=$((6 + i % 3)) period=$((15 + i * 7)) time=$((i * 123456789 + 17))
	[ $size -le 128 ] || size=128
	hash=$([ $((i % 2)) = 0 ] && echo SHA1 || echo SHA256)
	secret=$(head -c $size /dev/urandom | base32 -w 0 | tr -d =)
	echo "otpauth://totp/random?period=$period&secret=$secret&digits=$digits&algorithm=$hash" | totp add random$i
	mine=$(code random$i $time)
	theirs=$(oathtool --totp=$hash -d $digits -s $period -N "@$time" -b "$secret")
	[ "$mine" = "$theirs" ] || wrong="$wrong $size/$digits/$period/$time/$hash: $mine $theirs;"
	i=$((i + 1))
done
check_equal "forty accounts give what oathtool gives" "" "$wrong"
secret=$(head -c 20 /dev/urandom | base32)
echo "$secret" | sed 's/..../& /g' | tr A-Z a-z | totp add spaced
now=$(date +%s) mine=$(totp show spaced) theirs=$(oathtool --totp -b "$secret")
[ "$mine" = "$theirs" ] || { mine=$(totp show spaced); theirs=$(oathtool --totp -b "$secret"); }	# a new period began between
check_equal "the code of now, of a secret with spaces and in lower case" "$theirs" "$mine"
check_equal "they are listed" "rfc rfc256 rfc8" "$(totp list | grep -v 'random\|spaced' | tr '\n' ' ' | sed 's/ $//')"
check_equal "one is removed" "0 1" "$(status totp remove random0) $(status totp show random0)"
for bad in "1" "GEZDGNBV" "$rfc!" "otpauth://hotp/x?secret=$rfc&counter=1" "otpauth://totp/x" "otpauth://totp/x?secret=$rfc&digits=9" \
	"otpauth://totp/x?secret=$rfc&period=0" "otpauth://totp/x?secret=$rfc&algorithm=MD5" "$rfc
$rfc" "$(head -c 129 /dev/zero | base32 -w 0)" "otpauth://totp/x?secret=$rfc&digits=60000000006"; do
	echo "$bad" | totp add bad >"$w/out"
	check_equal "refused, and said why: $(echo "$bad" | head -c 60 | tr '\n' ' ')" "1 0" "$(said 'underpin-totp: secret: ') $(totp list | grep -c bad)"
done
for bad in "../x" ".x" "a/b" "" "$(printf 'a\nb')"; do
	check_equal "no account is called '$(echo "$bad" | tr '\n' ' ')'" "1 1" "$(echo $rfc | status totp add "$bad") $(said 'is no name for an account')"
done
check_equal "an account is not written over" "1 1" "$(echo $rfc | status totp add rfc) $(said 'is there already')"
check_equal "one that is not there" "1 1" "$(status totp show nobody) $(said 'is not there; ')"
check_equal "under another root secret: said, with what to do" "1 1" "$(FAKE_STALE=1; export FAKE_STALE; status totp show rfc) $(said 'root_secret=')"
check_equal "by another build of the PAL" "1 1" "$(FAKE_SELF=b; export FAKE_SELF; status totp show rfc) $(said 'another build')"
printf '\377' | dd of="$w/accounts/rfc.totp" bs=1 seek=40 conv=notrunc status=none
check_equal "a damaged account" "1 1" "$(status totp show rfc) $(said 'damaged')"
echo short >"$w/accounts/short.totp"
check_equal "a short one" "1 1" "$(status totp show short) $(said 'damaged')"
check_equal "a time that is none" "1 1" "$(status totp -t 1x show rfc8) $(said 'is not a number of seconds')"
check_equal "no such command: status 2" 2 "$(status totp dance)"
$CC -std=gnu11 -D_GNU_SOURCE -g -fsanitize=address,undefined -fno-sanitize-recover=all -I"$USER_DIR/examples/underpin-totp" -o "$w/fuzz" \
	fuzz_otpauth.c "$USER_DIR/examples/underpin-totp/otpauth.c" || exit 1
check "100,000 texts, right and wrong, under sanitizers" "$w/fuzz" 100000 || diag "$("$w/fuzz" 100000 2>&1 | tail -n 3)"
finish
