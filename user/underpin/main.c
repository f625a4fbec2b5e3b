// SPDX-License-Identifier: GPL-2.0
/* The table of subcommands; help and version. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "include/version.h"

static int cmd_version(int argc, char **argv);
static int cmd_help(int argc, char **argv);

static const struct command commands[] = {
	{ "check", "[--json]", "can this machine run Underpin? every requirement, and what to change", cmd_check },
	{ "status", "[--json]", "the state of the core", cmd_status },
	{ "stats", "[--json] [--cpu N]", "VM exits per CPU and reason, and what they cost", cmd_stats },
	{ "log", "[-f]", "what the core has logged; -f: go on as it grows", cmd_log },
	{ "pal", "list | info FILE | measure FILE... | run FILE ENTRY [...]",
	  "registered PALs, and those in files (run: -o FILE for an output)", cmd_pal },
	{ "decode", "[FILE] [--symbols ELF] [--json]", "a fatal record as functions, lines and a call trace", cmd_decode },
	{ "vm", "run --kernel FILE|FILE.iso [...]", "boot a guest on KVM: kernel, or installer ISO", cmd_vm },
	{ "seal", "[FILE] [-o BLOB]", "data that only this command opens, only under this core", cmd_trust },
	{ "unseal", "[BLOB] [-o FILE]", "and back", cmd_trust },
	{ "quote", "[--nonce HEX] [-o QUOTE] | verify QUOTE [...]", "the core's signed statement; what one proves", cmd_trust },
	{ "verify", "QUOTE [--nonce HEX] [--json] [...]", "the same as quote verify", cmd_trust },
	{ "tpm", "setup [--pcrs LIST] | status | key | remove", "a root secret that the TPM gives once a boot, and its attestation key", cmd_tpm },
	{ "version", "", "versions of this command and of the core", cmd_version },
	{ "help", "[COMMAND]", "this list, or the usage of one command", cmd_help },
};
#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static const struct command *find_command(const char *name)
{
	size_t i;

	for (i = 0; i < NR_COMMANDS; i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

int show_usage(const char *name)
{
	const struct command *command = find_command(name);

	printf("usage: underpin %s%s%s\n%s\n", command->name, *command->arguments ? " " : "",
	       command->arguments, command->summary);
	return STATUS_OK;
}

static void list_commands(FILE *to)
{
	size_t i;

	fputs("usage: underpin COMMAND [ARGUMENT...]\n\n", to);
	for (i = 0; i < NR_COMMANDS; i++)
		fprintf(to, "  %-8s %-32s %s\n", commands[i].name, commands[i].arguments, commands[i].summary);
	fputs("\nExit status: 0 done, 1 failed or the answer is no, 2 wrongly called. See underpin(1).\n", to);
}

static int cmd_help(int argc, char **argv)
{
	if (argc < 2 || argv[1][0] == '-') {
		list_commands(stdout);
		return STATUS_OK;
	}
	if (!find_command(argv[1]))
		return bad_usage(NULL, "there is no command '%s'", argv[1]);
	return show_usage(argv[1]);
}

static int cmd_version(int argc, char **argv)
{
	struct underpin_status status;
	int device;

	(void)argv;
	if (argc > 1)
		return bad_usage("version", "it takes no arguments");
	printf("underpin %s\n", UNDERPIN_VERSION);
	device = underpin_open();
	if (device >= 0 && !underpin_get_status(device, &status))
		printf("core %u.%u.%u\n", status.version >> 16, status.version >> 8 & 0xff,
		       status.version & 0xff);
	else if (errno == ENOENT)
		puts("core: not loaded");
	else
		printf("core: not known (%s)\n", underpin_last_error());
	return STATUS_OK;
}

int main(int argc, char **argv)
{
	const struct command *command;
	int status;

	if (argc < 2) {
		list_commands(stderr);
		return STATUS_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		argv[1] = "help";
	else if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V"))
		argv[1] = "version";
	command = find_command(argv[1]);
	if (!command)
		return bad_usage(NULL, "there is no command '%s'", argv[1]);
	status = command->run(argc - 1, argv + 1);
	if (fflush(stdout) || ferror(stdout))
		return complain("cannot write the output: %s", strerror(errno));
	return status;
}
