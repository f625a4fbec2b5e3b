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
exe() { wine "$@" 2>"$w/err" | tr -d '\r'; }
fake() { "$w/fake_kernel" wine "$@" 2>"$w/err" | tr -d '\r'; }
inc="-I$USER_DIR/lib/windows/include -I$USER_DIR/lib/include -I$USER_DIR/../include/uapi"

printf '#include <underpin.h>\nint x;\n' >"$w/h.c"
check "underpin.h compiles alone, by MinGW" "$mingw" -std=c99 -pedantic -Wall -Werror $inc -c -o "$w/h.o" "$w/h.c"

# ---- a PAL of the SDK's, called by Windows' convention ----
cat >"$w/parts_pal.c" <<'END'
#include <underpin/pal.h>
static const long weight[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 };
static long calls = 40;
UNDERPIN_PAL_SHARED long seen;
/* Linux' convention lets it do what it likes to what Windows' has it keep. */
#define SPOIL __asm__ volatile("pcmpeqd %%xmm6, %%xmm6\n movdqa %%xmm6, %%xmm7\n movdqa %%xmm6, %%xmm8\n movdqa %%xmm6, %%xmm9\n" \
	"movdqa %%xmm6, %%xmm10\n movdqa %%xmm6, %%xmm11\n movdqa %%xmm6, %%xmm12\n movdqa %%xmm6, %%xmm13\n" \
	"movdqa %%xmm6, %%xmm14\n movdqa %%xmm6, %%xmm15\n mov $-1, %%rdi\n mov $-1, %%rsi" : : : "rdi", "rsi", \
	"xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15")
long ten(long a, long b, long c, long d, long e, long f, long g, long h, long i, long j)
{
	const long n[] = { a, b, c, d, e, f, g, h, i, j };
	long sum = 0;
	for (int k = 0; k < 10; k++) sum += weight[k] * n[k];
	SPOIL;
	seen = ++calls;
	return sum;
}
UNDERPIN_PAL_ENTRY(ten, PAL_INT, PAL_INT, PAL_INT, PAL_INT, PAL_INT, PAL_INT, PAL_INT, PAL_INT, PAL_INT, PAL_INT);
long turn(unsigned char *text, long n) { for (long i = 0; i < n / 2; i++) { unsigned char c = text[i]; text[i] = text[n - 1 - i]; text[n - 1 - i] = c; } return -1; }
UNDERPIN_PAL_ENTRY(turn, PAL_INOUT_N(2, 64), PAL_INT);
long none(void) { return 77; }
UNDERPIN_PAL_ENTRY(none);
END
cat >"$w/parts.c" <<'END'
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <underpin.h>
#include <windows.h>
/* As wide as the PAL has them: long is 4 bytes here. */
long long ten(long long, long long, long long, long long, long long, long long, long long, long long, long long, long long);
long long turn(unsigned char *text, long long n), none(void);
extern long long seen;
/* What Windows' convention keeps, before and after a call. */
struct kept { unsigned long long v[10][2], rdi, rsi; };
void kept_across(struct kept *before, struct kept *after);
__asm__(".globl kept_across\nkept_across:\n push %rbx\n push %rdi\n push %rsi\n push %r12\n sub $248, %rsp\n mov %rdx, %r12\n mov %rcx, %rbx\n"
	".irp n, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n movups %xmm\\n, (88 + 16 * (\\n - 6))(%rsp)\n movups (16 * (\\n - 6))(%rbx), %xmm\\n\n.endr\n"
	"mov 160(%rbx), %rdi\n mov 168(%rbx), %rsi\n call ten\n"
	".irp n, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n movups %xmm\\n, (16 * (\\n - 6))(%r12)\n movups (88 + 16 * (\\n - 6))(%rsp), %xmm\\n\n.endr\n"
	"mov %rdi, 160(%r12)\n mov %rsi, 168(%r12)\n add $248, %rsp\n pop %r12\n pop %rsi\n pop %rdi\n pop %rbx\n ret\n");
/* A call that ends with an errno of Linux': as the core leaves it, at the stub. */
void underpin_call_from_windows(void);
long long failing(void);
__asm__(".globl failing\nfailing: lea 1f(%rip), %rax\n jmp underpin_call_from_windows\n1: mov $125, %eax\n xor %edi, %edi\n jmp underpin_resume_stub\n");
static void use(const char *when)
{
	unsigned char text[] = "desserts";
	struct kept a, b;
	long long sum = ten(1, 2, 3, 4, 5, 6, 7, 8, 9, -10), minus = turn(text, 8);
	printf("%s: %lld %lld %s %lld %lld", when, sum, seen, text, minus, none());
	for (unsigned int i = 0; i < sizeof(a); i++) ((unsigned char *)&a)[i] = (unsigned char)(i * 7 + 1);
	memset(&b, 0, sizeof(b));
	kept_across(&a, &b);
	printf(" kept %d\n", !memcmp(&a, &b, sizeof(a)));
}
int main(int argc, char **argv)
{
	struct underpin_pal_info info;
	unsigned int first;
	int pal;
	(void)argv;
	use("before");
	for (int round = 1; round <= 2; round++) {
		pal = underpin_pal_start(&underpin_pal);
		if (pal < 0) { printf("%s\n", underpin_last_error()); return 1; }
		if (underpin_pal_get_info(pal, &info)) { printf("info: %s\n", underpin_last_error()); return 1; }
		first = info.id;
		printf("registered, id %d\n", first == 6u + round);
		use("registered");
		if (underpin_pal_start(&underpin_pal) >= 0 || errno != EBUSY) printf("registered twice\n");
		if (underpin_pal_stop(pal)) printf("stop: %s\n", underpin_last_error());
	}
	errno = 0;
	{ long long f = failing(); printf("failed: %lld %d\n", f, errno == ECANCELED); }
	printf("pages: %d %d\n", (int)((uintptr_t)underpin_pal.ranges[0].start % 4096), argc);
	return 0;
}
END
printf 'PROGRAM = parts\nSRCS = parts.c\nPAL_SRCS = parts_pal.c\nPAL_WINDOWS = 1\nO = o\ninclude %s/sdk/pal.mk\n' "$USER_DIR" >"$w/Makefile"
if make -s -C "$w" >"$w/log" 2>&1; then ok "PAL_WINDOWS = 1 builds a program for Windows"; else not_ok "PAL_WINDOWS = 1 builds a program for Windows"; diag "$(cat "$w/log")"; fi
check_equal "before it is registered the PAL is ordinary code, called by Windows' convention" "before: 185 41 stressed -1 77 kept 1" \
	"$(exe "$w/o/parts.exe" | head -n 1)"
