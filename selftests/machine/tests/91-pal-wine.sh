# shellcheck shell=dash
# limit: 600
# Windows programs under Wine register and call PALs: one of the SDK's by Windows' calling convention, and TrustVisor's
# demo programs in spirit, by their own VMCALL and by the library.
# shellcheck source=selftests/machine/lib/machine.sh
. /test/machine/lib/machine.sh

wine=/usr/lib/wine/wine64
{ [ -x $wine ] && [ -e $machine/bin/parts.exe ]; } || { echo "1..0 # SKIP Wine or MinGW is not installed (user/packages-windows)"; exit 4; }
need_core
mark
# A Wine with what these programs need, and nothing else: no wineboot, no windows, no services.
export WINEPREFIX="$tmp/wine" WINEDEBUG=-all WINESERVER=/usr/lib/wine/wineserver64 HOME="$tmp"
mkdir -p "$WINEPREFIX/dosdevices" "$WINEPREFIX/drive_c/windows/system32"
echo disable >"$WINEPREFIX/.update-timestamp"
ln -s ../drive_c "$WINEPREFIX/dosdevices/c:"
ln -s / "$WINEPREFIX/dosdevices/z:"
ln -s /usr/lib/x86_64-linux-gnu/wine/x86_64-windows/* "$WINEPREFIX/drive_c/windows/system32/"
exe() { program=$1; shift; $wine "$machine/bin/$program.exe" "$@" 2>"$tmp/err" | tr -d '\r'; }

check_equal "tv-test 5" "TV_HC_TEST(5) = 0" "$(exe tv-test 5)" || diag "$(tail -n 5 "$tmp/err")"
check_equal "tv-main 20 22" "20 + 22 = 42, outside and inside Test pass" "$(exe tv-main 20 22 | tr '\n' ' ' | sed 's/ $//')"
check_equal "tv-args 7 7 7" "Test pass" "$(exe tv-args 7 7 7)"
run_tap exe tv-edges
exe tv-bench 20 >"$tmp/bench"
check "tv-bench counts right" grep -q '^register [0-9]* call [0-9]* unregister [0-9]*$' "$tmp/bench"
diag "tv-bench: $(cat "$tmp/bench")"
exe parts core >"$tmp/parts"
run_tap cat "$tmp/parts"
check_equal "its PAL is measured as parts.pal is, which Linux runs" "$(underpin pal measure $machine/lib/parts.pal | cut -d' ' -f1)" \
	"$(sed -n 's/^# measurement //p' "$tmp/parts")"
check_equal "the same PAL in Linux' own convention" "answer       185" "$(underpin pal run $machine/lib/parts.pal ten 1 2 3 4 5 6 7 8 9 -10 2>&1 | head -n 1)"
$WINESERVER -k 2>/dev/null
end_of_pals
