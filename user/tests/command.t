. "$TAP"
w=$TEST_WORK
u=$B/underpin/underpin
$CC -std=gnu11 -I"$USER_DIR/../include/uapi" -I"$USER_DIR/sdk/include" -shared -fPIC -o "$w/fake.so" fake_device.c -ldl || exit 1
fake() { LD_PRELOAD="$w/fake.so" "$u" "$@"; }
status_of() { "$@" >"$w/out" 2>"$w/err"; echo $?; }

# ---- with a device that answers ----
for c in status stats "pal list"; do
	# shellcheck disable=SC2086
	check "$c --json is valid JSON" sh -c "LD_PRELOAD='$w/fake.so' '$u' $c --json | jq -e . >/dev/null"
	# shellcheck disable=SC2086
	check_equal "$c succeeds, and is silent on standard error" "0 0" "$(status_of fake $c) $(wc -c <"$w/err")"
done
check_equal "status: version, CPUs, longest stay" "1.2.3 2 18" \
	"$(fake status --json | jq -r '"\(.version) \(.cpus_under_core) \(.longest_root_reason)"')"
check_equal "status: the kind of root secret" file "$(fake status --json | jq -r .root_secret)"
check_equal "status: whether the TPM has certified the quote key" "false true 1 1" \
	"$(fake status --json | jq -r .quote_key_certified) $(FAKE_CERTIFICATE=1 fake status --json | jq -r .quote_key_certified) $(fake status | grep -c 'self-asserted') $(FAKE_CERTIFICATE=1 fake status | grep -c 'certified by the TPM')"
check "status says what is not covered" sh -c "LD_PRELOAD='$w/fake.so' '$u' status | grep -q DMA"
check_equal "status fails if a CPU is not under the core" 1 "$(FAKE_UNDER_CORE=1 status_of fake status)"
check_equal "stats: count, min, mean, max, beyond 32 bits" "4 50 100 150; 8589934592 1000 1024 2000" \
	"$(fake stats --cpu 1 --json | jq -r '.cpus[0].exits | map("\(.count) \(.min) \(.mean) \(.max)") | join("; ")')"
check_equal "stats: every CPU, or the one asked for" "2 1" \
	"$(fake stats --json | jq '.cpus | length') $(fake stats --cpu 1 --json | jq '.cpus | length')"
check_equal "stats: a CPU that is not there" 1 "$(status_of fake stats --cpu 2)"
check_equal "stats: not a number" 2 "$(status_of fake stats --cpu x)"
reasons() { FAKE_ALL_REASONS=1 fake stats --cpu 0 --json | jq -r ".cpus[0].exits[] | $1"; }
check_equal "stats: every reason of the SDM's table has a name" "35 38 42 71" \
	"$(reasons 'select(.name == "unknown reason") | .reason' | tr '\n' ' ' | sed 's/ $//')"
check_equal "stats: each has its own" "" "$(reasons .name | grep -v unknown | sort | uniq -d)"
check_equal "stats: the last two are the core's" "TDCALL,exit from L2,exit from a PAL" \
	"$(reasons 'select(.reason >= 77) | .name' | tr '\n' ',' | sed 's/,$//')"
check_equal "log: records and a gap" "record 5|record 6|lost|record 9|" \
	"$(fake log | sed 's/.*info: //; s/^(2 records were lost.*/lost/' | tr '\n' '|')"
timeout 1 env LD_PRELOAD="$w/fake.so" "$u" log -f >"$w/out"
check_equal "log -f goes on, and repeats nothing" "124 4" "$? $(wc -l <"$w/out")"
check_equal "pal list: odd names do not break JSON" '1 odd "name" ??' "$(fake pal list --json | jq -r '.[0] | "\(.id) \(.name)"')"
check_equal "pal list: one line each" 3 "$(fake pal list | wc -l)"
check_equal "version tells the core's" "core 1.2.3" "$(fake version | tail -n 1)"

