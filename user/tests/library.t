. "$TAP"
w=$TEST_WORK
inc="-I$USER_DIR/lib/include -I$USER_DIR/../include/uapi"

check "numbers and layouts agree with the core's headers" \
	$CC -std=gnu11 -Wall -Werror $inc -I"$USER_DIR/sdk/include" -c -o "$w/abi.o" abi.c
check "and are the same for 32-bit processes" \
	$CC -m32 -std=gnu11 -Wall -Werror $inc -I"$USER_DIR/sdk/include" -c -o "$w/abi32.o" abi.c
printf '#include <underpin.h>\nint x;\n' >"$w/h.c"
check "underpin.h compiles alone" $CC -std=c99 -pedantic -Wall -Werror $inc -c -o "$w/h.o" "$w/h.c"
printf '#include <underpin.h>\nint x;\n' >"$w/h.cc"
if command -v g++ >/dev/null; then
	check "underpin.h compiles as C++" g++ -Wall -Werror $inc -c -o "$w/h.o" "$w/h.cc"
else
	skip "no g++" "underpin.h compiles as C++"
fi
check "the fake device builds" $CC -std=gnu11 -Wall $inc -I"$USER_DIR/sdk/include" -shared -fPIC -o "$w/fake.so" fake_device.c -ldl

# ---- the stub ----
stub() { objdump -d --no-show-raw-insn --disassemble=underpin_resume_stub "$1" | sed -n 's/^ *[0-9a-f]*:[ \t]*//p' | tr -s ' ' | grep -v nop; }
for lib in libunderpin.a libunderpin.so.0; do
	check_equal "the stub in $lib is: VMCALL HC_PAL_RESUME, errno and -1, or an answer first" \
		"test %rax,%rax jne mov \$0x55500001,%eax vmcall neg %rax jle test \$0x10000,%eax jne mov %eax,%edi jmp ud2 push %rdi mov %rdx,%rcx mov %rsi,%rdx movzwl %ax,%esi call mov %rax,%rsi pop %rdi mov \$0x55500001,%eax vmcall neg %rax jle jmp " \
		"$(stub "$B/$lib" | sed 's/^\(j[a-z]*\|call\) .*/\1/; s/ *$//' | tr '\n' ' ')"
done
$CC -m32 -c -o "$w/stub32.o" "$USER_DIR/lib/stub.S"
check_equal "the stub of 32-bit processes is the same, its argument on the stack" \
	"test %eax,%eax jne mov \$0x55500001,%eax vmcall neg %eax jle test \$0x10000,%eax jne sub \$0x8,%esp push %eax call add \$0xc,%esp ret ud2 push %esi push %edx push %ecx movzwl %ax,%eax push \$0x0 push \$0x0 push %eax push %ecx call mov %eax,%esi add \$0x10,%esp pop %ecx pop %edx mov \$0x55500001,%eax vmcall pop %esi neg %eax jle jmp " \
	"$(stub "$w/stub32.o" | sed 's/^\(j[a-z]*\|call\) .*/\1/; s/ *$//' | tr '\n' ' ')"
check_equal "a RET stands right before the stub" "$(printf 'ret')" \
	"$(objdump -d --no-show-raw-insn --disassemble=underpin_call_return "$B/libunderpin.so.0" | sed -n 's/^ *[0-9a-f]*:[ \t]*//p' | tr -d ' ')"
at=$(nm "$B/libunderpin.so.0" | sed -n 's/ T underpin_resume_stub$//p')
check_equal "the stub lies in one page" 1 "$(( 0x$at / 4096 == (0x$at + 95) / 4096 ))"
$CC -O2 $inc -o "$w/stub_test" stub_test.c "$B/libunderpin.a"
"$w/stub_test" >"$w/log" 2>&1
case $? in
0) ok "the stub resumes, answers, may be repeated, and turns an error or a refusal into errno and -1" ;;
4) skip "$(tail -n 1 "$w/log")" "the stub resumes, may be repeated" ;;
*) not_ok "the stub resumes, may be repeated, and turns an error or a refusal into errno and -1"; diag "$(cat "$w/log")" ;;
esac
check "the shared library stays loaded (the core knows the stub's address)" \
	sh -c "readelf -d $B/libunderpin.so.0 | grep -q NODELETE"
