// SPDX-License-Identifier: MIT
/*
 * fake_kernel COMMAND...: a /dev/underpin for programs that no LD_PRELOAD reaches: static ones, 32-bit
 * ones, Windows programs under Wine, which make their system calls themselves. A seccomp filter hands Underpin's ioctls
 * to this process, which answers them out of the other's memory; UNDERPIN_DEVICE is /dev/null for it. A registration is
 * checked as RULES 16 wants it, and PALs then run as ordinary code. FAKE_REGISTER=errno: it fails so.
 * The exit status is the command's; 125: the kernel cannot do this.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/underpin.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define CANNOT 125
static uint32_t next_id = 7;

/* Underpin's ioctls, whichever way they are called: 16 is ioctl for x86-64, 54 for i386. */
static struct sock_filter filter[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 0, 2),
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 16, 2, 5),
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 54, 0, 3),
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
	BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xffffff00),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, UNDERPIN_IOC << 8, 1, 0),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
};

static int memory_of(uint32_t pid, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%u/mem", pid);
	return open(path, flags | O_CLOEXEC);
}

/* What smaps says: present, anonymous, private, with the rights of its section. */
static int check_section(uint32_t pid, const struct underpin_section *s)
{
	int wanted_x = s->type == UNDERPIN_SECTION_CODE;
	int wanted_w = s->type != UNDERPIN_SECTION_CODE && s->type != UNDERPIN_SECTION_RODATA;
	unsigned long long start, end, kb, first = 0, last = 0, covered = 0, anonymous = 0, mapped = 0;
	char line[512], rights[8], path[64];
	FILE *smaps;

	snprintf(path, sizeof(path), "/proc/%u/smaps", pid);
	smaps = fopen(path, "r");
	while (smaps && fgets(line, sizeof(line), smaps)) {
		if (sscanf(line, "%llx-%llx %7s", &start, &end, rights) == 3) {
			first = start > s->addr ? start : s->addr;
			last = end < s->addr + s->size ? end : s->addr + s->size;
			if (first >= last)
				continue;
			if (rights[0] != 'r' || (rights[1] == 'w') != wanted_w || (rights[2] == 'x') != wanted_x || rights[3] != 'p') {
				fprintf(stderr, "fake: section of type %u has the rights %s\n", s->type, rights);
				fclose(smaps);
				return -1;
			}
			covered += last - first;
			mapped += end - start;
		} else if (first < last && sscanf(line, "Anonymous: %llu kB", &kb) == 1) {
			anonymous += kb * 1024;
		}
	}
	if (smaps)
		fclose(smaps);
	if (covered == s->size && anonymous >= (mapped < s->size ? mapped : s->size))
		return 0;
	fprintf(stderr, "fake: section of type %u: %llu of %llu bytes are mapped, %llu anonymous\n", s->type, covered,
		(unsigned long long)s->size, anonymous);
	return -1;
}

static int check_registration(uint32_t pid, int mem, const struct underpin_pal_register *r, int arch_32,
			      uint64_t *bytes, uint32_t *contexts)
{
	struct underpin_section s[UNDERPIN_MAX_SECTIONS];
	struct underpin_entry e[UNDERPIN_MAX_ENTRIES];
	uint32_t i, k, seen[8] = { 0 };

	if (getenv("FAKE_REGISTER"))
		return -atoi(getenv("FAKE_REGISTER"));
	if (r->nr_sections > UNDERPIN_MAX_SECTIONS || r->nr_entries > UNDERPIN_MAX_ENTRIES)
		return -E2BIG;
	if (r->size != sizeof(*r) || !r->nr_sections || !r->nr_entries || !r->stub || r->flags != (arch_32 ? UNDERPIN_PAL_32BIT : 0u) ||
	    pread(mem, s, r->nr_sections * sizeof(s[0]), (off_t)r->sections) != (ssize_t)(r->nr_sections * sizeof(s[0])) ||
	    pread(mem, e, r->nr_entries * sizeof(e[0]), (off_t)r->entries) != (ssize_t)(r->nr_entries * sizeof(e[0])))
		return -EINVAL;
	for (i = 0; i < r->nr_sections; i++) {
		if (!s[i].type || s[i].type > UNDERPIN_SECTION_WINDOW || s[i].reserved || !s[i].size || (s[i].size | s[i].addr) % 4096)
			return -EINVAL;
		seen[s[i].type]++;
		if (s[i].type != UNDERPIN_SECTION_WINDOW && check_section(pid, &s[i]))
			return -EINVAL;
	}
	*contexts = seen[UNDERPIN_SECTION_STACK];
	if (!*contexts || *contexts > 4 || seen[UNDERPIN_SECTION_PARAM] > *contexts || seen[UNDERPIN_SECTION_WINDOW] > 1)
		return -EINVAL;
	*bytes = 0;
	for (i = 0; i < r->nr_entries; i++) {
		for (k = 0; k < r->nr_sections && (s[k].type != UNDERPIN_SECTION_CODE || e[i].addr - s[k].addr >= s[k].size); k++)
			;
		if (k == r->nr_sections)
			return -EINVAL;
		for (k = 0; k < e[i].nr_params; k++) {
			if (e[i].param[k].type == UNDERPIN_PARAM_POINTER &&
			    (!e[i].param[k].size || e[i].param[k].size > 65536 || !e[i].param[k].flags))
				return -EINVAL;
			*bytes += e[i].param[k].size;
		}
	}
	return 0;
}