# ---- structures that grow: the module is older than the command, or newer ----
for c in status stats log "pal list"; do
	# shellcheck disable=SC2086
	check_equal "$c says the size of its structure, and the same with a newer module" \
		"fake: size $(FAKE_SIZES=1 FAKE_NEWER=0 fake $c 2>&1 >/dev/null | sed -n '1s/.*of //p') $(fake $c | cksum)" \
		"$(FAKE_SIZES=1 FAKE_NEWER=64 fake $c 2>&1 >/dev/null | sed -n '1s/ of .*//p') $(FAKE_NEWER=64 fake $c | cksum)"
	# shellcheck disable=SC2086
	check_equal "$c with an older module succeeds" "0 0" "$(FAKE_OLDER=8 status_of fake $c) $(wc -l <"$w/err")"
done
check_equal "what an older module does not know is zero" "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a00000000" \
	"$(FAKE_OLDER=8 fake status --json | jq -r .build_id)"

# ---- errors: once, what to do, the right status ----
if [ -e /dev/underpin ]; then
	skip "/dev/underpin exists" "without the module"
else
	for c in status stats log "pal list"; do
		# shellcheck disable=SC2086
		s=$(status_of "$u" $c)
		check_equal "$c without the module: status 1, one line that says modprobe" "1 1 1" \
			"$s $(wc -l <"$w/err") $(grep -c 'modprobe underpin' "$w/err")"
	done
	check_equal "version without the module" "0 core: not loaded" "$(status_of "$u" version) $(tail -n 1 "$w/out")"
fi
check_equal "no command: status 2, with the list" "2 1" "$(status_of "$u") $(grep -c '^usage' "$w/err")"
check_equal "a wrong command: status 2, one line" "2 1" "$(status_of "$u" stauts) $(wc -l <"$w/err")"
for c in check status stats log "pal list" decode; do
	# shellcheck disable=SC2086
	check_equal "$c --nonsense: status 2, one line that names it" "2 1 1" \
		"$(status_of "$u" $c --nonsense) $(wc -l <"$w/err") $(grep -c -- --nonsense "$w/err")"
	# shellcheck disable=SC2086
	check_equal "$c --help: status 0" "0 1" "$(status_of "$u" $c --help) $(grep -c '^usage' "$w/out")"
done
check_equal "a full disk is noticed" 1 "$("$u" help >/dev/full 2>/dev/null; echo $?)"

# ---- manual pages and completion know every command ----
commands=$("$u" help | sed -n 's/^  \([a-z]*\) .*/\1/p')
missing=
for c in $commands; do
	grep -q "^\.BR* \"*$c" "$USER_DIR/man/underpin.1" || missing="$missing man:$c"
	grep -q "words='.*\b$c\b" "$USER_DIR/completion/underpin" || missing="$missing completion:$c"
done
check_equal "every command is in the manual page and in the completion" "" "$missing"
check "the completion is bash" bash -n "$USER_DIR/completion/underpin"
complete_for() { # WORD... : what is offered for the last
	bash -c '. "$0"; COMP_WORDS=(underpin "$@"); COMP_CWORD=$#; _underpin 2>/dev/null; echo "${COMPREPLY[*]}"' \
		"$USER_DIR/completion/underpin" "$@"
}
check_equal "completion: commands" "status stats" "$(complete_for st)"
check_equal "completion: options" "--json --cpu --help" "$(complete_for stats "")"
check_equal "completion: pal list" "list" "$(complete_for pal l)"
check_equal "completion: files after --symbols" "command.t" "$(complete_for decode --symbols comm)"
check_equal "completion: CPUs" "$(cd /sys/devices/system/cpu && echo cpu[0-9]* | sed 's/cpu//g')" "$(complete_for stats --cpu "")"
for page in "$USER_DIR"/man/*.[1-9]; do
	if command -v groff >/dev/null; then
		check_equal "$(basename "$page") is clean for groff" "" "$(groff -man -Tutf8 -ww "$page" 2>&1 >/dev/null)"
	else
		skip "no groff" "$(basename "$page") is clean for groff"
	fi
done
functions=$(nm "$B/libunderpin.a" 2>/dev/null | awk '$2 == "T" && $3 ~ /^underpin_/ { print $3 }' | grep -v 'fail\|call_failed\|resume_stub\|forget_ocall\|underpin_ocall$')
missing=
for f in $functions; do
	grep -q "$f" "$USER_DIR/man/libunderpin.3" || missing="$missing $f"
done
check_equal "every function of the library is in its manual page" "" "$missing"
finish