check_equal "the shared library exports nothing but underpin_*" "" \
	"$(nm -D --defined-only "$B/libunderpin.so.0" | awk '$2 == "T" && $3 !~ /^underpin_/')"

# ---- errors in plain words ----
hello=$B/examples/hello
said() { "$@" 2>&1 >/dev/null; }
fake() { LD_PRELOAD="$w/fake.so" "$@"; }
if [ -e /dev/underpin ]; then
	skip "/dev/underpin exists" "without the module: said what to do"
else
	for e in hello counter "hmac run"; do
		# shellcheck disable=SC2086
		case $(said $B/examples/$e) in
		*"module is not loaded"*"modprobe underpin"*) ok "without the module, ${e%% *} says what to do" ;;
		*) not_ok "without the module, ${e%% *} says what to do" ;;
		esac
	done
	"$hello" >/dev/null 2>&1
	check_equal "and its exit status is 1" 1 $?
fi
expect_text() { # NAME PATTERN COMMAND...
	name=$1 pattern=$2; shift 2
	text=$(said "$@")
	case $text in
	*$pattern*) ok "$name" ;;
	*) not_ok "$name"; diag "said: $text" ;;
	esac
}
expect_text "EACCES: root or the group" "run as root, or join the group 'underpin'" env FAKE_OPEN=13 LD_PRELOAD="$w/fake.so" "$hello"
expect_text "ENXIO: load the module" "modprobe underpin" env FAKE_OPEN=6 LD_PRELOAD="$w/fake.so" "$hello"
expect_text "ENOMEM: the limit" "ulimit -l" env FAKE_REGISTER=12 LD_PRELOAD="$w/fake.so" "$hello"
expect_text "EINVAL: the core's log" "underpin log" env FAKE_REGISTER=22 LD_PRELOAD="$w/fake.so" "$hello"
expect_text "ETIMEDOUT: try again" "did not answer the core" env FAKE_REGISTER=110 LD_PRELOAD="$w/fake.so" "$hello"
expect_text "ENOTTY: two versions" "different versions" env FAKE_REGISTER=25 LD_PRELOAD="$w/fake.so" "$hello"

# ---- registration makes pages as RULES 16 wants them (the fake device looks at smaps) ----
check_equal "hello: registered pages are private, with the right rights, not for children; the call works" \
	"hello from a PAL: 20 + 22 = 42" "$(LD_PRELOAD="$w/fake.so" "$hello" 2>"$w/err")"
check_equal "every section is written, and none is for children" "" \
	"$(grep '^fake: section' "$w/err" | grep -v 'private 1, not for children 1')"
check_equal "entry points are in the order of their addresses" "0 1" \
	"$(sh -c "LD_PRELOAD=$w/fake.so $B/examples/counter 0; :" 2>&1 | sed -n 's/^fake: entry \([0-9]\).*/\1/p' | tr '\n' ' ' | sed 's/ $//')"
check_equal "a PAL is registered with a newer module too" "hello from a PAL: 20 + 22 = 42" \
	"$(FAKE_NEWER=16 LD_PRELOAD="$w/fake.so" "$hello" 2>/dev/null)"
check_equal "and with an older one, which tells less" "hello from a PAL: 20 + 22 = 42" \
	"$(FAKE_OLDER=32 LD_PRELOAD="$w/fake.so" "$hello" 2>/dev/null)"
make -s -C pal_again O="$w" PAL_SDK_MK="$USER_DIR/sdk/pal.mk" >"$w/log" 2>&1 || diag "$(cat "$w/log")"
check "a closed PAL is registered again with the contents that the linker gave it; an open one is refused; children have the pages of the closed one" \
	env LD_PRELOAD="$w/fake.so" "$w/again"
finish
