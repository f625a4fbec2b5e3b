// SPDX-License-Identifier: GPL-2.0
/*
 * `underpin pal info|measure|run`: PALs in files, NAME.pal or programs with one
 * (libunderpin's image.c reads and checks them). The measurement is computed here as
 * docs/pal-measurement.md says, so it needs no core.
 */
#include <bearssl/bearssl_hash.h>
#include <endian.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "pal_file.h"

static void add_u32(br_sha256_context *hash, uint32_t value)
{
	value = htole32(value);
	br_sha256_update(hash, &value, sizeof(value));
}

static void add_u64(br_sha256_context *hash, uint64_t value)
{
	value = htole64(value);
	br_sha256_update(hash, &value, sizeof(value));
}

static void measure(const struct underpin_pal_image *image, uint8_t digest[UNDERPIN_MEASUREMENT_SIZE])
{
	uint64_t first = image->sections[0].addr;
	br_sha256_context hash;
	unsigned int i, k;

	br_sha256_init(&hash);
	br_sha256_update(&hash, image->bits == 32 ? "UnderpinP321" : "UnderpinPAL1", 12);
	add_u32(&hash, image->nr_sections);
	add_u32(&hash, image->nr_entries);
	for (i = 0; i < image->nr_sections; i++) {
		add_u32(&hash, image->sections[i].type);
		add_u32(&hash, (uint32_t)(image->sections[i].size / 4096));
		add_u64(&hash, image->sections[i].addr - first);
	}
	for (i = 0; i < image->nr_entries; i++) {
		const struct underpin_entry *e = &image->entries[i];

		add_u64(&hash, e->addr - first);
		add_u32(&hash, e->nr_params);
		add_u32(&hash, e->flags);
		for (k = 0; k < e->nr_params; k++) {
			add_u32(&hash, e->param[k].type | (uint32_t)e->param[k].flags << 16);
			add_u32(&hash, e->param[k].size_param);
			add_u64(&hash, e->param[k].size);
		}
	}
	for (i = 0; i < image->nr_sections; i++)
		if (image->sections[i].type == UNDERPIN_SECTION_CODE || image->sections[i].type == UNDERPIN_SECTION_RODATA ||
		    image->sections[i].type == UNDERPIN_SECTION_DATA)
			br_sha256_update(&hash, image->contents[i], image->sections[i].size);
	br_sha256_out(&hash, digest);
}

static void measurement_of(const struct underpin_pal_image *image, char text[65])
{
	uint8_t digest[UNDERPIN_MEASUREMENT_SIZE];

	measure(image, digest);
	underpin_measurement_text(digest, text);
}

static const char *type_name(uint32_t type)
{
	static const char *const names[] = {
		[UNDERPIN_SECTION_CODE] = "code", [UNDERPIN_SECTION_RODATA] = "rodata", [UNDERPIN_SECTION_DATA] = "data",
		[UNDERPIN_SECTION_STACK] = "stack", [UNDERPIN_SECTION_PARAM] = "param", [UNDERPIN_SECTION_SHARED] = "shared",
		[UNDERPIN_SECTION_WINDOW] = "window",
	};

	return type < sizeof(names) / sizeof(names[0]) && names[type] ? names[type] : "?";
}

static bool is_pointer(const struct underpin_param *p)
{
	return p->type == UNDERPIN_PARAM_POINTER;
}

/* "in, at most 64 bytes (parameter 2)". */
static void describe(const struct underpin_param *p, char *text, size_t size)
{
	static const char *const ways[] = { "?", "in", "out", "in and out" };

	if (!is_pointer(p))
		snprintf(text, size, "integer");
	else if (p->size_param)
		snprintf(text, size, "%s, at most %llu bytes (parameter %u says)", ways[p->flags & 3],
			 (unsigned long long)p->size, p->size_param);
	else
		snprintf(text, size, "%s, %llu bytes", ways[p->flags & 3], (unsigned long long)p->size);
}

static const char *entry_text(const struct underpin_pal_image *image, unsigned int i, char number[16])
{
	if (image->entry_name[i][0])
		return image->entry_name[i];
	snprintf(number, 16, "%u", i);
	return number;
}

