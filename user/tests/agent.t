. "$TAP"
# The SSH agent, with the fake device (its PAL runs as ordinary code) and OpenSSH's own programs.
w=$TEST_WORK
$CC -std=gnu11 -I"$USER_DIR/../include/uapi" -I"$USER_DIR/sdk/include" -shared -fPIC -o "$w/fake.so" fake_device.c -ldl || exit 1
command -v ssh-keygen >/dev/null && command -v ssh-add >/dev/null || skip_all "openssh-client is not installed"
agent() { FAKE_SERVICES=1 LD_PRELOAD="$w/fake.so" "$B/examples/underpin-ssh-agent" -k "$w/key" "$@" 2>"$w/err"; }
status() { "$@" >"$w/out"; echo $?; }
said() { grep -v '^fake:' "$w/err" | grep -c -- "$1"; }

check_equal "no key yet: status 1, and what to do" "1 1" "$(status agent --public) $(said 'is not there; --make makes a key')"
if ! agent --make >"$w/public" && grep -q 'no key was made' "$w/err"; then
	skip_all "VMCALL does not fault here, so nobody can answer for the core"
fi
check_equal "--make prints a line that ssh-keygen understands" "256 (ECDSA)" \
	"$(ssh-keygen -lf "$w/public" | sed 's/^\([0-9]*\) .* \((.*)\)$/\1 \2/')"
check_equal "the key's file is the owner's alone, and sealed" "600 240 UPSEALED" \
	"$(stat -c '%a %s' "$w/key") $(head -c 8 "$w/key")"
check_equal "a second --make does not write over it" "1 1" "$(status agent --make) $(said 'is there already')"
check_equal "--public prints the same" "$(cat "$w/public")" "$(agent --public)"
check_equal "ssh-add -L sees the key" "$(cat "$w/public")" "$(agent ssh-add -L)"
echo "a message" >"$w/message"
check_equal "ssh-keygen -Y sign signs with it" 0 \
	"$(status agent ssh-keygen -Y sign -f "$w/public" -n file "$w/message")" || diag "$(cat "$w/err")"
printf 'me %s\n' "$(cut -d' ' -f1,2 "$w/public")" >"$w/allowed"
verify() { ssh-keygen -Y verify -f "$w/allowed" -I me -n file -s "$w/message.sig" >"$w/out" 2>&1; echo $?; }
check_equal "OpenSSH accepts the signature" 0 "$(verify <"$w/message")"
check_equal "and refuses it for another message" 255 "$(echo "another" | verify)"
wrong=0
for i in 1 2 3 4 5 6 7 8 9 10; do
	head -c "$((i * 97))" /dev/urandom >"$w/message"
	rm -f "$w/message.sig"
	agent ssh-keygen -Y sign -f "$w/public" -n file "$w/message" >/dev/null
	[ "$(verify <"$w/message")" = 0 ] || wrong=$((wrong + 1))
done
check_equal "ten more messages" 0 $wrong
check_equal "the command's status is the agent's" 7 "$(status agent sh -c 'exit 7')"
check_equal "a command that is not there: 127" 127 "$(status agent no-such-command)"
socket=$(agent sh -c 'echo "$SSH_AUTH_SOCK"')
check "nothing is left of the socket" test -n "$socket" -a ! -e "${socket%/*}"
check_equal "the socket is the owner's alone" "600" "$(agent sh -c 'stat -c %a "$SSH_AUTH_SOCK"')"
# Eight at once, each with its own connection.
cat >"$w/many" <<'END'
for i in 1 2 3 4 5 6 7 8; do ssh-add -L >"$1/list$i" & done
wait
cat "$1"/list?
END
check_equal "eight clients at once" 8 "$(agent sh "$w/many" "$w" | grep -c '^ecdsa')"
cat >"$w/nonsense" <<'END'
use Socket;
# A length that is too large, one of none, an unknown request, half a request; each on its own connection.
for my $words ("\xff\xff\xff\xff", "\0\0\0\0", "\0\0\0\1\x63", "\0\0\0\x20\x0d") {
	my $s;
	socket($s, PF_UNIX, SOCK_STREAM, 0) && connect($s, sockaddr_un($ARGV[0])) or exit 1;
	syswrite($s, $words);
	shutdown($s, 1);
	my ($all, $part) = ('', '');
	$all .= $part while sysread($s, $part, 100);
	exit 2 if $all ne ($words =~ /\x63$/ ? "\0\0\0\1\5" : '');
}
END
check_equal "nonsense ends its connection, not the agent" "$(cat "$w/public")" \
	"$(agent sh -c 'perl "$0" "$SSH_AUTH_SOCK" && ssh-add -L' "$w/nonsense")"
