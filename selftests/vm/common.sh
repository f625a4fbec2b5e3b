# shellcheck shell=bash
# What the harness scripts share: words for errors, the cache, root rights, the list of packages.
# Sourced by deps, kernel, emulator, image and run; README.md explains how they fit together.

# The emulator (Bochs with VMX) and what makes bootable images for it.
# shellcheck disable=SC2034  # read by deps
HARNESS_PACKAGES="bochs bochsbios vgabios grub-pc-bin grub-common xorriso mtools busybox-static cpio kmod xz-utils"

# 2 is "the harness is at fault", so that nobody takes it for a failed test.
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 2; }
note() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

# Outside of the tree: `git clean` and a second clone must not cost a download.
cache_dir() {
	printf '%s\n' "${UNDERPIN_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/underpin}"
}

# Runs a command with root's rights, and says plainly when there is no way to get them.
as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null 2>&1; then
		sudo -n "$@" || die "could not run as root: $* (run it yourself with sudo, then try again)"
	else
		die "needs root, and there is no sudo: run this as root, then try again: $*"
	fi
}

# need PROGRAM... : stops when a program is missing, naming what installs it.
need() {
	local p
	for p; do
		PATH=$PATH:/usr/sbin:/sbin command -v "$p" >/dev/null 2>&1 ||
			die "the program '$p' is missing: run selftests/vm/deps"
	done
}

# argument_of OPTION NUMBER-OF-WORDS-LEFT : an option that ends the line lacks its value.
argument_of() { [ "$2" -ge 2 ] || die "$1 wants a value (see --help)"; }

# private_apt DIRECTORY SUITE... : makes apt, when given "${apt_options[@]}", see the packages of those suites
# alone, by sources and lists of its own in DIRECTORY. The suites need not be configured on this system, and
# its configuration stays as it is. The mirror is the system's own.
apt_options=()
private_apt() {
	local dir=$1 codename mirror suite
	shift
	# shellcheck source=/dev/null
	codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
	mkdir -p "$dir/lists/partial" || die "cannot write to $dir"
	# shellcheck disable=SC2016  # apt's own placeholder
	mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Codename: $codename" | head -n 1)
	[ -n "$mirror" ] || die "apt knows no suite '$codename', so there is no mirror to take $* from"
	for suite; do
		echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main"
	done >"$dir/sources.list"
	apt_options=(-o "Dir::Etc::sourcelist=$dir/sources.list" -o Dir::Etc::sourceparts=- \
		-o "Dir::State::lists=$dir/lists" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=)
	apt-get -q "${apt_options[@]}" update >"$dir/apt.log" 2>&1 ||
		{ tail -n 5 "$dir/apt.log" >&2; die "cannot read the package lists of $*"; }
}