static int info(const char *path, bool json)
{
	struct underpin_pal_image image;
	char text[128], number[16];
	struct json_object *root, *list, *one, *params;
	unsigned int i, k;

	if (underpin_pal_read(path, &image))
		return complain("%s", underpin_last_error());
	measurement_of(&image, text);
	if (!json) {
		printf("name         %s\nbits         %u\nmeasurement  %s\n", image.name, image.bits, text);
		for (i = 0; i < image.nr_sections; i++)
			printf("section      %-6s %llu pages\n", type_name(image.sections[i].type),
			       (unsigned long long)image.sections[i].size / 4096);
		for (i = 0; i < image.nr_entries; i++) {
			printf("entry        %s\n", entry_text(&image, i, number));
			for (k = 0; k < image.entries[i].nr_params; k++) {
				describe(&image.entries[i].param[k], text, sizeof(text));
				printf("  parameter %u  %s\n", k + 1, text);
			}
		}
		underpin_pal_unload(&image);
		return STATUS_OK;
	}
	root = json_object_new_object();
	json_set_text(root, "name", image.name);
	json_set_int(root, "bits", image.bits);
	json_set_text(root, "measurement", text);
	list = json_object_new_array();
	for (i = 0; i < image.nr_sections; i++) {
		one = json_object_new_object();
		json_set_text(one, "type", type_name(image.sections[i].type));
		json_set_int(one, "pages", image.sections[i].size / 4096);
		json_object_array_add(list, one);
	}
	json_object_object_add(root, "sections", list);
	list = json_object_new_array();
	for (i = 0; i < image.nr_entries; i++) {
		one = json_object_new_object();
		json_set_text(one, "name", entry_text(&image, i, number));
		params = json_object_new_array();
		for (k = 0; k < image.entries[i].nr_params; k++) {
			const struct underpin_param *p = &image.entries[i].param[k];
			struct json_object *param = json_object_new_object();

			json_set_text(param, "type", is_pointer(p) ? "pointer" : "integer");
			if (is_pointer(p)) {
				json_set_bool(param, "in", p->flags & UNDERPIN_PARAM_IN);
				json_set_bool(param, "out", p->flags & UNDERPIN_PARAM_OUT);
				json_set_int(param, "size", p->size);
				json_set_int(param, "size_param", p->size_param);
			}
			json_object_array_add(params, param);
		}
		json_object_object_add(one, "parameters", params);
		json_object_array_add(list, one);
	}
	json_object_object_add(root, "entries", list);
	print_json(root);
	underpin_pal_unload(&image);
	return STATUS_OK;
}

static int measure_files(int nr, char **paths, bool json)
{
	struct json_object *root = json ? json_object_new_array() : NULL, *one;
	struct underpin_pal_image image;
	int i, status = STATUS_OK;
	char text[65];

	for (i = 0; i < nr; i++) {
		if (underpin_pal_read(paths[i], &image)) {
			status = complain("%s", underpin_last_error());
			continue;
		}
		measurement_of(&image, text);
		if (json) {
			one = json_object_new_object();
			json_set_text(one, "file", paths[i]);
			json_set_text(one, "measurement", text);
			json_object_array_add(root, one);
		} else {
			printf("%s  %s\n", text, paths[i]);
		}
		underpin_pal_unload(&image);
	}
	if (json)
		print_json(root);
	return status;
}

/* ---- run ---- */

struct argument {
	unsigned char *bytes;	/* of a pointer: as many as its parameter may have */
	size_t size;		/* that are given, or wanted */
	long value;
};

static const struct underpin_entry *find_entry(const struct underpin_pal_image *image, const char *name, unsigned int *index)
{
	char *end;
	unsigned long n = strtoul(name, &end, 10);

	for (*index = 0; *index < image->nr_entries; (*index)++)
		if (!strcmp(image->entry_name[*index], name) || (!*end && *name && n == *index && !image->entry_name[*index][0]))
			return &image->entries[*index];
	return NULL;
}

/* The pointer that has its size in integer k (from 0), or NULL. */
static const struct underpin_param *sized_by(const struct underpin_entry *e, unsigned int k)
{
	unsigned int i;

	for (i = 0; i < e->nr_params; i++)
		if (is_pointer(&e->param[i]) && e->param[i].size_param == k + 1)
			return &e->param[i];
	return NULL;
}

