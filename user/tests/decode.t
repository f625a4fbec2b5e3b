. "$TAP"
w=$TEST_WORK
u=$B/underpin/underpin

$CC -g -nostdlib -static -Wl,-Ttext=0xffff800000001000 -Wl,--section-start=.header=0xffff800000000000 \
	-Wl,--entry=handle_exit -Wl,--build-id=none -o "$w/core.elf" fake_core.S || exit 1
$CC -Wall -o "$w/make_record" make_record.c || exit 1
at() { nm "$w/core.elf" | sed -n "s/ [Tt] $1\$//p"; }
# look_up's frame (8), its return address, emulate_cpuid's rbx, its return address, 24 bytes, and so on
"$w/make_record" "$(at fault_in_look_up)" 1111 "$(at ret_in_emulate_cpuid)" 2222 "$(at ret_in_handle_exit)" \
	3333 "$(at ret_in_left_over)" 4444 0 "$(at look_up)" >"$w/raw"

check "a raw record is decoded" sh -c "'$u' decode '$w/raw' --symbols '$w/core.elf' >'$w/out'"
contains() { if grep -q -- "$2" "$w/out"; then ok "$1"; else not_ok "$1"; diag "$(cat "$w/out")"; fi; }
contains "it names CPU and exception" "CPU slot 1: #PF page fault in the core, error code 0x2"
contains "it gives the core's words" "exception in VMX root operation"
contains "it gives the address of a page fault" "0000000000001234 (CR2)"
contains "it names the exit" "CPUID (10)"
check_equal "the call trace is unwound by the call frame information" "look_up emulate_cpuid handle_exit" \
	"$(sed -n 's/^  #[0-9]* *[0-9a-f]* \([a-z_]*\)+.*/\1/p' "$w/out" | tr '\n' ' ' | sed 's/ $//')"
contains "with files and lines" "#1 .* emulate_cpuid+0x[0-9a-f]* (.*fake_core.S:[0-9]*)"
line=$(grep -n 'call	look_up' fake_core.S | cut -d: -f1)
contains "the line of a frame is the call's, not the one after it" "fake_core.S:$line)"
contains "other return addresses on the stack are marked" "? .*left_over+"
check_equal "an address that follows no call is not" 0 "$(grep -c '? .*look_up' "$w/out")"

# ---- from consoles ----
console() { sed 's/^\([0-9a-f]*\) /[   12.345678][  T1] underpin: fatal: 0\1: /' | sed 's/: 0*\([0-9a-f]\{8\}\): */: \1: /'; }
{ echo "[   12.0] underpin: BUG: see below"; od -A x -v -w32 -t x8 "$w/raw" | sed '$d' | console; echo "[ 13.0] dead: beef"; } | sed 's/  */ /g' >"$w/console8"
{ od -A x -v -w16 -t x1 "$w/raw" | sed '$d' | console; } | sed 's/  */ /g' >"$w/console1"
od -A x -v -w16 -t x4 "$w/raw" | sed '$d' | console | sed 's/  */ /g; s/$/  |..text column.|/' >"$w/console4"
cp "$w/out" "$w/wanted"
for c in console8 console4 console1; do
	"$u" decode "$w/$c" --symbols "$w/core.elf" >"$w/out" 2>&1
	check "the hex dump of a console is decoded, groups of ${c#console} bytes" cmp "$w/wanted" "$w/out"
done
# xxd's form: groups of two bytes in the order of memory
od -A x -v -w16 -t x1 "$w/raw" | sed '$d' | sed 's/ \(..\) \(..\)/ \1\2/g; s/^\([0-9a-f]*\)/00\1:/' >"$w/xxd"
"$u" decode "$w/xxd" --symbols "$w/core.elf" >"$w/out" 2>&1
check "the output of xxd is decoded" cmp "$w/wanted" "$w/out"
{ head -c 5000 /dev/urandom; printf 'CUNDRPIN'; head -c 40 /dev/urandom; cat "$w/raw"; head -c 3000 /dev/urandom; } >"$w/memory"
"$u" decode - --symbols "$w/core.elf" <"$w/memory" >"$w/out" 2>&1
check "a record is found in a dump of memory, from standard input" cmp "$w/wanted" "$w/out"

# ---- as module/fatal.c prints it ----
{
	echo "[   9.0] underpin: core: VM entry refused by the CPU; slot 0, vector 256, error code 0, not recovered"
	echo "[   9.0] underpin: core: RIP 0 RSP 0 RFLAGS 0 CR2 0 build 5a"
	echo "[  10.0] underpin: core: exception in VMX root operation; slot 1, vector 14, error code 0x2, recovered"
	echo "[  10.0] underpin: core: RIP 0x$(at fault_in_look_up) RSP 0xffff800040011f00 RFLAGS 0 CR2 0x1234 build $(printf '5a%.0s' $(seq 20))"
	echo "[  10.0] underpin: core: exit reason 0xa qualification 0 instruction error 0; guest RIP 0xffffffff81000000 RSP 0 CR3 0 physical 0"
	echo "[  10.0] underpin: core: stack 0000000000001111 $(at ret_in_emulate_cpuid) 0000000000002222 $(at ret_in_handle_exit)"
	echo "[  10.0] underpin: core: stack 0000000000003333 $(at ret_in_left_over) 0000000000004444 0000000000000000"
} >"$w/words"
"$u" decode "$w/words" --symbols "$w/core.elf" 2>&1 | grep -v rbx >"$w/out"
grep -v rbx "$w/wanted" >"$w/wanted.words"
check "the words that the module prints on the console are decoded, the last record of the log" cmp "$w/wanted.words" "$w/out"

