. "$TAP"
w=$TEST_WORK

# build NAME: the PAL in $w/NAME_pal.c, with a program around it; the log in $w/log
build() {
	[ -f "$w/$1.c" ] || printf '#include <underpin.h>\nint main(void) { return underpin_pal.nr_ranges == 0; }\n' >"$w/$1.c"
	printf 'PROGRAM = %s\nSRCS = %s.c\nPAL_SRCS = %s_pal.c\n%s\ninclude %s/sdk/pal.mk\n' "$1" "$1" "$1" "${2-}" "$USER_DIR" >"$w/Makefile"
	make -C "$w" >"$w/log" 2>&1
}
refused() { # NAME FILE PATTERN [MAKEFILE]: building fails, says so, and leaves no program
	if build "$2" "${4-}"; then
		not_ok "$1"; diag "it was built"
	elif ! grep -q -- "$3" "$w/log"; then
		not_ok "$1"; diag "$(cat "$w/log")"
	elif [ -e "$w/$2" ]; then
		not_ok "$1"; diag "the program is there"
	else
		ok "$1"
	fi
}
entry='long f(long n);\nUNDERPIN_PAL_ENTRY(f, PAL_INT);\n'
pal() { { echo '#include <underpin/pal.h>'; printf "%b" "$entry"; cat; } >"$w/$1_pal.c"; }

# ---- refusals ----
pal pointer <<'END'
static const char *const names[] = { "a", "b" };
long f(long n) { return *names[n & 1]; }
END
refused "a table of pointers in a PAL is refused" pointer "only the loader could fill in"
pal functions <<'END'
static long g(long n) { return n + 1; }
static long h(long n) { return n + 2; }
static long (*volatile const table[])(long) = { g, h };
long f(long n) { return table[n & 1](n); }
END
refused "a table of functions in a PAL is refused" functions "only the loader could fill in"
pal libc <<'END'
int puts(const char *);
long f(long n) { return puts("x") + n; }
END
refused "a call of libc in a PAL is refused, by name" libc "puts"
pal tls <<'END'
static _Thread_local long t;
long f(long n) { return t += n; }
END
refused "a thread-local in a PAL is refused" tls "only the loader could fill in\|cannot have"
pal constructor <<'END'
static long v;
__attribute__((constructor)) static void begin(void) { v = 1; }
long f(long n) { return v + n; }
END
refused "a constructor in a PAL is refused" constructor "constructor\|only the loader"
printf '#include <underpin/pal.h>\nlong f(long n) { return n; }\n' >"$w/entryless_pal.c"
refused "a PAL without entry point is refused" entryless "UNDERPIN_PAL_ENTRY"
pal outside <<'END'
extern long in_program;
long f(long n) { return in_program + n; }
END
printf '#include <underpin.h>\nlong in_program;\nint main(void) { return 0; }\n' >"$w/outside.c"
refused "a variable of the program in a PAL is refused" outside "in_program"

# ---- pal-check by itself, on a program that went past pal-link ----
cat >"$w/bad.S" <<'END'
	.section .pal.text, "ax"
	call main
	mov %fs:0x28, %rax
	lea main(%rip), %rax
	.section .note.GNU-stack, "", @progbits
END
echo 'int main(void) { return 0; }' >"$w/main.c"
ldflags="-Wl,-T,$USER_DIR/sdk/pal.ld -Wl,--defsym=__pal_stack_size=4096 -Wl,--defsym=__pal_param_size=4096 -Wl,--defsym=__pal_window_size=0 -Wl,--defsym=__pal_contexts=1"
# shellcheck disable=SC2086
$CC $ldflags -o "$w/bad" "$w/bad.S" "$w/main.c"
check_equal "pal-check finds calls, references and %fs that leave the PAL" 3 \
	"$("$USER_DIR/sdk/pal-check" "$w/bad" 2>&1 | grep -c '	')"
printf '\t.section .pal.data, "aw"\n\t.quad main\n\t.section .note.GNU-stack, "", @progbits\n' >"$w/bad.S"
# shellcheck disable=SC2086
$CC $ldflags -o "$w/bad" "$w/bad.S" "$w/main.c"
check_equal "pal-check finds a dynamic relocation in the PAL" 1 \
	"$("$USER_DIR/sdk/pal-check" "$w/bad" 2>&1 | grep -c R_X86_64_RELATIVE)"

