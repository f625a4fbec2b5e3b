# shellcheck shell=dash
# limit: 600
# TrustVisor's demo programs in spirit (selftests/pal), 64-bit and 32-bit, by their own VMCALL and by the library: they find
# the core and themselves by CPUID, and get right answers; what they may not do is refused and harms nobody.
# shellcheck source=selftests/machine/lib/machine.sh
. /test/machine/lib/machine.sh

need_core
before_32bit
mark
for bits in "" -32; do
	check_equal "tv-test$bits 5" "TV_HC_TEST(5) = 0" "$(tv-test$bits 5 2>&1)"
	check_equal "tv-main$bits 20 22" "20 + 22 = 42, outside and inside Test pass" "$(tv-main$bits 20 22 2>&1 | tr '\n' ' ' | sed 's/ $//')"
	check_equal "tv-args$bits 7 7 7" "Test pass" "$(tv-args$bits 7 7 7 2>&1)"
	run_tap tv-edges$bits
	tv-bench$bits 20 >"$tmp/bench" 2>&1
	check "tv-bench$bits counts right" grep -q '^register [0-9]* call [0-9]* unregister [0-9]*$' "$tmp/bench"
	diag "tv-bench$bits: $(cat "$tmp/bench")"
done
end_of_pals
