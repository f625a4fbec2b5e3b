# shellcheck shell=dash
# limit: 700
# `underpin vm --gdb`: a debugger stops, steps, watches and interrupts a guest of KVM, on the bare machine and on the core;
# and the page walk that it and a dump use is KVM's own (user/vm/tests/translate.c). docs/vm.md, issue 5.
# shellcheck source=selftests/machine/lib/machine.sh
. /test/machine/lib/machine.sh

# spin() of user/vm/tests/multiboot.c is at 0x100800 and counts at 0x100900 until 0x100904 is written.
echo module >"$tmp/module"
debugged() {
	rm -f "$tmp/gdb"
	/test/underpin-vm run --kernel /test/multiboot1 --initrd "$tmp/module" --append "word wait" --mem 32M --timeout 60 --stats \
		--gdb "$tmp/gdb" </dev/null >"$tmp/guest" 2>&1 &
	/test/gdb-client "$tmp/gdb" '?' p10 Z0,100800,1 c m100800,2 z0,100800,1 s p10 m100900,4 Z2,100900,4 c m100900,4 z2,100900,4 \
		Z1,10080d,1 c p10 z1,10080d,1 '!c' '^C' M100904,4:01000000 D >"$tmp/heard" 2>&1
	cat >"$tmp/expected" <<-'END'
		T05thread:1;
		0010100000000000
		OK
		T05swbreak:;thread:1;
		ff05
		OK
		T05thread:1;
		0608100000000000
		01000000
		OK
		T05watch:100900;thread:1;
		02000000
		OK
		OK
		T05hwbreak:;thread:1;
		0d08100000000000
		OK
		T02thread:1;
		OK
		OK
	END
	check "$1: a debugger stops, steps, watches and interrupts a guest, and reads and writes its memory" cmp -s "$tmp/heard" "$tmp/expected"
	diag "$(diff "$tmp/expected" "$tmp/heard")"
	wait $!
	check_equal "$1: once it has let go, the guest goes on to its end" 65 $?
	diag "$(cat "$tmp/guest")"
}
# Where a function of the guest's kernel is. It is the kernel of this machine, without KASLR.
function_at() {
	text=$(sed -n 's/ T _text$//p' /proc/kallsyms) at=$(sed -n "s/ [tT] $1\$//p" /proc/kallsyms)
	printf '%016x' "$((0x$at - 0x$text + 0xffffffff81000000))"
}
little_endian() { echo "$1" | sed 's/\(..\)\(..\)\(..\)\(..\)\(..\)\(..\)\(..\)\(..\)/\8\7\6\5\4\3\2\1/'; }
# Debian's kernel, from its first instruction over long mode and paging to its first user process.
linux_debugged() {
	start=$(function_at start_kernel) init=$(function_at kernel_init) freeable=$(function_at kernel_init_freeable)
	rm -f "$tmp/gdb"
	/test/underpin-vm run --kernel /test/vmlinuz --initrd /test/guest.cpio --mem 128M --timeout 300 --gdb "$tmp/gdb" \
		--append "loglevel=6 rdinit=/init nokaslr panic=-1 random.trust_cpu=on no_timer_check lpj=1000000 mitigations=off" </dev/null >"$tmp/guest" 2>&1 &
	/test/gdb-client "$tmp/gdb" "Z1,$start,1" c p10 "z1,$start,1" "Z1,$init,1" c p10 "z1,$init,1" "Z0,$freeable,1" c p10 "z0,$freeable,1" s D >"$tmp/heard" 2>&1
	printf '%s\n' OK 'T05hwbreak:;thread:1;' "$(little_endian "$start")" OK OK 'T05hwbreak:;thread:1;' "$(little_endian "$init")" OK OK 'T05swbreak:;thread:1;' \
		"$(little_endian "$freeable")" OK 'T05thread:1;' OK >"$tmp/expected"
	check "$1: a debugger stops Linux at start_kernel, kernel_init and kernel_init_freeable, and steps" cmp -s "$tmp/heard" "$tmp/expected"
	diag "$(diff "$tmp/expected" "$tmp/heard")"
	wait $!
	check_equal "$1: Linux goes on to its power-off" 0 $?
	check "$1: by its first user process" grep -q 'guest-init: first user process' "$tmp/guest"
	diag "$(tail -n 3 "$tmp/guest")"
}
# walked WHERE : the program's own lines tell each kind of page tables.
walked() {
	/test/translate 20 >"$tmp/walked" 2>&1
	check_equal "$1: the page walk of dumps and of gdb says what KVM_TRANSLATE says" 0 $?
	diag "$(cat "$tmp/walked")"
}

unload
check "kvm_intel loads on the bare machine" modprobe kvm_intel
walked bare
debugged bare
debugged "bare, again"
modprobe -r kvm_intel kvm
mark
check_equal "the core loads with VMX for Linux" ok "$(load nested_mb=16)"
check "kvm_intel loads on it" modprobe kvm_intel
walked "on Underpin"
debugged "on Underpin"
debugged "on Underpin, again"
linux_debugged "on Underpin"
modprobe -r kvm_intel kvm
check "the core leaves" unload
check "the kernel has nothing to complain about" quiet_since_mark
finish