# A login by OpenSSH's own server, over a pipe. Installed it would begin to serve, so it is only unpacked; its
# user and folder are there in a name space of its own.
have_sshd() {
	sshd=$(command -v sshd || ls /usr/sbin/sshd 2>/dev/null)
	[ -z "$sshd" ] || return 0
	(cd "$w" && apt-get download openssh-server libwrap0 && for deb in *.deb; do dpkg-deb -x "$deb" root || exit 1; done) >"$w/apt" 2>&1 || return 1
	sshd=$w/root/usr/sbin/sshd
	LD_LIBRARY_PATH=$w/root/usr/lib/x86_64-linux-gnu
	export LD_LIBRARY_PATH
	! ldd "$sshd" | grep -q 'not found'
}
if have_sshd && unshare -m true 2>/dev/null; then
	ssh-keygen -q -t ed25519 -N '' -f "$w/host"
	cat >"$w/sshd_config" <<-END
	HostKey $w/host
	AuthorizedKeysFile $w/authorized
	StrictModes no
	UsePAM no
	PasswordAuthentication no
	KbdInteractiveAuthentication no
	PermitRootLogin yes
	PidFile none
	END
	for f in session auth; do	# programs of their own in newer ones
		[ ! -x "$w/root/usr/lib/openssh/sshd-$f" ] || echo "Sshd$(echo $f | sed 's/^s/S/; s/^a/A/')Path $w/root/usr/lib/openssh/sshd-$f" >>"$w/sshd_config"
	done
	{ cat /etc/passwd; grep -q ^sshd: /etc/passwd || echo "sshd:x:65533:65534::/run/sshd:/usr/sbin/nologin"; } >"$w/passwd"
	cat >"$w/server" <<-END
	mount --bind "$w/passwd" /etc/passwd && mount -t tmpfs none /run && mkdir -m 755 /run/sshd || exit 1
	exec $sshd -i -e -f "$w/sshd_config"
	END
	login() {
		agent ssh -F none -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR \
			-o "ProxyCommand=env -u LD_PRELOAD unshare -m sh $w/server" there "echo logged in"
	}
	cp "$w/public" "$w/authorized"
	check_equal "ssh logs in with the key" "logged in" "$(login)" || diag "$(tail -n 5 "$w/err")"
	ssh-keygen -q -t ecdsa -N '' -f "$w/other" && cp "$w/other.pub" "$w/authorized"
	check_equal "and not where another key is asked for" "" "$(login)"
else
	skip "OpenSSH's server cannot be fetched, or no mount name space made" "ssh logs in with the key"
fi
check_equal "under another root secret: said, with what to do" "1 1" "$(FAKE_STALE=1; export FAKE_STALE; status agent --public) $(said 'root_secret=')"
check_equal "by another build of the PAL" "1 1" "$(FAKE_SELF=b; export FAKE_SELF; status agent --public) $(said 'another build')"
cp "$w/key" "$w/good"
printf '\377' | dd of="$w/key" bs=1 seek=30 conv=notrunc status=none
check_equal "a damaged key" "1 1" "$(status agent --public) $(said 'damaged')"
head -c 100 "$w/good" >"$w/key"
check_equal "a short one" "1 1" "$(status agent --public) $(said 'is not a key of this program')"
check_equal "no such option: status 2" 2 "$(status agent --nonsense)"
$CC -std=gnu11 -g -fsanitize=address,undefined -fno-sanitize-recover=all -o "$w/fuzz" fuzz_ssh_protocol.c \
	"$USER_DIR/examples/underpin-ssh-agent/ssh_protocol.c" || exit 1
check "20,000 requests, right and wrong, under sanitizers" "$w/fuzz" 20000 || diag "$("$w/fuzz" 20000 2>&1 | tail -n 3)"
finish