# ---- layout ----
pal all <<'END'
static const long constants[] = { 3, 1, 4, 1, 5, 9, 2, 6 };
static long data = 7, bss[600];
UNDERPIN_PAL_SHARED long shared;
static long g(long n) { return n + 1; }
static long h(long n) { return n + 2; }
long f(long n)
{
	long (*which)(long) = n & 1 ? g : h;
	char text[] = "a string long enough to need memcpy when it is copied to the stack, so it is";

	switch (n) {	/* would be a table of addresses, but for -fno-jump-tables */
	case 1: data += 3; break;
	case 2: data ^= 4; break;
	case 3: data *= 5; break;
	case 4: data |= 6; break;
	case 5: data -= 7; break;
	case 6: data = -data; break;
	}
	shared++;
	bss[n % 600]++;
	return constants[n & 7] + data + bss[n % 600] + which(n) + (long)strlen(text);
}
END
check "a PAL with constants, data, bss, shared, run-time function pointers and a switch is built" build all "PAL_STACK = 20000"
sizes=$(nm "$w/all" | awk '$3 ~ /^__pal_.*_(start|end)$/ { print $3, $1 }' | sort)
size() { # of a section, in pages
	s=$(echo "$sizes" | sed -n "s/^__pal_$1_start //p") e=$(echo "$sizes" | sed -n "s/^__pal_$1_end //p")
	echo $(( (0x$e - 0x$s) / 4096 ))
}
check_equal "its sections have whole pages: text rodata data bss param stack shared" "1 1 1 2 4 5 1" \
	"$(size text) $(size rodata) $(size data) $(size bss) $(size param) $(size stack) $(size shared)"
check_equal "every section begins at a page" "" "$(echo "$sizes" | grep -v '000$')"
check_equal "nothing but entry points and shared variables of a PAL is visible to the program" "f shared" \
	"$(nm "$w/all.pal.o" | awk '$2 ~ /^[A-TV-Z]$/ { print $3 }' | sort | tr '\n' ' ' | sed 's/ $//')"
check_equal "code and data of the program are on no page of the PAL" "" "$(nm "$w/all" | awk '
	BEGIN { n = 0 } $3 ~ /^__pal_.*_start$/ { k = $3; sub("_start", "", k); s[k] = "x" $1 }
	$3 ~ /^__pal_.*_end$/ { k = $3; sub("_end", "", k); e[k] = "x" $1 }
	$3 ~ /^(main|_start|underpin_.*|__data_start|__bss_start|environ)$/ { at[$3] = "x" $1 }
	END { for (k in s) for (m in at) if (at[m] >= s[k] && at[m] < e[k]) print m, k }')"
cp "$w/all" "$w/all.first"; build all "PAL_STACK = 20000"; make -C "$w" clean >/dev/null; build all "PAL_STACK = 20000"
check "the same source gives the same program" cmp "$w/all.first" "$w/all"
check "a static program can have a PAL too" build all "STATIC = 1"

# ---- 32-bit: the same PAL, -m32 ----
cat >"$w/all.c" <<'END'
#include <stdio.h>
#include <underpin.h>
extern long shared; long f(long);
int main(void)
{
	for (long i = 0; i < 8; i++) printf("%ld ", f(i));
	printf("%ld %d\n", shared, underpin_pal.entries->addr == (__u64)(unsigned long)f && underpin_pal.entries_end == underpin_pal.entries + 1);
	return 0;
}
END
same="89 90 99 152 158 155 24 28 8 1"
check "PAL_BITS = 64 is what is built without it" build all "PAL_BITS = 64"
check_equal "what the 64-bit PAL computes, run as ordinary code" "$same" "$("$w/all")"
for static in "" 1; do
	make -C "$w" clean >/dev/null
	check "PAL_BITS = 32${static:+, static}: it is built" build all "PAL_BITS = 32
PAL_STACK = 20000
STATIC = $static"
	check_equal "it computes the same" "$same ELF32" "$("$w/all") $(readelf -h "$w/all" | sed -n 's/ *Class: *//p')"
done
sizes=$(nm "$w/all" | awk '$3 ~ /^__pal_.*_(start|end)$/ { print $3, $1 }' | sort)
check_equal "its sections have whole pages: text rodata data bss param stack shared" "1 1 1 1 4 5 1" \
	"$(size text) $(size rodata) $(size data) $(size bss) $(size param) $(size stack) $(size shared)"
check_equal "nothing but entry points and shared variables is visible, nor the compiler's thunks" "f shared" \
	"$(nm "$w/all.pal.o" | awk '$2 ~ /^[A-TV-Z]$/ { print $3 }' | sort | tr '\n' ' ' | sed 's/ $//')"
make -C "$w" clean >/dev/null
pal divide <<'END'
unsigned long long by = 1000003;
long f(long n) { return (long)((n * 0x123456789abcull) / by + (n * 0x987654321ull) % by); }
END
printf '#include <stdio.h>\nlong f(long);\nint main(void) { printf("%%ld", f(77)); return 0; }\n' >"$w/divide.c"
check "64-bit division in a 32-bit PAL: the compiler's function for it is inside" build divide "PAL_BITS = 32"
check_equal "and divides" "$(((77 * 0x123456789abc) / 1000003 + (77 * 0x987654321) % 1000003))" "$("$w/divide")"
make -C "$w" clean >/dev/null
refused "a table of pointers in a 32-bit PAL is refused" pointer "only the loader could fill in" "PAL_BITS = 32"
refused "a table of functions too" functions "only the loader could fill in" "PAL_BITS = 32"
refused "a call of libc too" libc "puts" "PAL_BITS = 32"
refused "a thread-local too" tls "only the loader could fill in\|cannot have\|uses names" "PAL_BITS = 32"
refused "PAL_BITS = 16 is refused" all16 "say 32 or 64" "PAL_BITS = 16"
cat >"$w/bad.S" <<'END'
	.section .pal.text, "ax"
	call main
	mov %gs:0x14, %eax
	.section .pal.data, "aw"
	.long main
	.section .note.GNU-stack, "", @progbits