/* What is not given on the command line: outputs, and sizes of inputs. */
static bool is_given(const struct underpin_entry *e, unsigned int k)
{
	const struct underpin_param *p = &e->param[k], *of;

	if (is_pointer(p))
		return p->flags & UNDERPIN_PARAM_IN;
	of = sized_by(e, k);
	return !of || !(of->flags & UNDERPIN_PARAM_IN);
}

static int from_file(struct argument *a, const char *path, size_t room)
{
	FILE *file = strcmp(path, "-") ? fopen(path, "rb") : stdin;
	int more;

	if (!file)
		return complain("cannot read %s: %s", path, strerror(errno));
	a->size = fread(a->bytes, 1, room, file);
	more = getc(file) != EOF;
	if (file != stdin)
		fclose(file);
	return more ? complain("%s has more than the %zu bytes that the parameter takes", path, room) : STATUS_OK;
}

static int from_hex(struct argument *a, const char *digits, size_t room)
{
	size_t n = strlen(digits), i;
	unsigned int byte;

	if (n % 2 || strspn(digits, "0123456789abcdefABCDEF") != n)
		return complain("hex:%s is not a number of bytes in hexadecimal digits", digits);
	if (n / 2 > room)
		return complain("hex: has more than the %zu bytes that the parameter takes", room);
	for (i = 0; i < n / 2; i++) {
		sscanf(digits + 2 * i, "%2x", &byte);
		a->bytes[i] = (unsigned char)byte;
	}
	a->size = n / 2;
	return STATUS_OK;
}

static int take_argument(const struct underpin_param *p, struct argument *a, const char *word)
{
	char *end;

	if (!is_pointer(p)) {
		errno = 0;
		a->value = strtol(word, &end, 0);
		return *word && !*end && !errno ? STATUS_OK : complain("'%s' is not an integer", word);
	}
	if (*word == '@')
		return from_file(a, word + 1, p->size);
	if (!strncmp(word, "hex:", 4))
		return from_hex(a, word + 4, p->size);
	a->size = strlen(word);
	if (a->size > p->size)
		return complain("'%s' has more than the %llu bytes that the parameter takes", word, (unsigned long long)p->size);
	memcpy(a->bytes, word, a->size);
	return STATUS_OK;
}

/* From the words of the command line; those of a pointer without a size are filled up with zeros. */
static int take_arguments(const struct underpin_entry *e, struct argument *a, int nr, char **words)
{
	unsigned int k;
	int used = 0, status;

	for (k = 0; k < e->nr_params; k++) {
		if (is_pointer(&e->param[k]) && !(a[k].bytes = calloc(1, e->param[k].size)))
			return complain("out of memory");
		if (!is_given(e, k))
			continue;
		if (used == nr)
			return complain("parameter %u is missing: underpin pal info says what there is", k + 1);
		status = take_argument(&e->param[k], &a[k], words[used++]);
		if (status)
			return status;
	}
	if (used < nr)
		return complain("'%s' is one argument too many: underpin pal info says what there is", words[used]);
	for (k = 0; k < e->nr_params; k++) {
		const struct underpin_param *p = &e->param[k];

		if (!is_pointer(p))
			continue;
		if (!p->size_param)
			a[k].size = p->size;
		else if (p->flags & UNDERPIN_PARAM_IN)
			a[p->size_param - 1].value = (long)a[k].size;
		else if (a[p->size_param - 1].value < 0 || (unsigned long)a[p->size_param - 1].value > p->size)
			return complain("parameter %u, the size of an output, is 0 to %llu", p->size_param, (unsigned long long)p->size);
		else
			a[k].size = (size_t)a[p->size_param - 1].value;
	}
	return STATUS_OK;
}

static int write_output(const struct argument *a, const char *path)
{
	FILE *file = strcmp(path, "-") ? fopen(path, "wb") : stdout;
	bool ok = file && fwrite(a->bytes, 1, a->size, file) == a->size;

	if (file && file != stdout)
		ok &= !fclose(file);
	return ok ? STATUS_OK : complain("cannot write %s: %s", path, strerror(errno));
}

