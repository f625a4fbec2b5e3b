# shellcheck shell=dash
# limit: 900
# A hypervisor of our own sees of VMX on the core what it sees on the bare machine: docs/nested.md, selftests/nested/README.md.
# shellcheck source=selftests/machine/lib/machine.sh
. /test/machine/lib/machine.sh

seen() { cat "$debugfs/up_l1/$1" >"$tmp/$2"; }

# Lines "name: seen | sdm": as on the bare machine, or, where that one does not what the SDM says, as the SDM says ("*": begins so).
compare() {
	awk -v core="$tmp/core" '
	function split_line(l) { at = index(l, ": "); name = substr(l, 1, at - 1); saw = substr(l, at + 2); sdm = ""
		if ((at = index(saw, " | "))) { sdm = substr(saw, at + 3); saw = substr(saw, 1, at - 1) } }
	function meets(saw, sdm) { return sdm ~ /\*$/ ? index(saw, substr(sdm, 1, length(sdm) - 1)) == 1 : saw == sdm }
	{ split_line($0); bare = saw
	  if ((getline other < core) <= 0) { print "missing|" name; next }
	  wanted = name; split_line(other)
	  if (name != wanted) print "order|" wanted
	  else if (saw == bare && (sdm == "" || meets(saw, sdm))) print "same|" name
	  else if (sdm != "" && !meets(bare, sdm)) print (meets(saw, sdm) ? "better|" : saw == bare ? "emulator|" : "neither|") name "|" bare "|" saw "|" sdm
	  else print "differs|" name "|" bare "|" saw "|" sdm }
	END { if ((getline other < core) > 0) print "more|" other }' "$tmp/bare"
}

unload
insert up_l1
mark
check "the bare machine runs our hypervisor" seen same bare
check_equal "the core loads with VMX for Linux" ok "$(load nested_mb=8)"
check "the core runs it" seen same core
compare >"$tmp/compared"
while IFS='|' read -r how name bare core sdm; do
	case $how in
	same) ok "$name" ;;
	better) ok "$name: as the SDM says, which the emulator does not" ;;
	emulator) ok "$name: as the emulator, which differs from the SDM" ;;
	*) not_ok "$name ($how)" ;;
	esac
	[ "$how" = same ] || diag "bare: $bare; on the core: $core; SDM: $sdm"
done <"$tmp/compared"
check "as many lines as ever" [ "$(wc -l <"$tmp/bare")" -gt 400 ]
seen hostile hostile
while IFS= read -r line; do
	name=${line%%: *} saw=${line#*: }
	case $saw in
	*' | '*) check_equal "hostile: $name" "${saw##* | }" "${saw%% | *}" ;;
	*) ok "hostile: $name: $saw" ;;
	esac
done <"$tmp/hostile"
check_fails "the CPU refused no VMCS02" sh -c 'underpin log | grep refused'
check "the core leaves" unload
rmmod up_l1
check "the kernel has nothing to complain about" quiet_since_mark
finish
