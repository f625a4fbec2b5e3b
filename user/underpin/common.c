// SPDX-License-Identifier: GPL-2.0
/* What several subcommands need: complaints, options, JSON. */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"

int complain(const char *fmt, ...)
{
	va_list args;

	fflush(stdout);
	fputs("underpin: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	return STATUS_FAILED;
}

int bad_usage(const char *command, const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "underpin%s%s: ", command ? " " : "", command ? command : "");
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fprintf(stderr, " (underpin help%s%s)\n", command ? " " : "", command ? command : "");
	return STATUS_USAGE;
}

bool only_json_option(const char *command, int argc, char **argv, bool *json, int *status)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL },
	};
	int option;

	*json = false;
	opterr = 0;
	while ((option = getopt_long(argc, argv, "jh", options, NULL)) != -1)
		switch (option) {
		case 'j':
			*json = true;
			break;
		case 'h':
			*status = show_usage(command);
			return false;
		default:
			*status = bad_usage(command, "there is no option '%s'", argv[optind - 1]);
			return false;
		}
	if (optind < argc) {
		*status = bad_usage(command, "unexpected argument '%s'", argv[optind]);
		return false;
	}
	return true;
}

int open_device(void)
{
	int device = underpin_open();

	if (device < 0)
		complain("%s", underpin_last_error());
	return device;
}

int open_and_get_status(struct underpin_status *status)
{
	int device = open_device();

	if (device >= 0 && underpin_get_status(device, status)) {
		complain("%s", underpin_last_error());
		close(device);
		return -1;
	}
	return device;
}

void print_json(struct json_object *object)
{
	puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
							    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
}

void json_set_int(struct json_object *object, const char *key, uint64_t value)
{
	json_object_object_add(object, key, json_object_new_uint64(value));
}

/* JSON is UTF-8; what came from elsewhere may be anything. */
void json_set_field(struct json_object *object, const char *key, const char *field, size_t size)
{
	char text[256];
	size_t i;

	for (i = 0; i < size && i < sizeof(text) - 1 && field[i]; i++)
		text[i] = isprint((unsigned char)field[i]) ? field[i] : '?';
	json_object_object_add(object, key, json_object_new_string_len(text, (int)i));
}

void json_set_text(struct json_object *object, const char *key, const char *value)
{
	json_object_object_add(object, key, json_object_new_string(value));
}

void json_set_bool(struct json_object *object, const char *key, bool value)
{
	json_object_object_add(object, key, json_object_new_boolean(value));
}

const char *hex_text(const uint8_t *bytes, size_t n, char *text)
{
	size_t i;

	text[0] = '\0';
	for (i = 0; i < n; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	return text;
}

bool all_zero(const void *p, size_t n)
{
	const unsigned char *byte = p;

	while (n--)
		if (*byte++)
			return false;
	return true;
}