/* json: NULL, or what the registration answered. */
static int show(const struct underpin_entry *e, const struct argument *a, long answer,
		const struct underpin_pal_register *json, const char *output)
{
	char measurement[65];
	struct json_object *root = json ? json_object_new_object() : NULL, *list = json ? json_object_new_array() : NULL, *one;
	unsigned int k;
	int status = STATUS_OK;

	if (json)
		json_object_object_add(root, "answer", json_object_new_int64(answer));
	else if (!output || strcmp(output, "-"))
		printf("answer       %ld\n", answer);
	for (k = 0; k < e->nr_params; k++) {
		char *text;

		if (!is_pointer(&e->param[k]) || !(e->param[k].flags & UNDERPIN_PARAM_OUT))
			continue;
		if (output) {
			status |= write_output(&a[k], output);
			output = NULL;
			continue;
		}
		text = malloc(2 * a[k].size + 1);
		if (!text)
			continue;
		hex_text(a[k].bytes, a[k].size, text);
		if (json) {
			one = json_object_new_object();
			json_set_int(one, "parameter", k + 1);
			json_set_text(one, "hex", text);
			json_object_array_add(list, one);
		} else {
			printf("parameter %u  %s\n", k + 1, text);
		}
		free(text);
	}
	if (json) {
		json_object_object_add(root, "outputs", list);
		underpin_measurement_text(json->measurement, measurement);
		json_set_text(root, "measurement", measurement);
		print_json(root);
	}
	return status;
}

/* result: what the core says of it. */
static int call(struct underpin_pal_image *image, unsigned int index, const struct argument *a, long *answer,
		struct underpin_pal_register *result)
{
	typedef long function(long, long, long, long, long, long, long, long, long, long);
	const struct underpin_entry *e = &image->entries[index];
	long v[UNDERPIN_MAX_PARAMS] = { 0 };
	int device = open_device();
	unsigned int k;

	if (device < 0)
		return STATUS_FAILED;
	for (k = 0; k < e->nr_params; k++)
		v[k] = is_pointer(&e->param[k]) ? (long)a[k].bytes : a[k].value;
	k = underpin_pal_load(device, image, result) < 0;
	close(device);
	if (k)
		return complain("%s", underpin_last_error());
	errno = 0;
	*answer = ((function *)underpin_pal_entry(image, index))(v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], v[9]);
	return *answer == -1 && errno ? complain("the PAL ended the call: %s", underpin_call_error(errno)) : STATUS_OK;
}

static int run(int nr, char **words, bool json, const char *output)
{
	struct argument a[UNDERPIN_MAX_PARAMS] = { { NULL } };
	const struct underpin_entry *e;
	struct underpin_pal_register result = { 0 };
	struct underpin_pal_image image;
	unsigned int index, k;
	long answer = 0;
	int status;

	if (underpin_pal_read(words[0], &image))
		return complain("%s", underpin_last_error());
	e = find_entry(&image, words[1], &index);
	status = e ? take_arguments(e, a, nr - 2, words + 2) :
		 complain("%s has no entry point '%s': underpin pal info says which there are", words[0], words[1]);
	if (!status)
		status = call(&image, index, a, &answer, &result);
	if (!status)
		status = show(e, a, answer, json ? &result : NULL, output);
	for (k = 0; k < UNDERPIN_MAX_PARAMS; k++)
		free(a[k].bytes);
	underpin_pal_unload(&image);
	return status;
}

int pal_file(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' }, { "output", required_argument, NULL, 'o' },
		{ "help", no_argument, NULL, 'h' }, { NULL },
	};
	const char *what = argv[0], *output = NULL;
	bool json = false, is_run = !strcmp(what, "run");
	int option;

	opterr = 0;
	/* Behind FILE and ENTRY everything is the PAL's, numbers below 0 too. */
	while ((option = getopt_long(argc, argv, is_run ? "+jo:h" : "jh", options, NULL)) != -1)
		switch (option) {
		case 'j': json = true; break;
		case 'o': output = optarg; break;
		case 'h': return show_usage("pal");
		default: return bad_usage("pal", "there is no option '%s', or it lacks its argument", argv[optind - 1]);
		}
	argc -= optind;
	argv += optind;
	if (output && !is_run)
		return bad_usage("pal", "-o is for pal run");
	if (is_run)
		return argc < 2 ? bad_usage("pal", "pal run wants a file and an entry point") : run(argc, argv, json, output);
	if (argc < 1 || (argc > 1 && !strcmp(what, "info")))
		return bad_usage("pal", "pal %s wants %s", what, strcmp(what, "info") ? "files" : "one file");
	return strcmp(what, "info") ? measure_files(argc, argv, json) : info(argv[0], json);
}
