// SPDX-License-Identifier: MIT
/*
 * underpin-totp: one-time passwords whose keys are sealed to a PAL. README.md says how to use
 * it and what it protects. One file for each account: the sealed key, of use to this program's PAL
 * under the same core only.
 */
#include "otpauth.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <underpin.h>
#include <unistd.h>

#define SUFFIX ".totp"

static char directory[PATH_MAX - 300];

static int fail(const char *what, const char *why)
{
	fprintf(stderr, "underpin-totp: %s: %s\n", what, why);
	return 1;
}

static const char *why_not(int error)
{
	switch (error) {
	case ESTALE:
		return "it was sealed under another root secret: load the core with the same root_secret= as then (without one keys end with the core)";
	case EACCES:
		return "it was sealed by another build of this program: use that one, or add the account anew";
	case EBADMSG:
	case EINVAL:
		return "it is damaged, or not an account of this program";
	default:
		return underpin_call_error(error);
	}
}

/* An account's name is a file's: nothing that leads elsewhere. */
static int path_of(const char *name, char path[PATH_MAX])
{
	size_t size = strlen(name);

	if (!size || size > 200 || name[0] == '.' ||
	    strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._@+:-") != size)
		return fail(name, "is no name for an account (at most 200 of A-Z a-z 0-9 . _ @ + : -, and no . in front)");
	snprintf(path, PATH_MAX, "%s/%s" SUFFIX, directory, name);
	return 0;
}

static int start(void)
{
	int pal = underpin_pal_start(&underpin_pal);

	return pal < 0 ? fail("no PAL", underpin_last_error()) : 0;
}

/* One line, not shown where it is typed. */
static int read_secret(char *text, size_t size)
{
	struct termios shown, hidden;
	int terminal = !tcgetattr(STDIN_FILENO, &shown);
	size_t have = 0;
	ssize_t got;

	if (terminal) {
		hidden = shown;
		hidden.c_lflag &= ~(tcflag_t)ECHO;
		fputs("Secret (base32) or otpauth:// URI: ", stderr);
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
	}
	while (have < size - 1 && (got = read(STDIN_FILENO, text + have, size - 1 - have)) > 0) {
		have += (size_t)got;
		if (terminal && memchr(text, '\n', have))
			break;
	}
	if (terminal) {
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
		fputc('\n', stderr);
	}
	text[have] = '\0';
	if (have == size - 1)
		return fail("secret", "is too long");
	if (strlen(text) != have)
		return fail("secret", "has a byte 0 in it");
	return 0;
}

static int write_blob(const char *path, const char *name, const unsigned char blob[TOTP_BLOB])
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), err = 0;

	if (fd < 0)
		return fail(name, errno == EEXIST ? "is there already; `remove` it first" : strerror(errno));
	errno = 0;
	if (write(fd, blob, TOTP_BLOB) != (ssize_t)TOTP_BLOB || fsync(fd))
		err = errno ? errno : EIO;
	close(fd);
	if (!err)
		return 0;
	unlink(path);
	return fail(path, strerror(err));
}

static int add(const char *name)
{
	struct totp_account account;
	unsigned char blob[TOTP_BLOB];
	char path[PATH_MAX], text[4096];
	const char *wrong;
	int ret = path_of(name, path);

	if (ret)
		return ret;
	if (!access(path, F_OK))
		return fail(name, "is there already; `remove` it first");
	if (mkdir(directory, 0700) && errno != EEXIST)
		return fail(directory, strerror(errno));
	ret = start();
	if (!ret)
		ret = read_secret(text, sizeof(text));
	if (!ret) {
		wrong = otpauth_parse(text, &account);
		if (wrong)
			ret = fail("secret", wrong);
		else if (totp_seal(&account, blob))
			ret = fail(name, underpin_call_error(errno));
		else
			ret = write_blob(path, name, blob);
	}
	explicit_bzero(text, sizeof(text));
	explicit_bzero(&account, sizeof(account));
	return ret;
}

