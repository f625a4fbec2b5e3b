. "$TAP"
# `underpin pal info|measure|run` and libunderpin's reading of PAL files, with the fake device.
w=$TEST_WORK
u=$B/underpin/underpin
$CC -std=gnu11 -I"$USER_DIR/../include/uapi" -I"$USER_DIR/sdk/include" -shared -fPIC -o "$w/fake.so" fake_device.c -ldl || exit 1
cat >"$w/parts.c" <<'END'
#include <underpin/pal.h>
static unsigned char last = 7;
long take(const unsigned char *text, long n) { long sum = 0; for (long i = 0; i < n; i++) sum += text[i]; last = text[0]; return sum; }
UNDERPIN_PAL_ENTRY(take, PAL_IN_N(2, 64), PAL_INT);
long give(unsigned char *out, long n, long from) { for (long i = 0; i < n; i++) out[i] = (unsigned char)(from + i); return last; }
UNDERPIN_PAL_ENTRY(give, PAL_OUT_N(2, 64), PAL_INT, PAL_INT);
long turn(unsigned char *both) { for (int i = 0; i < 4; i++) both[i] ^= 0xff; return -5; }
UNDERPIN_PAL_ENTRY(turn, PAL_INOUT(4));
long leave(long error) { if (error) pal_exit((int)error); return -1; }
UNDERPIN_PAL_ENTRY(leave, PAL_INT);
END
printf 'PAL = parts\nPAL_SRCS = parts.c\ninclude %s/sdk/pal.mk\n' "$USER_DIR" >"$w/Makefile"
check "pal.mk makes a .pal" make -s -C "$w" || exit 1
p=$w/parts.pal
run() { FAKE_SERVICES=1 LD_PRELOAD="$w/fake.so" "$u" pal run "$@" 2>"$w/err"; }
status() { "$@" >"$w/out" 2>>"$w/err"; echo $?; }
said() { grep -v '^fake:' "$w/err" | grep -c -- "$1"; }

check_equal "info: name, sections, entry points in words" "parts 4 take out, at most 64 bytes (parameter 2 says)" \
	"$("$u" pal info "$p" >"$w/out"; sed -n 's/^name *//p' "$w/out") $(grep -c ^entry "$w/out") $(sed -n 's/^entry *//p' "$w/out" | head -n 1) $(sed -n 's/.*\(out, at.*\)/\1/p' "$w/out")"
check_equal "info --json" "parts 4 turn true true 4" "$("$u" pal info --json "$p" | jq -r '"\(.name) \(.entries | length) \(.entries[2].name) \(.entries[2].parameters[0].in) \(.entries[2].parameters[0].out) \(.entries[2].parameters[0].size)"')"
m=$("$u" pal measure "$p" | cut -d' ' -f1)
check_equal "measure, info and --json say the same" "$m $m" "$("$u" pal info "$p" | sed -n 's/^measurement *//p') $("$u" pal measure --json "$p" | jq -r '.[0].measurement')"
cp "$p" "$w/other.pal"
check_equal "another name, the same measurement" "$m" "$("$u" pal measure "$w/other.pal" | cut -d' ' -f1)"
sed 's/last = 7/last = 8/' "$w/parts.c" >"$w/changed.c"
printf 'PAL = changed\nPAL_SRCS = changed.c\ninclude %s/sdk/pal.mk\n' "$USER_DIR" >"$w/changed.mk"
make -s -C "$w" -f changed.mk
check "other contents, another" test "$("$u" pal measure "$w/changed.pal" | cut -d' ' -f1)" != "$m"
check_equal "a program with a PAL, too" 64 "$("$u" pal measure "$B/examples/hmac" | cut -d' ' -f1 | tr -d '\n' | wc -c)"
# A measurement of 32-bit code begins otherwise: the same file with 64 in place of 32 bits is no ELF file of x86's.
make -s -C "$w" -f changed.mk PAL_BITS=32 O="$w/32"
check_equal "info of a 32-bit PAL, and of a 64-bit one" "32 4 64" "$("$u" pal info --json "$w/32/changed.pal" | jq -r '"\(.bits) \(.entries | length)"') $("$u" pal info "$p" | sed -n 's/^bits *//p')"
printf 'PROGRAM = prog\nSRCS = prog.c\nPAL_SRCS = changed.c\nPAL_BITS = 32\nO = 32\ninclude %s/sdk/pal.mk\n' "$USER_DIR" >"$w/prog.mk"
echo 'int main(void) { return 0; }' >"$w/prog.c"
make -s -C "$w" -f prog.mk
check_equal "and of a 32-bit program: its entry points have their names" "32 take" "$("$u" pal info --json "$w/32/prog" | jq -r '"\(.bits) \(.entries[0].name)"')"
check_equal "a 64-bit process does not load it: status 1, said" "1 1" "$(status run "$w/32/changed.pal" take ab) $(said '32-bit PAL, which only a 32-bit program')"
check_equal "one of several files is none: status 1, the others are measured" "1 2" "$(status "$u" pal measure "$p" "$0" "$B/examples/hello") $(wc -l <"$w/out")"

