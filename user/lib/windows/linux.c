// SPDX-License-Identifier: MIT
/*
 * A Windows program under Wine is a process of Linux, so SYSCALL reaches Linux:
 * numbers and registers are those of Linux' x86-64 ABI (its syscall(2)), whatever
 * Windows' own are. docs/callers.md 3 says why it is done so, and where it ends.
 */
#include <stdbool.h>
#include <stdint.h>
#include <windows.h>

#include <sys/mman.h>

#include "linux.h"

/* <sys/ioctl.h> is not included: winsock.h has an _IO of its own. */
int underpin_linux_ioctl(int fd, unsigned long request, void *argument);

#define SYS_CLOSE 3
#define SYS_IOCTL 16
#define SYS_MADVISE 28
#define SYS_GETPID 39
#define SYS_OPENAT 257
#define AT_FDCWD -100ll

static long long linux_call(long long number, long long a, long long b, long long c, long long d)
{
	register long long r10 __asm__("r10") = d;
	long long ret = number;

	__asm__ volatile("syscall" : "+a"(ret) : "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
	return ret;
}

/* Linux' numbers up to 34 are Windows' too; of the others, those that Underpin uses. */
static int windows_errno(int error)
{
	static const struct {
		short from, to;
	} table[] = {
		{ 38, ENOSYS }, { 62, ETIME }, { 75, EOVERFLOW }, { 90, EMSGSIZE }, { 95, EOPNOTSUPP },
		{ 110, ETIMEDOUT }, { 125, ECANCELED }, { 74, EBADMSG },
	};
	unsigned int i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].from == error)
			return table[i].to;
	return error <= 34 ? error : EIO;
}

int underpin_errno_of_linux(int error)
{
	return windows_errno(error);
}

static int answer(long long ret)
{
	if (ret >= 0)
		return (int)ret;
	errno = windows_errno((int)-ret);
	return -1;
}

/*
 * Under Wine ntdll.dll says so. A Wine that has SYSCALLs from Windows code caught and taken for Windows' own
 * numbers (Syscall User Dispatch) answers the harmless getpid with a status of Windows', which is no process id.
 */
static bool reaches_linux(void)
{
	HMODULE ntdll = GetModuleHandleA("ntdll.dll");
	long long pid;

	if (!ntdll || !GetProcAddress(ntdll, "wine_get_version"))
		return false;
	pid = linux_call(SYS_GETPID, 0, 0, 0, 0);
	return pid > 0 && pid <= 1 << 22;
}

int underpin_linux_open(const char *path, int flags)
{
	static int reaches = -1;

	if (reaches < 0)
		reaches = reaches_linux();
	if (!reaches) {
		errno = ENOSYS;
		return -1;
	}
	return answer(linux_call(SYS_OPENAT, AT_FDCWD, (intptr_t)path, flags, 0));
}

int underpin_linux_close(int fd)
{
	return answer(linux_call(SYS_CLOSE, fd, 0, 0, 0));
}

int underpin_linux_ioctl(int fd, unsigned long request, void *argument)
{
	return answer(linux_call(SYS_IOCTL, fd, (long long)request, (intptr_t)argument, 0));
}

int underpin_linux_madvise(void *start, size_t size, int advice)
{
	return answer(linux_call(SYS_MADVISE, (intptr_t)start, (long long)size, advice, 0));
}

int underpin_linux_mprotect(void *start, size_t size, int rights)
{
	static const DWORD words[8] = {
		[PROT_READ] = PAGE_READONLY, [PROT_READ | PROT_WRITE] = PAGE_READWRITE,
		[PROT_READ | PROT_EXEC] = PAGE_EXECUTE_READ,
	};
	DWORD before;

	if (VirtualProtect(start, size, words[rights & 7], &before))
		return 0;
	errno = GetLastError() == ERROR_INVALID_ADDRESS ? ENOMEM : EACCES;
	return -1;
}
