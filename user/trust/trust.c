// SPDX-License-Identifier: MIT
/*
 * underpin-trust: `underpin seal|unseal|quote|verify` start it (user/underpin/program.c).
 * A file of "-" is standard input or output.
 */
#include "trust.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <underpin.h>
#include <unistd.h>

static const char usage[] =
	"usage: underpin seal [FILE] [-o BLOB]           at most 2048 bytes, for this command alone, under this core\n"
	"       underpin unseal [BLOB] [-o FILE]\n"
	"       underpin quote [--nonce HEX] [-o QUOTE] [--export FOLDER]\n"
	"                                                a statement by the core that a stranger can check\n"
	"       underpin quote verify QUOTE [--nonce HEX] [--pal MEASUREMENT] [--core core.bin] [--key KNOWN.pem]\n"
	"                                    [--tpm-ak AK.pem] [--tpm-boot DIGEST]\n"
	"                                    [--allow-debug] [--allow-hypervisor] [--export FOLDER] [--json]\n"
	"       (verify: status 0 all holds, and the key is the one you know, or one that a TPM vouches for whose attestation key, boot chain and\n"
	"        core you know; 3 it holds, for a key that may be anybody's; 1 it does not)\n";

static struct options {
	const char *in, *out, *folder;
	unsigned char nonce[64], measurement[32], boot[32];
	bool json;
	struct expected expected;
} options;

