# shellcheck shell=dash
# The core slides under the running kernel on every CPU, says so, and leaves again.
# shellcheck source=selftests/machine/lib/machine.sh
. /test/machine/lib/machine.sh
all=$(nr_cpus)
everywhere() { for cpu in $(seq "$all"); do echo "$1"; done; }

plan 25
insert up_attack
mark
check_equal "insmod answers 0" ok "$(load)"
check "it says in one line that it runs" says "runs under $all CPUs"
check "underpin status says that every CPU runs under the core" underpin status
check_equal "every CPU of the machine is under the core" "$all" "$(status_field cpus_under_core)"
check_equal "no CPU waits for a SIPI" 0 "$(status_field cpus_wait_for_sipi)"
check_equal "there is no fatal record" false "$(status_field fatal_record)"
check_equal "CPUID names the core on every CPU" "$(everywhere UnderpinCore)" "$(up-identity)"
check_equal "a hypercall is answered at CPL 0" 0 "$(attack hc $HC_NULL)"
check "/dev/underpin is there" test -c /dev/underpin
check_equal "it is not for everybody" 0 "$(stat -c %a /dev/underpin | cut -c3)"
check_equal "a second load is refused" EEXIST "$(load)"
check "underpin stats counts the exits" sh -c 'underpin stats | grep -qi cpuid'
check "underpin log has the core's own words" sh -c "underpin log | grep -q '$all CPUs run under the core'"
check "underpin pal list answers" underpin pal list --json
check_equal "and is empty" 0 "$(underpin pal list --json | grep -c '"id"')"
check "the clock goes on" sh -c 'a=$(cut -d. -f1 /proc/uptime); sleep 2; test "$(cut -d. -f1 /proc/uptime)" -ge $((a + 2))'
check "processes start and end" sh -c 'for i in 1 2 3 4 5 6 7 8; do /bin/busybox true || exit 1; done'
check "rmmod leaves" unload
check_equal "CPUID is as before" "$(everywhere none)" "$(up-identity)"
check_equal "a hypercall is an invalid instruction again" "fault 6" "$(attack hc $HC_NULL)"
check_fails "/dev/underpin is gone" test -e /dev/underpin
check_equal "it can be loaded again" ok "$(load)"
check "underpin status says it once more" underpin status
check "and unloaded again" unload
check "the kernel has nothing to complain about" quiet_since_mark
finish
