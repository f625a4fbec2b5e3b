# shellcheck shell=dash
# limit: 300
# The SSH agent whose key is in a PAL: OpenSSH's own programs sign by it; the sealed key outlives the core with its root secret.
# shellcheck source=selftests/machine/lib/machine.sh
. /test/machine/lib/machine.sh

unload
# Without MULX and ADCX, which Bochs 2.7 gets wrong: OpenSSL's P-256 fails there on the bare machine too.
export OPENSSL_ia32cap=:~0x80108 HOME="$tmp"
umask 077
head -c 32 /dev/urandom >"$tmp/root"
head -c 32 /dev/urandom >"$tmp/root2"
agent() { underpin-ssh-agent -k "$tmp/key" "$@" 2>"$tmp/err"; }
sign() { rm -f "$tmp/message.sig"; agent ssh-keygen -Y sign -f "$tmp/public" -n file "$tmp/message" >"$tmp/out" 2>&1; }

check_equal "load with a root secret" ok "$(load root_secret="$tmp/root")"
mark
make_key() { agent --make >"$tmp/public"; }
check "a key is made" make_key || diag "$(cat "$tmp/err")"
printf 'me %s\n' "$(cut -d' ' -f1,2 "$tmp/public")" >"$tmp/allowed"
echo "a message" >"$tmp/message"
check_equal "ssh-add lists it" "$(cat "$tmp/public")" "$(agent ssh-add -L)"
check "ssh-keygen signs with it" sign || diag "$(cat "$tmp/out" "$tmp/err")"
check "and accepts the signature" sh -c "ssh-keygen -Y verify -f '$tmp/allowed' -I me -n file -s '$tmp/message.sig' <'$tmp/message'" || diag "$(cat "$tmp/out")"
check "not for another message" sh -c "! echo another | ssh-keygen -Y verify -f '$tmp/allowed' -I me -n file -s '$tmp/message.sig' 2>/dev/null"
check "unload" unload
check_equal "load with another root secret" ok "$(load root_secret="$tmp/root2")"
check_equal "the key does not open: status 1, and it says what to do" "1 1" "$(agent --public >"$tmp/out"; echo $?) $(grep -c 'root_secret=' "$tmp/err")"
check "unload" unload
check_equal "load with the first" ok "$(load root_secret="$tmp/root")"
check_equal "there it is again" "$(cat "$tmp/public")" "$(agent --public)"
end_of_pals
