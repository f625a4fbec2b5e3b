. "$TAP"
# Windows programs under Wine, with a fake kernel: libunderpin's Windows build, the SDK's PAL_WINDOWS, programs of
# TrustVisor's kind. Their PALs run as ordinary code, in Linux' calling convention.
w=$TEST_WORK
mingw=${MINGW:-x86_64-w64-mingw32-gcc}
command -v "$mingw" >/dev/null || skip_all "gcc-mingw-w64-x86-64-win32 is not installed"
command -v wine >/dev/null || skip_all "wine and wine64 are not installed"
$CC -std=gnu11 -Wall -I"$USER_DIR/../include/uapi" -o "$w/fake_kernel" fake_kernel.c || exit 1
"$w/fake_kernel" true
[ $? -ne 125 ] || skip_all "this kernel has no seccomp user notification"
# A Wine of its own, with no window and no browser; its server goes with it.
WINEPREFIX=$w/wine WINEDEBUG=-all WINEDLLOVERRIDES="mscoree,mshtml=;winemenubuilder.exe=d" HOME=$w
export WINEPREFIX WINEDEBUG WINEDLLOVERRIDES HOME
unset DISPLAY
wine cmd /c exit >"$w/log" 2>&1 || { not_ok "Wine starts"; diag "$(tail -n 5 "$w/log")"; finish; exit; }
exe() { timeout 120 wine "$@" 2>"$w/err" | tr -d '\r'; }
fake() { timeout 120 "$w/fake_kernel" wine "$@" 2>"$w/err" | tr -d '\r'; }
inc="-I$USER_DIR/lib/windows/include -I$USER_DIR/lib/include -I$USER_DIR/../include/uapi"

printf '#include <underpin.h>\nint x;\n' >"$w/h.c"
check "underpin.h compiles alone, by MinGW" "$mingw" -std=c99 -pedantic -Wall -Werror $inc -c -o "$w/h.o" "$w/h.c"