int complain(const char *fmt, ...)
{
	va_list args;

	fputs("underpin: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	return 1;
}

const char *hex(const unsigned char *bytes, size_t n, char *text)
{
	size_t i;

	for (i = 0; i < n; i++)
		sprintf(text + 2 * i, "%02x", bytes[i]);
	return text;
}

/* Number of bytes, or -1. */
static long from_hex(const char *text, unsigned char *bytes, size_t room)
{
	size_t n = strlen(text), i;
	unsigned int byte;

	if (n % 2 || n / 2 > room || strspn(text, "0123456789abcdefABCDEF") != n)
		return -1;
	for (i = 0; i < n / 2; i++) {
		sscanf(text + 2 * i, "%2x", &byte);
		bytes[i] = (unsigned char)byte;
	}
	return (long)(n / 2);
}

/* The whole file, at most room bytes; -1 with a word. */
static long get(unsigned char *bytes, size_t room, const char *what)
{
	bool standard = !options.in || !strcmp(options.in, "-");
	FILE *file = standard ? stdin : fopen(options.in, "rb");
	size_t n = file ? fread(bytes, 1, room, file) : 0;
	bool bad = !file || ferror(file), more = file && !bad && fgetc(file) != EOF;
	int error = errno;

	if (file && !standard)
		fclose(file);
	if (bad)
		complain("cannot read %s: %s", standard ? "standard input" : options.in, strerror(error));
	else if (more)
		complain("%s is larger than %s: at most %zu bytes", standard ? "standard input" : options.in, what, room);
	return bad || more ? -1 : (long)n;
}

/* Of mode 600: it may be a secret. */
static int give(const void *bytes, size_t n)
{
	bool standard = !options.out || !strcmp(options.out, "-"), good;
	mode_t before = umask(077);
	FILE *file = standard ? stdout : fopen(options.out, "wb");

	umask(before);
	good = file && fwrite(bytes, 1, n, file) == n && !fflush(file);
	if (file && !standard && fclose(file))
		good = false;
	return good ? 0 : complain("cannot write %s: %s", standard ? "standard output" : options.out, strerror(errno));
}

static int start(void)
{
	return underpin_pal_start(&underpin_pal) < 0 ? complain("%s", underpin_last_error()) : 0;
}

static const char *unseal_error(int error)
{
	switch (error) {
	case EINVAL: return "this is not sealed data, or a part of it is missing";
	case ESTALE: return "it was sealed under another root secret: by an earlier load of an ephemeral one, or on another machine (underpin status)";
	case EBADMSG: return "it was changed since it was sealed";
	case EACCES: return "it was sealed for another PAL, or for another version of this command";
	case EKEYREJECTED: return "it was sealed to other PCR values";
	default: return underpin_call_error(error);
	}
}

static int seal(void)
{
	static unsigned char data[TRUST_DATA_MAX], blob[TRUST_BLOB_MAX];
	long n = get(data, sizeof(data), "what can be sealed");

	if (n < 0 || start())
		return 1;
	n = trust_seal(data, n, 0, blob);
	return n < 0 ? complain("not sealed: %s", underpin_call_error(errno)) : give(blob, (size_t)n);
}

static int unseal(void)
{
	static unsigned char data[TRUST_DATA_MAX], blob[TRUST_BLOB_MAX];
	long n = get(blob, sizeof(blob), "sealed data can be");

	if (n < 0 || start())
		return 1;
	n = trust_unseal(blob, n, data);
	return n < 0 ? complain("not unsealed: %s", unseal_error(errno)) : give(data, (size_t)n);
}

/* As a file has it: the TPM's certificate follows, where there is one. */
static struct quote_file {
	struct pal_quote quote;
	struct pal_quote_certificate certificate;
} quoted;

static const struct pal_quote_certificate *certificate_of(size_t n)
{
	return n == sizeof(quoted) ? &quoted.certificate : NULL;
}

/* The size of the file. A module that is older has none. */
static size_t add_certificate(void)
{
	struct underpin_certificate c;
	int device = underpin_open(), ret = device < 0 ? -1 : underpin_get_certificate(device, &c);

	if (device >= 0)
		close(device);
	if (ret)
		return sizeof(quoted.quote);
	_Static_assert(sizeof(c) == sizeof(quoted.certificate), "the module's structure");
	memcpy(&quoted.certificate, &c, sizeof(c));
	return sizeof(quoted);
}

static int quote(void)
{
	struct expected *e = &options.expected;
	size_t n;

	if (!e->nonce) {
		e->nonce = options.nonce;
		e->nonce_size = 32;
		if (getrandom(options.nonce, 32, 0) != 32)
			return complain("no random numbers: %s", strerror(errno));
	}
	if (start())
		return 1;
	if (trust_quote(0xff, e->nonce, (long)e->nonce_size, &quoted.quote))
		return complain("no quote: %s", underpin_call_error(errno));
	n = add_certificate();
	return options.folder && export_quote(&quoted.quote, certificate_of(n), options.folder) ? 1 : give(&quoted, n);
}

static int verify(void)
{
	long n = get((unsigned char *)&quoted, sizeof(quoted), "a quote");

	if (n < 0)
		return 1;
	if (n != sizeof(quoted.quote) && n != sizeof(quoted))
		return complain("this is not a quote: %ld bytes where one has %zu, or %zu with a TPM's certificate", n,
				sizeof(quoted.quote), sizeof(quoted));
	if (options.folder && export_quote(&quoted.quote, certificate_of((size_t)n), options.folder))
		return 1;
	return verify_quote(&quoted.quote, certificate_of((size_t)n), &options.expected, options.json);
}

static const struct option long_options[] = {
	{ "nonce", required_argument, NULL, 'n' }, { "pal", required_argument, NULL, 'p' },
	{ "core", required_argument, NULL, 'c' }, { "key", required_argument, NULL, 'k' },
	{ "tpm-ak", required_argument, NULL, 't' }, { "tpm-boot", required_argument, NULL, 'b' },
	{ "allow-debug", no_argument, NULL, 'd' }, { "allow-hypervisor", no_argument, NULL, 'y' },
	{ "export", required_argument, NULL, 'e' }, { "json", no_argument, NULL, 'j' },
	{ "output", required_argument, NULL, 'o' }, { "help", no_argument, NULL, 'h' }, { NULL },
};

static int bad_usage(const char *what)
{
	complain("%s", what);
	fputs(usage, stderr);
	return 2;
}

/* -1: go on. */
static int one_option(int option)
{
	struct expected *e = &options.expected;
	long n;

	switch (option) {
	case 'n':
		n = from_hex(optarg, options.nonce, sizeof(options.nonce));
		if (n < 0)
			return bad_usage("--nonce takes at most 64 bytes as hexadecimal digits");
		e->nonce = options.nonce;
		e->nonce_size = (size_t)n;
		break;
	case 'p':
		if (from_hex(optarg, options.measurement, sizeof(options.measurement)) != 32)
			return bad_usage("--pal takes a measurement: 64 hexadecimal digits (underpin pal list)");
		e->measurement = options.measurement;
		break;
	case 'c': e->core = optarg; break;
	case 'k': e->key = optarg; break;
	case 't': e->tpm_key = optarg; break;
	case 'b':
		if (from_hex(optarg, options.boot, sizeof(options.boot)) != 32)
			return bad_usage("--tpm-boot takes 64 hexadecimal digits (underpin tpm status)");
		e->tpm_boot = options.boot;
		break;
	case 'e': options.folder = optarg; break;
	case 'd': e->debug = true; break;
	case 'y': e->hypervisor = true; break;
	case 'j': options.json = true; break;
	case 'o': options.out = optarg; break;
	case 'h': fputs(usage, stdout); return 0;
	default: return bad_usage("there is no such option, or it lacks its argument");
	}
	return -1;
}

int main(int argc, char **argv)
{
	static const struct { const char *name; int (*run)(void); const char *options; } commands[] = {
		{ "seal", seal, "o" }, { "unseal", unseal, "o" }, { "quote", quote, "one" }, { "verify", verify, "npckedyjtb" },
	};
	const char *name = argc ? argv[0] : "";
	int option, ret;
	size_t i;

	char given[24] = "";

	opterr = 0;
	while ((option = getopt_long(argc, argv, "o:h", long_options, NULL)) != -1) {
		ret = one_option(option);
		if (ret >= 0)
			return ret;
		if (!strchr(given, option))
			given[strlen(given)] = (char)option;
	}
	if (!strcmp(name, "quote") && optind < argc && !strcmp(argv[optind], "verify")) {
		name = "verify";
		optind++;
	}
	if (optind < argc)
		options.in = argv[optind++];
	if (optind < argc)
		return bad_usage("one file at a time");
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(name, commands[i].name))
			return given[strspn(given, commands[i].options)] ? bad_usage("that command does not take one of these options") :
			       options.in && !strcmp(name, "quote") ? bad_usage("quote takes no file; -o says where the quote goes") :
			       commands[i].run();
	return bad_usage("say seal, unseal, quote or verify");
}
