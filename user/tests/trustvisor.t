. "$TAP"
# Programs of TrustVisor's kind (../../selftests/pal), as 64-bit and 32-bit, with a fake kernel: their PALs run as ordinary code.
w=$TEST_WORK
$CC -std=gnu11 -Wall -I"$USER_DIR/../include/uapi" -o "$w/fake_kernel" fake_kernel.c || exit 1
inc="-I$USER_DIR/compat"

printf '#include <trustvisor.h>\nint x;\n' >"$w/h.c"
check "trustvisor.h compiles alone" $CC -std=c99 -pedantic -Wall -Werror $inc -c -o "$w/h.o" "$w/h.c"
cat >"$w/layout.c" <<'END'
#include <stddef.h>
#include <trustvisor.h>
#define IS(a, b) _Static_assert((a) == (b), #a)
IS(sizeof(struct tv_pal_section), 16); IS(offsetof(struct tv_pal_section, page_num), 4); IS(offsetof(struct tv_pal_section, start_addr), 8);
IS(sizeof(struct tv_pal_sections), 168); IS(offsetof(struct tv_pal_sections, sections), 8);
IS(sizeof(struct tv_pal_param), 16); IS(offsetof(struct tv_pal_param, size), 8);
IS(sizeof(struct tv_pal_params), 168); IS(offsetof(struct tv_pal_params, params), 8);
IS(TV_HC_REG, 1); IS(TV_HC_UNREG, 2); IS(TV_HC_SHARE, 6); IS(TV_HC_TEST, 255);
/* As programs write them down. */
static const struct tv_pal_section s = { TV_PAL_SECTION_CODE, 1, 0x1000 };
static const struct tv_pal_params p = { num_params: 2, params: { { TV_PAL_PM_INTEGER, 4 }, { TV_PAL_PM_POINTER, 4 } } };
int main(void) { return !(s.page_num == 1 && s.start_addr == 0x1000 && p.params[1].size == 4 && p.params[1].type == TV_PAL_PM_POINTER); }
void tv_handle_vmcall(void) { }
END
for mode in "" -m32; do
	# shellcheck disable=SC2086
	check "structures are TrustVisor's${mode:+, 32-bit}" $CC $mode -Wall $inc -o "$w/layout" "$w/layout.c"
	check "and are filled as its programs do it" "$w/layout"
done

make -s -C "$USER_DIR/../selftests/pal" O="$w/tv" TOP="$USER_DIR/.." >"$w/log" 2>&1 || { not_ok "selftests/pal builds"; diag "$(cat "$w/log")"; finish; exit; }
TV_NO_CORE=1
export TV_NO_CORE
"$w/fake_kernel" true
[ $? -ne 125 ] || skip_all "this kernel has no seccomp user notification"
tv() { p=$1; shift; "$w/fake_kernel" "$w/tv/tv-$p" "$@" 2>"$w/err"; }
for bits in 64 32; do
	s=$([ $bits = 64 ] || echo -32)
	check_equal "$bits-bit: test" "TV_HC_TEST(5) = 0" "$(tv "test$s" 5)"
	check_equal "main 20 22" "20 + 22 = 42, outside and inside" "$(tv "main$s" 20 22 | head -n 1)"
	check_equal "the fake kernel was asked, twice, by a $bits-bit process" 2 "$(grep -c "^fake: PAL.*4 sections, 1 entry points, $bits-bit" "$w/err")"
	check_equal "sizes are words of the caller" "$((bits / 8))" "$(sed -n '1s/.*pointers to \([0-9]*\) bytes$/\1/p' "$w/err")"
	check_equal "test_args 7 7 7" "Test pass" "$(tv "args$s" 7 7 7)"
	check_equal "with a PAL for each round of arrays, and two more" 9 "$(grep -c '^fake: PAL' "$w/err")"
	check_equal "pal_bench: three numbers" 1 "$(tv "bench$s" 3 | grep -c '^register [0-9]* call [0-9]* unregister [0-9]*$')"
	FAKE_REGISTER=12 tv "main$s" 1 2 >"$w/out"
	check_equal "a registration that fails: said why" 1 "$(grep -c 'no memory for PAL' "$w/err")"
	tv "edges$s" >"$w/out"
	status=$?
	check_equal "none of its PALs is for more than one call at once" 0 "$(grep '^fake: PAL' "$w/err" | grep -vc ' 1 at once')"
	check_equal "edges: nothing failed, all were done" "0 1..24" "$status $(tail -n 1 "$w/out")" || diag "$(grep -A1 '^not ok' "$w/out")"
done
unset TV_NO_CORE
check_equal "without the core: said" 1 "$(tv main 1 2; grep -c 'load Underpin' "$w/err")"

# ---- the handler: this CPU may do anything at a VMCALL, so the signal is sent; the instruction is really there ----
cat >"$w/handler.c" <<'END'
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <trustvisor.h>
#include <ucontext.h>
#include <underpin.h>
static int others;
static void other(int n) { (void)n; others++; }
/* Installed before the library's: it has a constructor of a lower number. */
__attribute__((constructor(101))) static void first(void) { signal(SIGILL, other); }
#ifdef __i386__
#define R(x) REG_E##x
#else
#define R(x) REG_R##x
#endif
static unsigned char vmcall[] = { 0x0f, 0x01, 0xc1, 0 }, ud2[] = { 0x0f, 0x0b, 0, 0 };
/* What the handler makes of a CPU that stands at code, with a number. */
static long at(unsigned char *code, long number, long *moved)
{
	struct sigaction now;
	ucontext_t c;
	memset(&c, 0, sizeof(c));
	c.uc_mcontext.gregs[R(IP)] = (greg_t)code; c.uc_mcontext.gregs[R(AX)] = (greg_t)number;
	sigaction(SIGILL, NULL, &now);
	now.sa_sigaction(SIGILL, NULL, &c);
	*moved = (long)(c.uc_mcontext.gregs[R(IP)] - (greg_t)code);
	return (long)c.uc_mcontext.gregs[R(AX)];
}
int main(void)
{
	long a, b, c, ma, mb, mc;
	errno = 5;
	a = at(vmcall, 7, &ma); b = at(vmcall, 14, &mb); c = at(ud2, 7, &mc);
	printf("%ld +%ld, %ld +%ld, %ld +%ld, others %d, errno %d\n", a, ma, b, mb, c, mc, others, errno);
	return 0;
}
END
for mode in "" -m32; do
	# shellcheck disable=SC2086
	$CC $mode $inc -I"$USER_DIR/lib/include" -I"$USER_DIR/../include/uapi" -o "$w/handler" "$w/handler.c" "$B/${mode:+32/}libunderpin-trustvisor.a" "$B/${mode:+32/}libunderpin.a" -pthread
	check_equal "handler${mode:+, 32-bit}: a number of TrustVisor's is answered behind the VMCALL; others, and other instructions, go on" \
		"1 +3, 14 +0, 7 +0, others 2, errno 5" "$("$w/handler")"
done
finish
