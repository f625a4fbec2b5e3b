. "$TAP"
# The examples' own logic, with the fake device: their PALs run as ordinary code.
w=$TEST_WORK
$CC -std=gnu11 -I"$USER_DIR/../include/uapi" -I"$USER_DIR/sdk/include" -shared -fPIC -o "$w/fake.so" fake_device.c -ldl || exit 1
run() { e=$1; shift; FAKE_SERVICES=1 LD_PRELOAD="$w/fake.so" "$B/examples/$e" "$@" 2>"$w/err"; }

head -c 10000 /dev/urandom >"$w/file"
: >"$w/empty"
if ! run hmac "$w/file" >"$w/out" && grep -q 'no key' "$w/err"; then
	skip_all "VMCALL does not fault here, so nobody can answer for the core"
fi
check_equal "hmac prints a MAC of 64 digits and the name" 1 "$(grep -c "^[0-9a-f]\{64\}  $w/file\$" "$w/out")"
check_equal "another run has another key" 2 "$({ run hmac "$w/file"; run hmac "$w/file"; } | sort -u | wc -l)"
run hmac "$w/file" "$w/file" "$w/empty" >"$w/out"
check_equal "one run has one key; other contents, another MAC" "1 2" \
	"$(grep "$w/file" "$w/out" | sort -u | wc -l) $(cut -d' ' -f1 "$w/out" | sort -u | wc -l)"
check_equal "--verify accepts the MAC and refuses a changed one" 1 "$(run hmac --verify "$w/file" | grep -c ^verified)"
check_equal "--hold tells where the PAL is, and signs again" "1 1" \
	"$(echo | run hmac --hold "$w/file" >"$w/out"; grep -c '^section of type 1 at 0x' "$w/out") $(grep -c 'the same as before' "$w/out")"
check_equal "a file that is not there: status 1, said once" "1 1" "$(run hmac "$w/none" >"$w/out"; echo $?) $(grep -vc "^fake:" "$w/err")"
check_equal "no file: status 2" 2 "$(run hmac >"$w/out"; echo $?)"
check_equal "counter counts and keeps its count" "call answers 4|the PAL says: counted to 4" \
	"$(run counter 4 | tail -n 2 | cut -d';' -f1 | tr '\n' '|' | sed 's/|$//')"
finish