# ---- code as core/Makefile compiles it: frame pointers, .debug_frame, inlining ----
cat >"$w/c.c" <<'END'
static inline __attribute__((always_inline)) void view_map(void)
{
	__asm__ volatile(".globl fault_here\nfault_here: mov 0, %%eax" ::: "eax");
}
__attribute__((noinline)) void leaf(void)
{
	view_map();
}
__attribute__((noinline)) void middle(void)
{
	leaf();
	__asm__ volatile("");
}
void outer(void)
{
	middle();
	__asm__ volatile("");
}
END
(cd "$w" && $CC -std=gnu11 -O2 -g -ffreestanding -fpie -mgeneral-regs-only -mno-red-zone -fno-stack-protector -fcf-protection=none \
	-fno-asynchronous-unwind-tables -fno-omit-frame-pointer -mno-omit-leaf-frame-pointer -nostdlib -static -no-pie \
	-Wl,-Ttext=0xffff800000001000 -Wl,--entry=outer -Wl,--build-id=none -o c.elf c.c) || exit 1
after_call() { objdump -d --no-show-raw-insn "$w/c.elf" | awk -v f="<$1>:" '$2 == f { on = 1 } on && c { sub(":", "", $1); print $1; exit } on && /call/ { c = 1 }'; }
fault=$(nm "$w/c.elf" | sed -n 's/ . fault_here$//p')
# rsp = rbp = ...f00: saved rbp, return address; twice
RBP=ffff800040011f00 "$w/make_record" "$fault" ffff800040011f10 "$(after_call middle)" ffff800040011f30 "$(after_call outer)" >"$w/raw_c"
"$u" decode "$w/raw_c" --symbols "$w/c.elf" >"$w/out" 2>&1
check_equal "a core with frame pointers and .debug_frame is unwound" "leaf|fault_here middle outer" \
	"$(sed -n 's/^  #[0-9]* *[0-9a-f]* \([a-z_]*\)+.*/\1/p' "$w/out" | sed 's/^leaf$/leaf|fault_here/; s/^fault_here$/leaf|fault_here/' | tr '\n' ' ' | sed 's/ $//')"
contains "what was inlined is told" "in view_map(), inlined at .*c.c:$(grep -n '	view_map();' "$w/c.c" | cut -d: -f1)"

# ---- other ends ----
check "--json is valid JSON" sh -c "'$u' decode '$w/raw' --symbols '$w/core.elf' --json | jq -e '.trace | length == 3' >/dev/null"
check "without symbols the addresses are given" sh -c "cd '$w' && '$u' decode raw 2>/dev/null | grep -q '#0 *$(at fault_in_look_up)'"
sed 's/ZZZZZZZZ/ZZZZZZZY/' "$w/raw" >"$w/other"
check "symbols of another build are warned of" \
	sh -c "'$u' decode '$w/other' --symbols '$w/core.elf' 2>&1 >/dev/null | grep -q 'another build'"
head -c 64 /dev/zero >"$w/zeros"
objcopy --update-section .header="$w/zeros" "$w/core.elf" "$w/zero.elf"
head -c 64 /dev/urandom >"$w/zero.bin"
check "also where only core.bin beside core.elf has the build id" \
	sh -c "'$u' decode '$w/raw' --symbols '$w/zero.elf' 2>&1 >/dev/null | grep -q 'another build'"
check_equal "for the right build nothing is warned" "" "$("$u" decode "$w/raw" --symbols "$w/core.elf" 2>&1 >/dev/null)"
head -c 100 /dev/urandom >"$w/noise"
check_fails "noise is no record" "$u" decode "$w/noise"
head -c 300 "$w/raw" >"$w/short"
check_fails "half a record is no record" "$u" decode "$w/short"
: >"$w/empty"
check "an empty record is said to be none" sh -c "'$u' decode '$w/empty' 2>&1 | grep -q 'no fatal error'"
check_fails "a file without symbols is refused" "$u" decode "$w/raw" --symbols "$w/noise"
# A record is what a broken machine left: nothing in it may break the command.
i=0; while [ $i -lt 40 ]; do
	{ printf 'CUNDRPIN'; printf '\001\000\000\000\016\000\000\000'; head -c 2000 /dev/urandom; } >"$w/fuzz"
	timeout 20 "$u" decode "$w/fuzz" --symbols "$w/core.elf" >/dev/null 2>&1; s=$?
	[ $s -le 1 ] || { diag "status $s"; break; }
	i=$((i + 1))
done
check_equal "random records do not break it" 40 "$i"
finish
