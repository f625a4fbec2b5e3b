# shellcheck shell=dash
# limit: 1500
# `underpin vm` boots Debian's kernel in a guest to its first user process, on the bare machine and on the core:
# by the 64-bit, the 32-bit and the PVH entry, and small kernels by Multiboot; a guest's ends are told apart. docs/vm.md, issue 5.
# shellcheck source=selftests/machine/lib/machine.sh
. /test/machine/lib/machine.sh

# Small and quiet: what is printed and waited for is most of a boot in the emulator.
boot_cpus=${UP_VM_CPUS:-1}
words="loglevel=$((5 + boot_cpus)) rdinit=/init nokaslr panic=-1 random.trust_cpu=on no_timer_check lpj=1000000 mitigations=off"

# boot MODE : the guest's console, and "status N" of the program.
boot() {
	/test/underpin-vm run --kernel /test/vmlinuz --initrd /test/guest.cpio --boot "$1" --mem 128M --cpus "$boot_cpus" --timeout 300 --stats \
		--append "$words" </dev/null >"$tmp/guest" 2>&1
	echo "status $?" >>"$tmp/guest"
}
# boots WHERE MODES (UP_VM_MODES: these, everywhere)
boots() {
	for mode in ${UP_VM_MODES:-$2}; do
		boot "$mode"
		check "$1: the guest's kernel speaks on COM1 ($mode)" grep -q 'Linux version' "$tmp/guest"
		[ "$boot_cpus" = 1 ] || check "$1: and brings up $boot_cpus CPUs ($mode)" grep -q "Brought up 1 node, $boot_cpus CPUs" "$tmp/guest"
		check "$1: its first user process runs ($mode)" grep -q 'guest-init: first user process' "$tmp/guest"
		check_equal "$1: it powers off, and that is status 0 ($mode)" "status 0" "$(tail -n 1 "$tmp/guest")"
		diag "$(tail -n 12 "$tmp/guest")"
	done
}

# Kernels of our own by Multiboot 1 and 2 (user/vm/tests/multiboot.c): "yes" to each thing given; 0x20 to port 0xf4 is status 65.
echo module >"$tmp/module"
multiboots() {
	for n in 1 2; do
		/test/underpin-vm run --kernel /test/multiboot$n --initrd "$tmp/module" --append word --mem 32M --timeout 60 </dev/null >"$tmp/guest" 2>&1
		check_equal "$1: a Multiboot $n kernel runs, and ends through the exit port" 65 $?
		check_equal "$1: it has its command line, module, memory map and a BIOS area that it cannot write (Multiboot $n)" 5 "$(grep -c "^multiboot$n: .*: yes" "$tmp/guest")"
		diag "$(cat "$tmp/guest")"
	done
}
# devices WHERE MEMORY KIB CPUS [OPTION...]: a disk, a CD, random numbers and hvc0, by Debian's own drivers in the guest (user/vm/tests/guest_devices);
# with a network to a web server of the machine's; and it has those CPUs and that memory, of which Linux itself takes some.
devices() {
	where=$1 mem=$2 least=$3 cpus=$4
	shift 4
	{ dd if=/dev/zero bs=512 count=7; echo "disk of underpin vm"; } >"$tmp/disk" 2>/dev/null
	truncate -s 1M "$tmp/disk"
	/test/underpin-vm run --kernel /test/vmlinuz --initrd /test/devices.initrd --net user --disk "$tmp/disk" --cdrom /test/cd.iso --mem "$mem" --cpus "$cpus" "$@" --timeout 300 \
		--append "net loglevel=4 nokaslr panic=-1 random.trust_cpu=on no_timer_check lpj=1000000 mitigations=off" </dev/null >"$tmp/guest" 2>&1
	check_equal "$where: a guest with devices powers off" 0 $?
	tr -d '\r' <"$tmp/guest" | grep '^guest: ' >"$tmp/said"
	check "$where: it reads its disk" grep -qx 'guest: disk reads: disk of und' "$tmp/said"
	check "$where: of the size that it has" grep -qx 'guest: disk size: 2048' "$tmp/said"
	check "$where: what it writes it reads back" grep -qx 'guest: disk reads back: written by the guest' "$tmp/said"
	check_equal "$where: and is in the file" "written by the guest" "$(dd if="$tmp/disk" bs=512 skip=9 count=1 2>/dev/null | head -n 1)"
	check_equal "$where: to its end" "written by the guest" "$(dd if="$tmp/disk" bs=512 skip=300 count=1 2>/dev/null | sed -n 2p)"
	check "$where: it mounts the CD" grep -qx 'guest: cd has: a CD of underpin vm' "$tmp/said"
	check "$where: and reads all of it" grep -qx "guest: cd sum: $(seq 300000 | sha256sum | cut -d' ' -f1)" "$tmp/said"
	check "$where: it has its CPUs: $cpus" grep -qx "guest: cpus: $cpus" "$tmp/said"
	check "$where: it has its memory: $mem" test "$(sed -n 's/^guest: memory: //p' "$tmp/said")" -ge "$least"
	check "$where: it has random numbers" grep -qx 'guest: random: 32 virtio_rng.0' "$tmp/said"
	check "$where: each device interrupts by a pin of its own" grep -qx 'guest: interrupts: 5' "$tmp/said"
	check "$where: DHCP gives it an address, a way out and a name server" grep -qx 'guest: dhcp: 10.0.2.15 10.0.2.2 10.0.2.3' "$tmp/said"
	check "$where: 10.0.2.2 answers to a ping" grep -qx 'guest: ping: answered' "$tmp/said"
	check "$where: it fetches a page" grep -qx 'guest: net: a page of the machine' "$tmp/said"
	check "$where: and a larger file" grep -qx "guest: net sum: $(sha256sum <"$tmp/www/large" | cut -d' ' -f1)" "$tmp/said"
	check "$where: what listens on loopback alone it does not reach" grep -qx 'guest: loopback: ' "$tmp/said"
	check "$where: it speaks on hvc0" grep -qx 'guest: hvc0: hello' "$tmp/said"
	diag "$(tail -n 25 "$tmp/guest")"
}
# Two web servers: at an address, and on the loopback interface alone.
mkdir "$tmp/www"
echo "a page of the machine" >"$tmp/www/hello"
seq 100000 >"$tmp/www/large"
ip link set lo up
ip addr add 192.0.2.1/32 dev lo
httpd -p 192.0.2.1:8080 -h "$tmp/www"
httpd -p 127.0.0.1:8081 -h "$tmp/www"
check "the machine itself reaches its loopback interface" sh -c 'printf "GET /hello HTTP/1.0\r\n\r\n" | nc -w 20 127.0.0.1 8081 | grep -q "a page of the machine"'

unload
check "kvm_intel loads on the bare machine" modprobe kvm_intel
multiboots bare
boots bare 64
devices bare 192M 100000 1
/test/underpin-vm run --kernel /test/vmlinuz --initrd /test/guest.cpio --mem 128M --timeout 1 --append "$words" </dev/null >"$tmp/guest" 2>&1
check_equal "a guest that goes on is ended by --timeout, status 13" 13 $?
modprobe -r kvm_intel kvm
mark
check_equal "the core loads with VMX for Linux" ok "$(load nested_mb=16)"
check "kvm_intel loads on it" modprobe kvm_intel
multiboots "on Underpin"
boots "on Underpin" "64 32 pvh"
# Above 4 GiB, its kernel at 1 GiB.
devices "on Underpin" 5G 4900000 2 --load 0x40000000
modprobe -r kvm_intel kvm
check "the core leaves" unload
check "the kernel has nothing to complain about" quiet_since_mark
finish