if ! run "$p" give 1 0 >"$w/out" && grep -q 'ended the call' "$w/err"; then
	skip_all "VMCALL does not fault here, so nobody can answer for the core"
fi
check_equal "run: a text; its size goes along" "answer       195" "$(run "$p" take ab)"
printf 'a\000b' >"$w/in"
check_equal "run: a file" "answer       195" "$(run "$p" take "@$w/in")"
check_equal "run: hexadecimal digits" "answer       259" "$(run "$p" take hex:ff04)"
check_equal "run: an output of so many bytes" "answer       7|parameter 1  050607|" "$(run "$p" give 3 5 | tr '\n' '|')"
check_equal "run: numbers in other bases, below 0" "parameter 1  ff00" "$(run "$p" give 0x2 -1 | tail -n 1)"
check_equal "run: in and out, filled up with zeros; an answer below 0" "answer       -5|parameter 1  9e9dffff|" "$(run "$p" turn ab | tr '\n' '|')"
check_equal "run --json" '-5 1 9e9dffff' "$(run --json "$p" turn ab | jq -r '"\(.answer) \(.outputs[0].parameter) \(.outputs[0].hex)"')"
check_equal "and with the measurement that the core answered" "$(printf %064d 0 | sed 's/00/ab/g')" "$(run --json "$p" turn ab | jq -r .measurement)"
check_equal "run -o: the output into a file" "050607" "$(run -o "$w/bytes" "$p" give 3 5 >"$w/out"; od -An -tx1 "$w/bytes" | tr -d ' \n')"
check_equal "run: -1 is an answer" "answer       -1" "$(run "$p" leave 0)"
check_equal "run: a PAL that ends the call: status 1, said" "1 1" "$(status run "$p" leave 5) $(said 'ended the call')"
check_equal "hello.pal is built" "answer       42" "$(run "$B/examples/hello.pal" hello 20 22)"

check_equal "no such entry point: status 1, where to look" "1 1" "$(status run "$p" none) $(said 'pal info')"
check_equal "too few and too many arguments" "1 1 1 1" "$(status run "$p" take) $(said 'parameter 1 is missing') $(status run "$p" take a b) $(said 'too many')"
check_equal "not an integer; digits that are none; too long" "1 1 1" "$(status run "$p" leave x) $(status run "$p" take hex:abc) $(status run "$p" take "$(printf %065d 0)")"
check_equal "an output that is too large" 1 "$(status run "$p" give 65 0)"
check_equal "wrongly called: status 2" "2 2 2 2 2" "$(status "$u" pal run "$p") $(status "$u" pal info) $(status "$u" pal measure) $(status "$u" pal info -o x "$p") $(status "$u" pal run --nonsense)"
: >"$w/err"
check_equal "a file that is no ELF; a program without a PAL; a folder; nothing there" "1 1 1 1 4" \
	"$(status "$u" pal info "$0") $(status "$u" pal info "$u") $(status "$u" pal info "$w") $(status "$u" pal info "$w/none") $(wc -l <"$w/err")"

$CC -std=gnu11 -g -fsanitize=address,undefined -fno-sanitize-recover=all -I"$USER_DIR/lib" -I"$USER_DIR/lib/include" -I"$USER_DIR/../include/uapi" \
	-o "$w/fuzz" fuzz_pal_file.c "$USER_DIR/lib/image.c" "$USER_DIR/lib/error.c" -lelf || exit 1
check "1,500 damaged files, under sanitizers" "$w/fuzz" "$p" "$w/damaged.pal" 1500 && check "programs too" "$w/fuzz" "$B/examples/hello" "$w/damaged.pal" 1500 ||
	diag "$("$w/fuzz" "$p" "$w/damaged.pal" 1500 2>&1 | tail -n 5)"
finish