check_equal "without the device: said what to do" 1 "$(exe "$w/o/parts.exe" | grep -c 'module is not loaded')"
fake "$w/o/parts.exe" >"$w/out"
check_equal "with it: ten parameters, buffers, shared variables; RDI, RSI, XMM6 to 15 are kept; twice, with the contents as linked; errno is Windows' own" \
	"before: 185 41 stressed -1 77 kept 1|registered, id 1|registered: 185 43 stressed -1 77 kept 1|registered, id 1|registered: 185 43 stressed -1 77 kept 1|failed: -1 1|pages: 0 1|" \
	"$(tr '\n' '|' <"$w/out")"
check_equal "the kernel saw Windows' process register, as RULES 16 wants it" 2 "$(grep -c '^fake: PAL.*parts, 6 sections, 3 entry points, 64-bit' "$w/err")"
FAKE_REGISTER=12 fake "$w/o/parts.exe" >"$w/out"
check_equal "a registration that fails: said why" 1 "$(grep -c 'no memory for PAL' "$w/out")"
FAKE_REGISTER=110 fake "$w/o/parts.exe" >"$w/out"
check_equal "one with a number that Windows has not" 1 "$(grep -c 'did not answer the core' "$w/out")"
# The same PAL as in Linux: NAME.pal, from which the program was made, byte for byte.
printf 'PAL = parts\nPAL_SRCS = parts_pal.c\nO = p\ninclude %s/sdk/pal.mk\n' "$USER_DIR" >"$w/pal.make"
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
make -s -C "$USER_DIR/../selftests/pal" O="$w/tv" TOP="$USER_DIR/.." WINDOWS=1 >"$w/log" 2>&1 || { not_ok "selftests/pal builds for Windows"; diag "$(cat "$w/log")"; finish; exit; }
TV_NO_CORE=1
export TV_NO_CORE
check_equal "tv-test" "TV_HC_TEST(5) = 0" "$(fake "$w/tv/tv-test.exe" 5)"
check_equal "tv-main 20 22" "20 + 22 = 42, outside and inside" "$(fake "$w/tv/tv-main.exe" 20 22 | head -n 1)"
check_equal "the kernel was asked twice" 2 "$(grep -c '^fake: PAL.*4 sections, 1 entry points, 64-bit' "$w/err")"
check_equal "tv-args 7 7 7" "Test pass" "$(fake "$w/tv/tv-args.exe" 7 7 7)"
check_equal "with nine PALs" 9 "$(grep -c '^fake: PAL' "$w/err")"
check_equal "tv-bench: three numbers" 1 "$(fake "$w/tv/tv-bench.exe" 3 | grep -c '^register [0-9]* call [0-9]* unregister [0-9]*$')"
fake "$w/tv/tv-edges.exe" >"$w/out"
check_equal "edges: nothing failed, all were done" "0 1..23" "$(grep -c '^not ok' "$w/out") $(tail -n 1 "$w/out")" || diag "$(grep -A1 '^not ok' "$w/out")"
unset TV_NO_CORE
check_equal "without the core: said" 1 "$(exe "$w/tv/tv-main.exe" 1 2; grep -c 'load Underpin' "$w/err")"
# This processor may do anything at a VMCALL, so UD2 stands in for an instruction that is not TrustVisor's.
printf '#include <trustvisor.h>\n#include <windows.h>\n#include <stdio.h>\n%s' 'static LONG CALLBACK last(EXCEPTION_POINTERS *e) { e->ContextRecord->Rip += 2; return EXCEPTION_CONTINUE_EXECUTION; }
int main(void) { AddVectoredExceptionHandler(0, last); __asm__ volatile("ud2"); printf("went on\n"); return 0; }' >"$w/other.c"
"$mingw" -I"$USER_DIR/compat" -static -o "$w/other.exe" "$w/other.c" "$B/windows/libunderpin-trustvisor.a" "$B/windows/libunderpin.a" -pthread
check_equal "other invalid instructions go to the handlers of others" "went on" "$(exe "$w/other.exe")"
wineserver -k 2>/dev/null || true
finish
