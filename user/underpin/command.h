/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The `underpin` command: one file per subcommand. Each answers its exit
 * status: 0, 1 (it did not work, or the answer is no), 2 (wrongly called).
 */
#ifndef UNDERPIN_COMMAND_H
#define UNDERPIN_COMMAND_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "underpin.h"

#define STATUS_OK 0
#define STATUS_FAILED 1
#define STATUS_USAGE 2

struct command {
	const char *name;
	const char *arguments;
	const char *summary;
	int (*run)(int argc, char **argv);
};

int cmd_check(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_stats(int argc, char **argv);
int cmd_log(int argc, char **argv);
int cmd_pal(int argc, char **argv);
int cmd_decode(int argc, char **argv);
int cmd_vm(int argc, char **argv);
int cmd_tpm(int argc, char **argv);
int cmd_trust(int argc, char **argv);

/* "underpin: ..." on stderr, once; answers STATUS_FAILED. */
int complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The same about a subcommand's arguments, with where to read on; STATUS_USAGE. */
int bad_usage(const char *command, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* "usage: underpin COMMAND ..." of the table in main.c. */
int show_usage(const char *command);

/*
 * For subcommands whose only options are --json and --help: true, or false with
 * *status to return.
 */
bool only_json_option(const char *command, int argc, char **argv, bool *json, int *status);

/* Open the device and ask; or complain and answer -1. */
int open_device(void);
int open_and_get_status(struct underpin_status *status);

/* Printed with indents and a final newline; freed. */
void print_json(struct json_object *object);
void json_set_int(struct json_object *object, const char *key, uint64_t value);
void json_set_text(struct json_object *object, const char *key, const char *value);
void json_set_bool(struct json_object *object, const char *key, bool value);
/* A field of a fixed size that may lack its NUL. */
void json_set_field(struct json_object *object, const char *key, const char *field, size_t size);

/* Bytes as hexadecimal digits; text has room for 2 * n + 1. */
const char *hex_text(const uint8_t *bytes, size_t n, char *text);
bool all_zero(const void *p, size_t n);

/* Name of a basic exit reason (SDM vol. 3, appendix C), never NULL. */
const char *exit_reason_name(unsigned int reason);

#endif
