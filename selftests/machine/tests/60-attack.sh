# shellcheck shell=dash
# limit: 300
# The hostile ring 0 reads zeros, changes nothing that the core or a PAL sees, and never finds a secret.
# shellcheck source=selftests/machine/lib/machine.sh
. /test/machine/lib/machine.sh

insert up_attack
# A scan that finds a secret in plain memory, or the next one proves nothing.
mkfifo "$tmp/plain" "$tmp/pal"
secret() { # secret plain|pal: started, its output in $tmp/$1.out; closing fd $2 ends it
	up-secret "$1" <"$tmp/$1" >"$tmp/$1.out" 2>&1 &
}
wait_ready() { until grep -q -E 'ready|up-secret' "$tmp/$1.out"; do sleep 0.1; done; }
complement() { sed -n 's/^complement //p' "$tmp/$1.out"; }
found() { attack scan $(complement "$1") | sed 's/^found \([0-9]*\) .*/\1/'; }

secret plain
exec 8>"$tmp/plain"
wait_ready plain
check "a secret in plain memory is found in all RAM" test "$(found plain)" -ge 1
exec 8>&-

need_core
mark
secret pal
exec 7>"$tmp/pal"
wait_ready pal
check_equal "a PAL makes a secret" 1 "$(grep -c ready "$tmp/pal.out")" || diag "$(cat "$tmp/pal.out")"
check_equal "the secret of a PAL is not found in all RAM" 0 "$(found pal)"

# Frames of the PAL: types 1 (code), 2 (data), 4 (stack).
for type in 1 2 4; do
	pfn=$(sed -n "s/^frame $type //p" "$tmp/pal.out" | head -n 1)
	check_equal "a PAL's frame of type $type belongs to a PAL" 2 "$(attack owner "$pfn")"
	check_equal "a PAL's frame of type $type reads as zeros" zero "$(attack read "$pfn")"
	check_equal "nothing of it comes through /dev/mem (refused, or zeros)" "" "$(dd if=/dev/mem bs=4096 skip="$pfn" count=1 2>/dev/null | tr -d '\000' | od -An -tx1)"
	check_equal "a PAL's frame of type $type can be written without harm" written "$(attack write "$pfn" 0x66)"
	check_equal "what was written is read back" "data 0x6666666666666666" "$(attack read "$pfn")"
	check_equal "locked accesses to it end" "inc -1 cmpxchg16b -1 xchg -1" "$(attack rmw "$pfn")"
done
echo >&7
sleep 0.3
check_equal "the PAL has not seen any of it" intact "$(tail -n 1 "$tmp/pal.out")"

core=$(attack core 0)
check "the core names a frame of its own" test "$core" -gt 0
for index in 0 1 2 40 100 300 500; do
	pfn=$(attack core $index)
	check_equal "core frame $index reads as zeros" "1 zero" "$(attack owner "$pfn") $(attack read "$pfn")"
	attack write "$pfn" 0x77 >/dev/null
	attack rmw "$pfn" >/dev/null
done
check_equal "the core lives on after writes to its frames" 0 "$(attack hc $HC_NULL)"
check "it has counted and logged them" sh -c "underpin log | grep -q 'wrote to hidden memory'"
check "hidden writes are in the status" test "$(status_field hidden_writes)" -ge 3
pfn=$(attack core 41)
up-frame "$pfn" >"$tmp/frame" 2>&1
check_equal "a core frame mapped into a process: zeros, a scratch page, never executable" \
	"read zeros execute-zeros signal 11 write kept execute signal 11" "$(tr '\n' ' ' <"$tmp/frame" | sed 's/ $//')"
check_equal "a hypercall with the stack in a hidden frame is answered" 0 "$(attack stack "$pfn")"

attack buffers "$core" >"$tmp/buffers"
check_equal "no buffer in hidden frames, MMIO, beyond RAM or across a page is taken" "taken 0 changed 0" "$(tail -n 1 "$tmp/buffers")" || diag "$(cat "$tmp/buffers")"
attack leave >"$tmp/leave"
check_equal "HC_LEAVE while nobody leaves is EBUSY; other life-cycle calls are refused" \
	"leave -16 prepare-2 -22 park-self -16 park-256 -16 null 0" "$(tr '\n' ' ' <"$tmp/leave" | sed 's/ $//')"
attack apic "$core" >"$tmp/apic"
check_equal "IA32_APIC_BASE stays where it is" "5" "$(grep -c 'fault 13 stays' "$tmp/apic")" || diag "$(cat "$tmp/apic")"
check_equal "writing its own value is no fault" "same fault -1" "$(tail -n 1 "$tmp/apic")"
check_equal "PAT all uncached and EFER.NXE off reach Linux alone" "pat fault -1 kept nxe kept" "$(attack modes | tr '\n' ' ' | sed 's/ $//')"
attack msrs "$core" >"$tmp/msrs"
check_equal "MSRs by which the CPU would write into the core are #GP" "" "$(grep wrmsr "$tmp/msrs" | grep -v -E 'fault 13')" || diag "$(cat "$tmp/msrs")"
attack vmxe 0 1 >/dev/null
check_equal "CR4.VMXE set by Linux does not give it VMX" 0 "$(attack hc $HC_NULL)"
attack vmxe 0 0 >/dev/null
check_equal "the PAL is still what it was" intact "$(echo >&7; sleep 0.3; tail -n 1 "$tmp/pal.out")"
exec 7>&-
sleep 0.3
for seed in 1 2 3; do
	answer=$(attack fuzz 4000 $seed "$core")
	check "hostile hypercalls, seed $seed: each is answered, refused or a fault" sh -c "echo '$answer' | grep -q 'odd 0' && echo '$answer' | grep -q 'null 0'" || diag "$answer"
done
check_equal "no PAL came to be of it" 0 "$(status_field pals)"
check_equal "there is no fatal record" false "$(status_field fatal_record)"
check "every CPU is still under the core" underpin status
check "the kernel has nothing to complain about" quiet_since_mark
check "unload" unload
finish