END
# shellcheck disable=SC2086
$CC -m32 $ldflags -o "$w/bad" "$w/bad.S" "$w/main.c"
check_equal "pal-check finds a dynamic relocation in a 32-bit PAL" 1 "$("$USER_DIR/sdk/pal-check" "$w/bad" 2>&1 | grep -c R_386_RELATIVE)"
sed -i '/\.long main/d' "$w/bad.S"
# shellcheck disable=SC2086
$CC -m32 $ldflags -o "$w/bad" "$w/bad.S" "$w/main.c"
check_equal "and a call and %gs that leave it" 2 "$("$USER_DIR/sdk/pal-check" "$w/bad" 2>&1 | grep -c '	')"
check_equal "the first PAL is at most 20 lines of C, comments and empty lines apart" 1 \
	"$(( $(cat "$USER_DIR"/examples/hello/*.c | grep -cv '^ *$\|^//\|^/\*') <= 20 ))"

# ---- crypto: BearSSL inside, against openssl outside; run as ordinary code ----
cat >"$w/crypto_pal.c" <<'END'
#include <underpin/pal.h>
#include <underpin/pal_crypto.h>
static pal_hmac h;
static pal_sha256 s;
long begin(const char *key, long n) { pal_hmac_begin(&h, key, n); pal_sha256_begin(&s); return 0; }
UNDERPIN_PAL_ENTRY(begin, PAL_IN_N(2, 256), PAL_INT);
long add(const char *data, long n) { pal_hmac_add(&h, data, n); pal_sha256_add(&s, data, n); return 0; }
UNDERPIN_PAL_ENTRY(add, PAL_IN_N(2, 4096), PAL_INT);
long end(unsigned char *mac, unsigned char *hash) { pal_hmac_end(&h, mac); pal_sha256_end(&s, hash); return 0; }
UNDERPIN_PAL_ENTRY(end, PAL_OUT(32), PAL_OUT(32));
END
cat >"$w/crypto.c" <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <underpin.h>
long begin(const char *, long), add(const char *, long), end(unsigned char *, unsigned char *);
int main(int argc, char **argv)
{
	unsigned char mac[32], hash[32];
	char data[4096];
	size_t n, chunk = strtoul(argv[2], 0, 0);
	begin(argv[1], strlen(argv[1]));
	while ((n = fread(data, 1, chunk, stdin)) > 0)
		add(data, n);
	end(mac, hash);
	for (n = 0; n < 32; n++) printf("%02x", mac[n]);
	putchar(' ');
	for (n = 0; n < 32; n++) printf("%02x", hash[n]);
	putchar('\n');
	return argc < 0;
}
END
if check "a PAL with BearSSL's SHA-256 and HMAC is built" build crypto && command -v openssl >/dev/null; then
	long_key=$(printf 'k%.0s' $(seq 200))
	for n in 0 1 55 56 63 64 65 4095 4096 4097 100000; do
		head -c "$n" /dev/urandom >"$w/data"
		for key in secret "$long_key"; do
			want="$(openssl dgst -sha256 -hmac "$key" -r "$w/data" | cut -d' ' -f1) $(sha256sum <"$w/data" | cut -d' ' -f1)"
			[ "$("$w/crypto" "$key" 61 <"$w/data")" = "$want" ] && [ "$("$w/crypto" "$key" 4096 <"$w/data")" = "$want" ] ||
				echo "$n bytes, key of ${#key}" >>"$w/wrong"
		done
	done
	check_equal "HMAC-SHA-256 and SHA-256 agree with openssl for 11 lengths, short and long keys, two chunk sizes" "" "$(cat "$w/wrong" 2>/dev/null)"
else
	skip "no openssl" "HMAC-SHA-256 and SHA-256 agree with openssl"
fi

# ---- installed ----
check "make install works" make -s -C "$USER_DIR" install DESTDIR="$w/root" PREFIX=/opt/underpin
cp -r "$w/root/opt/underpin/share/doc/underpin/examples" "$w/ex"
sed -i "s|^include /opt|include $w/root/opt|" "$w"/ex/*/Makefile
for e in hello hmac counter; do
	check "example $e builds from the installed SDK alone" make -s -C "$w/ex/$e"
done
check "and a 32-bit one" make -s -C "$w/ex/counter" PAL_BITS=32 O="$w/ex32"
check_equal "which is 32-bit" ELF32 "$(readelf -h "$w/ex32/counter" | sed -n 's/ *Class: *//p')"
finish