# ---- a PAL of the SDK's, called by Windows' convention ----
cp "$USER_DIR"/../selftests/pal/windows/*.[ch] "$w"
printf 'PAL_WINDOW = 16384\nPAL_CONTEXTS = 2\nPROGRAM = parts\nSRCS = parts.c\nPAL_SRCS = parts_pal.c\nPAL_WINDOWS = 1\nO = o\ninclude %s/sdk/pal.mk\n' "$USER_DIR" >"$w/Makefile"
if make -s -C "$w" >"$w/log" 2>&1; then ok "PAL_WINDOWS = 1 builds a program for Windows"; else not_ok "PAL_WINDOWS = 1 builds a program for Windows"; diag "$(cat "$w/log")"; fi
check_equal "before it is registered the PAL is ordinary code, called by Windows' convention" "before: 185 41 stressed -1 77 kept 1" \
	"$(exe "$w/o/parts.exe" | head -n 1)"
check_equal "without the device: said what to do" 1 "$(exe "$w/o/parts.exe" | grep -c 'module is not loaded')"
fake "$w/o/parts.exe" >"$w/out"
check_equal "with it: ten parameters, buffers, shared variables; RDI, RSI, XMM6 to 15 are kept; twice, with the contents as linked; errno is Windows' own" \
	"before: 185 41 stressed -1 77 kept 1|registered: 185 43 stressed -1 77 kept 1|registered: 185 43 stressed -1 77 kept 1|failed: -1 1|" \
	"$(tr '\n' '|' <"$w/out")"
check_equal "the kernel saw Windows' process register, as RULES 16 wants it" 2 "$(grep -c '^fake: PAL.*parts, 10 sections, 9 entry points, 64-bit' "$w/err")"
FAKE_REGISTER=12 fake "$w/o/parts.exe" >"$w/out"
check_equal "a registration that fails: said why" 1 "$(grep -c 'no memory for PAL' "$w/out")"
FAKE_REGISTER=110 fake "$w/o/parts.exe" >"$w/out"
check_equal "one with a number that Windows has not" 1 "$(grep -c 'did not answer the core' "$w/out")"
# The same PAL as in Linux: NAME.pal, from which the program was made, byte for byte.
printf 'PAL_WINDOW = 16384\nPAL_CONTEXTS = 2\nPAL = parts\nPAL_SRCS = parts_pal.c\nO = p\ninclude %s/sdk/pal.mk\n' "$USER_DIR" >"$w/pal.make"
make -s -C "$w" -f pal.make
objcopy -O binary -j .pal.text -j .pal.rodata -j .pal.data -j .pal.shared "$w/p/parts.pal" "$w/bytes"
"${mingw%gcc}objcopy" -O binary -j .pal "$w/o/parts.exe" "$w/all"
check "the PAL in it has the bytes of NAME.pal" cmp -n "$(wc -c <"$w/bytes")" "$w/bytes" "$w/all"
check_equal "and its measurement" "$("$B/underpin/underpin" pal measure "$w/p/parts.pal" | cut -d' ' -f1)" "$("$B/underpin/underpin" pal measure "$w/o/parts.pal" | cut -d' ' -f1)"
printf 'PAL_BITS = 32\n%s\n' "$(cat "$w/Makefile")" >"$w/both.make"
check_equal "PAL_WINDOWS with PAL_BITS = 32 is refused" 1 "$(make -C "$w" -f both.make 2>&1 | grep -c 'only 64-bit Windows programs')"
make -s -C "$w" clean
check_equal "clean leaves nothing" "" "$(ls "$w/o")"

# ---- installed ----
make -s -C "$USER_DIR" install DESTDIR="$w/root" PREFIX=/opt/underpin >"$w/log" 2>&1
mkdir "$w/ex" && cp "$USER_DIR"/examples/counter/*.[ch] "$w/ex" && printf 'PROGRAM = counter\nSRCS = counter.c\nPAL_SRCS = counter_pal.c\nPAL_WINDOWS = 1\ninclude %s\n' "$w/root/opt/underpin/share/underpin/pal.mk" >"$w/ex/Makefile"
check "a program builds from the installed SDK alone" make -s -C "$w/ex" "CFLAGS=-O2 -g"

# ---- TrustVisor's kind ----
make -s -C "$USER_DIR/../selftests/pal" O="$w/tv" TOP="$USER_DIR/.." >"$w/log" 2>&1 || { not_ok "selftests/pal builds for Windows"; diag "$(cat "$w/log")"; finish; exit; }
TV_NO_CORE=1
export TV_NO_CORE
check_equal "tv-test" "TV_HC_TEST(5) = 0" "$(fake "$w/tv/tv-test.exe" 5)"
check_equal "tv-main 20 22" "20 + 22 = 42, outside and inside" "$(fake "$w/tv/tv-main.exe" 20 22 | head -n 1)"
check_equal "the kernel was asked twice" 2 "$(grep -c '^fake: PAL.*4 sections, 1 entry points, 64-bit' "$w/err")"
check_equal "sizes are words of 8 bytes" 8 "$(sed -n 's/.*pointers to \([0-9]*\) bytes$/\1/p' "$w/err" | head -n 1)"
check_equal "tv-args 7 7 7" "Test pass" "$(fake "$w/tv/tv-args.exe" 7 7 7)"
check_equal "with nine PALs" 9 "$(grep -c '^fake: PAL' "$w/err")"
check_equal "tv-bench: three numbers" 1 "$(fake "$w/tv/tv-bench.exe" 3 | grep -c '^register [0-9]* call [0-9]* unregister [0-9]*$')"
fake "$w/tv/tv-edges.exe" >"$w/out"
check_equal "edges: nothing failed, all were done" "0 1..23" "$(grep -c '^not ok' "$w/out") $(tail -n 1 "$w/out")" || diag "$(grep -A1 '^not ok' "$w/out")"
unset TV_NO_CORE
check_equal "without the core: said" 1 "$(exe "$w/tv/tv-main.exe" 1 2; grep -c 'load Underpin' "$w/err")"
# This processor may do anything at a VMCALL, so UD2 stands in for an instruction that is not TrustVisor's.
printf '#include <trustvisor.h>\n#include <windows.h>\n#include <stdio.h>\n%s' 'static LONG CALLBACK last(EXCEPTION_POINTERS *e) { e->ContextRecord->Rip += 2; return EXCEPTION_CONTINUE_EXECUTION; }
int main(void) { AddVectoredExceptionHandler(0, last); __asm__ volatile("ud2" : : "a"(7ll)); printf("went on\n"); return 0; }' >"$w/other.c"
"$mingw" -I"$USER_DIR/compat" -static -o "$w/other.exe" "$w/other.c" "$B/windows/libunderpin-trustvisor.a" "$B/windows/libunderpin.a" -pthread
check_equal "other invalid instructions go to the handlers of others" "went on" "$(exe "$w/other.exe")"
wineserver -k 2>/dev/null || true
finish
