. "$TAP"
# Lending and calls back, as a program sees them; the fake device is the core.
w=$TEST_WORK
inc="-I$USER_DIR/lib/include -I$USER_DIR/../include/uapi"
check "the fake device builds" $CC -std=gnu11 -Wall $inc -I"$USER_DIR/sdk/include" -shared -fPIC -o "$w/fake.so" fake_device.c -ldl
fake() { LD_PRELOAD="$w/fake.so" FAKE_SERVICES=1 "$@" 2>"$w/err"; }

cat >"$w/p_pal.c" <<'END'
#include <underpin/pal.h>
long sum(long offset, long size)
{
	unsigned char *p = pal_lent(offset, size);
	long i, n = 0;

	for (i = 0; p && i < size; i++)
		n += p[i]++;
	return p ? n : -1;
}
UNDERPIN_PAL_ENTRY(sum, PAL_INT, PAL_INT);
long asks(long number, long a, long b)
{
	long i, n = 0;

	for (i = 0; i < 10; i++)
		n = n * 3 + pal_ocall(number, a + i, b);
	return n;
}
UNDERPIN_PAL_ENTRY(asks, PAL_INT, PAL_INT, PAL_INT);
END
cat >"$w/p.c" <<'END'
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <underpin.h>
long sum(long offset, long size);
long asks(long number, long a, long b);
static long handler(void *cookie, unsigned int number, unsigned long a, unsigned long b)
{
	char text[64];

	/* Needs an aligned stack, as printf with a double does. */
	snprintf(text, sizeof(text), "%.1f", (double)a);
	*(long *)cookie += strtol(text, NULL, 10);
	return (long)(number + a + b);
}
int main(int argc, char **argv)
{
	static char page[8192] __attribute__((aligned(4096)));
	size_t first, second;
	long total = 0;
	int pal = underpin_pal_start(&underpin_pal);

	if (pal < 0)
		return puts(underpin_last_error()), 1;
	memset(page, 3, sizeof(page));
	if (!strcmp(argv[1], "lend")) {
		if (underpin_pal_lend(pal, page, 4096, &first) || underpin_pal_lend(pal, page + 4096, 4096, &second))
			return puts(underpin_last_error()), 1;
		printf("%zu %zu %ld %ld", first, second, sum(second, 4096), sum(4096, 4097));
		if (underpin_pal_take_back(pal))
			return puts(underpin_last_error()), 1;
		printf(" %d %d\n", page[0], page[4096]);
	} else if (!strcmp(argv[1], "odd")) {
		if (underpin_pal_lend(pal, page + 1, 4096, &first))
			puts(underpin_last_error());
	} else {
		printf("%ld ", asks(7, 10, 100));
		if (underpin_pal_on_ocall(pal, handler, &total))
			return puts(underpin_last_error()), 1;
		printf("%ld ", asks(7, 10, 100));
		printf("%ld ", total);
		/* The PAL of the next registration is asked by nobody. */
		underpin_pal_stop(pal);
		pal = underpin_pal_start(&underpin_pal);
		printf("%ld\n", asks(65519, 0, 0));
	}
	return 0;
}
END
printf 'PROGRAM = p\nSRCS = p.c\nPAL_SRCS = p_pal.c\nPAL_WINDOW = 8192\ninclude %s/sdk/pal.mk\n' "$USER_DIR" >"$w/Makefile"
check "a PAL with a window builds" make -C "$w"
check_equal "two pages are lent, one behind the other, read, written and taken back" "0 4096 12288 -1 3 4" "$(fake "$w/p" lend)"
check_equal "a buffer that is not aligned: said so, and what to do" \
	1 "$(fake "$w/p" odd | grep -c 'multiples of 4096.*aligned_alloc')"
# Horner's rule in base 3 of 10 answers.
n=0 a=10; while [ $a -lt 20 ]; do n=$((n * 3 + 7 + a + 100)) a=$((a + 1)); done
m=0 i=0; while [ $i -lt 10 ]; do m=$((m * 3 - 38)) i=$((i + 1)); done
case $(fake "$w/p" ask) in
"$m $n 145 $m") ok "what a PAL asks is answered by its function, and by -ENOSYS where it has none" ;;
*) if grep -q Illegal "$w/err"; then skip "VMCALL is not a fault here" "a PAL asks"; else not_ok "a PAL asks"; diag "$(fake "$w/p" ask) wanted $m $n 145 $m"; fi ;;
esac
# ---- the debug channel ----
$CC -std=gnu11 -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -I"$USER_DIR/sdk/include" -I"$USER_DIR/../include/uapi" \
	-o "$w/print_test" print_test.c || exit 1
check "pal_snprintf() prints what libc's does" "$w/print_test" || diag "$("$w/print_test" | tail -n 5)"
mkdir -p "$w/d"
cat >"$w/d/d_pal.c" <<'END'
#include <underpin/pal.h>
long says(long n)
{
	pal_printf("number %ld, %s, %08x\n", n, "a text that is longer than two words", 0xbeefu);
	return n;
}
UNDERPIN_PAL_ENTRY(says, PAL_INT);
END
cat >"$w/d/d.c" <<'END'
#include <stdio.h>
#include <underpin.h>
long says(long n);
int main(void)
{
	if (underpin_pal_start(&underpin_pal) < 0)
		return 1;
	printf("%ld\n", says(-5));
	return 0;
}
END
printf 'PROGRAM = d\nSRCS = d.c\nPAL_SRCS = d_pal.c\ninclude %s/sdk/pal.mk\n' "$USER_DIR" >"$w/d/Makefile"
check "a PAL that prints builds" make -C "$w/d"
if [ "$(fake "$w/d/d")" = -5 ]; then
	check_equal "what it prints is dropped" 0 "$(grep -c 'number' "$w/err")"
	check_equal "or is on standard error, if one wants it" "number -5, a text that is longer than two words, 0000beef" \
		"$(UNDERPIN_PAL_DEBUG=1; export UNDERPIN_PAL_DEBUG; fake "$w/d/d" >/dev/null; grep number "$w/err")"
else
	skip "VMCALL is not a fault here" "what a PAL prints"
fi
for e in "7 E2BIG.*window has no room" "16 EBUSY.*not over" "1 EPERM.*process that registered" "95 EOPNOTSUPP.*huge or of a file" "12 ENOMEM.*ulimit"; do
	check_equal "lending fails with ${e%%.*}: said so" 1 "$(FAKE_LEND=${e%% *} fake "$w/p" lend | grep -c "${e#*.\*}")"
done
check_equal "taking back fails while the call lasts: said so" 1 "$(FAKE_TAKE_BACK=16 fake "$w/p" lend | grep -c "call is not over")"
printf 'PROGRAM = p\nSRCS = p.c\nPAL_SRCS = p_pal.c\nPAL_WINDOW = 0\ninclude %s/sdk/pal.mk\n' "$USER_DIR" >"$w/Makefile"
rm -f "$w"/*.o "$w/p"
check "and one without, too" make -C "$w"
check_equal "then nothing can be lent" 1 "$(fake "$w/p" lend | grep -c "PAL_WINDOW in its makefile")"
finish