static int show(const char *name, const char *when)
{
	unsigned char blob[TOTP_BLOB + 1];
	char path[PATH_MAX], *end;
	uint32_t digits = 6, period = 30;
	long long now = when ? strtoll(when, &end, 10) : (long long)time(NULL);
	long code;
	ssize_t got;
	int fd;

	if (when && (*end || end == when || now < 0))
		return fail(when, "is not a number of seconds since 1970");
	if (path_of(name, path))
		return 1;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail(name, errno == ENOENT ? "is not there; `add` it, or see `list`" : strerror(errno));
	got = read(fd, blob, sizeof(blob));
	close(fd);
	if (got != (ssize_t)TOTP_BLOB)
		return fail(name, why_not(EBADMSG));
	if (start())
		return 1;
	code = totp_code(blob, (uint64_t)now, &digits, &period);
	if (code < 0)
		return fail(name, why_not(errno));
	printf("%0*ld\n", (int)digits, code);
	if (isatty(STDOUT_FILENO))
		fprintf(stderr, "for %lld more seconds\n", (long long)period - now % period);
	return 0;
}

static int is_account(const struct dirent *entry)
{
	size_t size = strlen(entry->d_name);

	return entry->d_name[0] != '.' && size > strlen(SUFFIX) && !strcmp(entry->d_name + size - strlen(SUFFIX), SUFFIX);
}

static int list(void)
{
	struct dirent **entries;
	int i, n = scandir(directory, &entries, is_account, alphasort);

	if (n < 0)
		return errno == ENOENT ? 0 : fail(directory, strerror(errno));
	for (i = 0; i < n; i++) {
		printf("%.*s\n", (int)(strlen(entries[i]->d_name) - strlen(SUFFIX)), entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return 0;
}

static int remove_account(const char *name)
{
	char path[PATH_MAX];

	if (path_of(name, path))
		return 1;
	return unlink(path) ? fail(name, errno == ENOENT ? "is not there" : strerror(errno)) : 0;
}

static int usage(FILE *to, int status)
{
	fputs("usage: underpin-totp [-d DIRECTORY] add NAME       the secret, or otpauth:// URI, comes on standard input\n"
	      "       underpin-totp [-d DIRECTORY] [-t SECONDS] show NAME    the code of now, or of SECONDS since 1970\n"
	      "       underpin-totp [-d DIRECTORY] list\n"
	      "       underpin-totp [-d DIRECTORY] remove NAME\n"
	      "DIRECTORY: ~/.underpin-totp\n", to);
	return status;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "directory", required_argument, NULL, 'd' },
		{ "time", required_argument, NULL, 't' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL },
	};
	const char *home = getenv("HOME"), *where = NULL, *when = NULL;
	int option;

	while ((option = getopt_long(argc, argv, "d:t:h", options, NULL)) != -1)
		switch (option) {
		case 'd':
			where = optarg;
			break;
		case 't':
			when = optarg;
			break;
		default:
			return usage(option == 'h' ? stdout : stderr, option == 'h' ? 0 : 2);
		}
	if (!where && !home)
		return fail("no directory", "HOME is not set; say -d DIRECTORY");
	if ((size_t)snprintf(directory, sizeof(directory), "%s%s", where ? where : home, where ? "" : "/.underpin-totp") >= sizeof(directory))
		return fail(where ? where : home, "is too long");
	argc -= optind;
	argv += optind;
	if (argc == 1 && !strcmp(argv[0], "list"))
		return list();
	if (argc == 2 && !strcmp(argv[0], "add"))
		return add(argv[1]);
	if (argc == 2 && !strcmp(argv[0], "show"))
		return show(argv[1], when);
	if (argc == 2 && !strcmp(argv[0], "remove"))
		return remove_account(argv[1]);
	return usage(stderr, 2);
}