/* The answer: >= 0, or -errno. *fd: what becomes a file descriptor of the caller's. */
static long answer(const struct seccomp_notif *n, int mem, int *fd)
{
	struct underpin_pal_register r;
	struct underpin_status st;
	struct underpin_pal_get_info get;
	char path[64], link[128];
	uint64_t bytes;
	uint32_t contexts;
	off_t at = (off_t)n->data.args[2];
	ssize_t got;
	long ret;

	switch (n->data.args[1] & 0xffffffff) {
	case UNDERPIN_PAL_REGISTER:
		if (pread(mem, &r, sizeof(r), at) != sizeof(r))
			return -EFAULT;
		ret = check_registration(n->pid, mem, &r, n->data.arch == AUDIT_ARCH_I386, &bytes, &contexts);
		if (ret)
			return ret;
		r.id = next_id++;
		memset(r.measurement, 0xab, sizeof(r.measurement));
		snprintf(path, sizeof(path), "underpin-pal-%u", r.id);
		*fd = memfd_create(path, MFD_CLOEXEC);
		fprintf(stderr, "fake: PAL %u: %s, %u sections, %u entry points, %d-bit, %u at once, pointers to %llu bytes\n", r.id, r.name,
			r.nr_sections, r.nr_entries, n->data.arch == AUDIT_ARCH_I386 ? 32 : 64, contexts, (unsigned long long)bytes);
		return pwrite(mem, &r, sizeof(r), at) == sizeof(r) ? 0 : -EFAULT;
	case UNDERPIN_GET_STATUS:
		memset(&st, 0, sizeof(st));
		st.size = sizeof(st);
		st.nr_cpus = st.nr_online = st.nr_under_core = 1;
		return pwrite(mem, &st, sizeof(st), at) == sizeof(st) ? 0 : -EFAULT;
	case UNDERPIN_PAL_GET_INFO:
		snprintf(path, sizeof(path), "/proc/%u/fd/%u", n->pid, (uint32_t)n->data.args[0]);
		got = readlink(path, link, sizeof(link) - 1);
		link[got < 0 ? 0 : got] = '\0';
		memset(&get, 0, sizeof(get));
		get.size = sizeof(get);
		if (sscanf(link, "/memfd:underpin-pal-%u", &get.info.id) != 1)
			return -ENOTTY;
		return pwrite(mem, &get, sizeof(get), at) == sizeof(get) ? 0 : -EFAULT;
	default:
		return -ENOTTY;
	}
}

static void serve(int listener)
{
	struct seccomp_notif n = { 0 };
	struct seccomp_notif_resp resp = { 0 };
	int mem, fd = -1;
	long ret;

	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &n))
		return;
	mem = memory_of(n.pid, O_RDWR);
	ret = mem < 0 ? -EPERM : answer(&n, mem, &fd);
	if (!ret && fd >= 0) {
		struct seccomp_notif_addfd add = { .id = n.id, .srcfd = (uint32_t)fd, .newfd_flags = O_CLOEXEC };

		ret = ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add);
		ret = ret < 0 ? -errno : ret;
	}
	resp.id = n.id;
	resp.error = ret < 0 ? (int)ret : 0;
	resp.val = ret < 0 ? 0 : ret;
	ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &resp);
	if (fd >= 0)
		close(fd);
	if (mem >= 0)
		close(mem);
}

static int cannot(const char *what)
{
	fprintf(stderr, "fake_kernel: %s: %s\n", what, strerror(errno));
	return CANNOT;
}

/* The listener goes through the socket as a file descriptor: the child keeps none. */
static int pass_fd(int socket, int fd)
{
	char byte = 0, space[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec v = { &byte, 1 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof(space) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	if (fd >= 0) {
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
		return sendmsg(socket, &m, 0) == 1 ? 0 : -1;
	}
	if (recvmsg(socket, &m, MSG_CMSG_CLOEXEC) != 1 || !CMSG_FIRSTHDR(&m))
		return -1;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(fd));
	return fd;
}

static int child(int socket, char **argv)
{
	struct sock_fprog program = { sizeof(filter) / sizeof(filter[0]), filter };
	int listener;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return cannot("no_new_privs");
	listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
	if (listener < 0 || pass_fd(socket, listener))
		return cannot("seccomp user notification");
	close(listener);
	setenv("UNDERPIN_DEVICE", "/dev/null", 1);
	execvp(argv[0], argv);
	return cannot(argv[0]);
}

int main(int argc, char **argv)
{
	int sockets[2], listener, status;
	pid_t pid;

	if (argc < 2 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets))
		return CANNOT;
	pid = fork();
	if (!pid)
		_exit(child(sockets[1], argv + 1));
	close(sockets[1]);
	listener = pass_fd(sockets[0], -1);
	while (listener >= 0) {
		struct pollfd p = { .fd = listener, .events = POLLIN };

		/* Its children may outlive it (Wine's server does): it is the command that counts. */
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		if (poll(&p, 1, 20) > 0 && (p.revents & POLLIN))
			serve(listener);
		else if (p.revents & POLLHUP)
			break;
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
