# shellcheck shell=dash
# limit: 600
# kexec with the core loaded and a PAL registered: the next kernel runs on a bare CPU and finds no secret in memory.
# shellcheck source=selftests/machine/lib/machine.sh
. /test/machine/lib/machine.sh

[ "$(cat /sys/kernel/kexec_loaded 2>/dev/null)" = 0 ] || skip_all "no kexec in this kernel"
# in_range SIZE$ADDRESS,... : all of them.
in_range() {
	for block in $(echo "$1" | tr , ' '); do
		at=$((${block#*$}))
		[ $at -ge $((0x10000000)) ] && [ $((at + ${block%%K*} * 1024)) -le $((0x18000000)) ] || return
	done
	[ -n "$1" ]
}
memmap=
if [ -n "${stay-}" ]; then
	[ "$(nr_cpus)" -eq 1 ] || offline=1
	# 256M-384M: the kernel and its initrd are loaded below, kexec's purgatory to the end of RAM.
	check_equal "the core loads with kexec=stay" ok "$(load kexec=stay pool_range=256M-384M)"
	memmap=$(cat $debugfs/underpin/memmap)
	diag "$memmap"
	check "all of its memory is in pool_range" in_range "${memmap#memmap=}"
fi
need_core
sleep 1000 | up-secret pal >"$tmp/pal" 2>&1 &
until grep -q ready "$tmp/pal"; do sleep 0.1; done
check_equal "a PAL is registered" 1 "$(status_field pals)"
if [ -n "${offline-}" ]; then
	check "CPU 1 goes offline" online 1 0
	dmesg -n 7	# the console tells how it left, or that it stays
fi
root=$tmp/root
mkdir -p "$root/bin" "$root/dev" "$root/proc" "$root/sys" "$root/tmp" "$root/test" "$root/run"
cp /bin/busybox "$root/bin/"
mkdir -p "$root/test/machine/bin" "$root/test/machine/modules" "$root/test/machine/tests"
cp -a /test/lib "$root/test/"
cp -a $machine/lib "$root/test/machine/"
cp $machine/next.ko "$root/test/machine/underpin.ko"
cp $machine/bin/up-identity $machine/bin/up-load $machine/bin/underpin "$root/test/machine/bin/"
cp $machine/modules/up_attack.ko "$root/test/machine/modules/"
cp $machine/tests/97-kexec-next.sh "$root/test/machine/tests/"
cat >"$root/init" <<END
#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc; export PATH=/bin; /bin/busybox --install -s /bin
mount -t sysfs sysfs /sys; mount -t devtmpfs dev /dev; mount -t tmpfs tmpfs /tmp
mount -t debugfs debugfs /sys/kernel/debug
exec </dev/null >/dev/ttyS1 2>&1
stty -F /dev/ttyS1 raw -echo 115200
export PATH=/bin
sh /test/machine/tests/97-kexec-next.sh '$(sed -n 's/^complement //p' "$tmp/pal")' $((tap_run + 1)) ${stay-}${crash-}
status=\$?
echo "#-- end ${0##*/} status \$status at \$(cut -d' ' -f1 /proc/uptime)"
printf '\\001end %s\\n' \$status
stty -F /dev/ttyS1 raw -echo
sleep 100
END
chmod +x "$root/init"
# Compressing it would cost more than it saves in the emulator.
(cd "$root" && find . | cpio -o -H newc 2>/dev/null) >/tmp/initrd
rm -rf "$root"
check "an initrd for the next kernel" test -s /tmp/initrd
echo "# $tap_run tests before the kexec"
up-kexec /test/vmlinuz /tmp/initrd "$(sed 's/underpin.interactive//; s/crashkernel=[^ ]*/nr_cpus=1/' /proc/cmdline) $memmap" ${crash-}
not_ok "kexec starts the next kernel"
finish
