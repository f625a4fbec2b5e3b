# shellcheck shell=dash
# limit: 400
# Trusted services: PCRs, sealed data, quotes, counters; across loads with and without a root secret; a bug while signing.
# shellcheck source=selftests/machine/lib/machine.sh
. /test/machine/lib/machine.sh

unload
check_equal "the module loads" ok "$(load)"
mark
check_equal "status says what kind of root secret it has" ephemeral "$(status_field root_secret)"
run_tap up-services all
check_equal "no PAL is left" 0 "$(status_field pals)"
# Large pages of the main view are split where PALs lie, and merged behind them: those tables come and go.
unsplit() { echo $(($(status_field pool_free) + $(status_field ept_pages))); }
free=$(unsplit)
sealed=0
for again in 1 2 3; do up-services seal "$tmp/blob" && sealed=$((sealed + 1)); done
check_equal "three more PALs seal" 3 $sealed
check_equal "three PALs later the pool has all its pages" "$free" "$(unsplit)"
check_equal "there is no fatal record" false "$(status_field fatal_record)"
longest=$(status_field longest_root_ticks)
check "no stay in root was above 50,000 ticks" test "$longest" -lt 50000 ||
	diag "$longest ticks in $(status_field longest_root_reason_name)"
diag "longest stay in root: $longest ticks; pool: $(status_field pool_free) of $(status_field pool_pages) pages free"

# ---- the command, and a quote of this very core ----
head -c 100 /dev/urandom >"$tmp/secret"
check "underpin seal" underpin seal "$tmp/secret" -o "$tmp/sealed"
check "underpin unseal gives it back" sh -c "underpin unseal '$tmp/sealed' | cmp - '$tmp/secret'"
check "what is sealed does not show it" sh -c "! grep -qF \"\$(head -c 16 '$tmp/secret')\" '$tmp/sealed'" 2>/dev/null
# Without MULX and ADCX, which Bochs 2.7 gets wrong: OpenSSL's P-256 fails there on the bare machine too.
export OPENSSL_ia32cap=:~0x80108
nonce=0123456789abcdef
check "underpin quote" underpin quote --nonce $nonce -o "$tmp/quote" --export "$tmp/files"
verify() { underpin quote verify "$tmp/quote" --nonce "$nonce" --key "$tmp/files/public.pem" --core /test/machine/core.bin "$@" >"$tmp/verdict"; }
check "it is by this core, signed by the exported key, and fresh" verify --allow-debug || diag "$(cat "$tmp/verdict")"
check_equal "nothing of it is refused, and which PAL is not known" "0 1" "$(grep -c '^NO' "$tmp/verdict") $(grep -c 'which PAL' "$tmp/verdict")"
up-services quote "$tmp/quote" 0123456789 >"$tmp/measurement"
nonce=30313233343536373839
check "a PAL's own quote, with its measurement" verify --allow-debug --pal "$(sed -n 's/^measurement //p' "$tmp/measurement")" || diag "$(cat "$tmp/verdict" "$tmp/measurement")"
check "the kernel has nothing to complain about until here" quiet_since_mark

# ---- across loads ----
check "a blob is made" up-services seal "$tmp/blob"
check_equal "in the same life of the core it opens" ok "$(up-services unseal "$tmp/blob")"
check "unload" unload
check_equal "load again" ok "$(load)"
check_equal "an ephemeral root secret is another at each load: ESTALE" ESTALE "$(up-services unseal "$tmp/blob")"
check "unload" unload
umask 077
head -c 32 /dev/urandom >"$tmp/root"
check_equal "load with a file" ok "$(load root_secret="$tmp/root")"
check_equal "status says so" file "$(status_field root_secret)"
check "a blob is made" up-services seal "$tmp/blob"
check "an NV state is written" up-services nv-write "$tmp/nv"
check_equal "and read" ok "$(up-services nv-read "$tmp/nv")"
check "unload" unload
check_equal "load with the file again" ok "$(load root_secret="$tmp/root")"
check_equal "with the same root secret it opens" ok "$(up-services unseal "$tmp/blob")"
check_equal "an NV state is one of another load" "of another load" "$(up-services nv-read "$tmp/nv")"
cp "$tmp/nv" "$tmp/nv.old"
check "a newer one is written" up-services nv-write "$tmp/nv"
check_equal "then the older one is a rollback: EKEYEXPIRED" "EKEYEXPIRED ok" "$(up-services nv-read "$tmp/nv.old") $(up-services nv-read "$tmp/nv")"
check "unload" unload
for wrong in missing short public relative fifo; do
	cp "$tmp/root" "$tmp/$wrong"
	case $wrong in
	missing) rm "$tmp/$wrong"; error=ENOENT; name=$tmp/$wrong ;;
	short) head -c 31 "$tmp/root" >"$tmp/$wrong"; error=EINVAL; name=$tmp/$wrong ;;
	public) chmod 644 "$tmp/$wrong"; error=EPERM; name=$tmp/$wrong ;;
	relative) error=EINVAL; name=relative ;;
	fifo) rm "$tmp/$wrong"; mkfifo "$tmp/$wrong"; error=EPERM; name=$tmp/$wrong ;;	# and does not wait for a writer
	esac
	check "$wrong: quiet until here" quiet_since_mark
	mark
	check_equal "a root secret that is $wrong: $error" $error "$(load root_secret="$name")"
	check "and the module says why" says "root_secret"
done
check "nothing was left behind" quiet_since_mark

# ---- a bug of the core while it signs: on its stack for signatures (core/sign.c) ----
check_equal "load" ok "$(load)"
insert up_attack
check_equal "the next signature meets a bug" 0 "$(attack hc $HC_DEBUG 9)"
check_equal "the call ends with EIO" EIO "$(up-services crash)"
check_equal "it is recorded" true "$(status_field fatal_record)"
underpin decode --json >"$tmp/record" 2>&1
check "it can be decoded" grep -q '"rip"' "$tmp/record" || diag "$(head -n 5 "$tmp/record")"
check "without a word of the key: no registers, no stack" sh -c "! grep -qE '\"(rax|rbx|rcx|rdi|rsi)\": \"0x0*[1-9a-f]' '$tmp/record'"
check_equal "the core still answers" 0 "$(attack hc $HC_NULL)"
rmmod up_attack
check "every CPU can leave" unload
finish
