// SPDX-License-Identifier: GPL-2.0
/* `underpin decode`: a fatal record in words, with functions, lines and a call trace. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "record.h"
#include "symbols.h"

#define MAX_FRAMES (CORE_FATAL_STACK + 1)

struct decoded {
	struct core_fatal record;
	struct symbols *symbols;	/* NULL: none */
	uint64_t trace[MAX_FRAMES];
	size_t nr_trace;
	/* words of the stack that look like return addresses but are not in the trace */
	uint64_t maybe[CORE_FATAL_STACK];
	size_t nr_maybe;
};

static const char *const exceptions[32] = {
	"#DE divide error", "#DB debug", "NMI", "#BP breakpoint", "#OF overflow", "#BR bound range",
	"#UD invalid opcode", "#NM no x87 device", "#DF double fault", "coprocessor overrun", "#TS invalid TSS",
	"#NP segment not present", "#SS stack segment", "#GP general protection", "#PF page fault", "vector 15",
	"#MF x87 error", "#AC alignment check", "#MC machine check", "#XM SIMD error", "#VE virtualization",
	"#CP control protection", [22 ... 31] = "reserved exception",
};

static const char *const registers[16] = { "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
					   "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15" };

/* SDM vol. 3, table 31-1. */
static const char *instruction_error(uint64_t number)
{
	static const char *const names[] = {
		[1] = "VMCALL in root", [2] = "VMCLEAR: bad address", [3] = "VMCLEAR of the VMXON region",
		[4] = "VMLAUNCH: VMCS is not clear", [5] = "VMRESUME: VMCS is not launched",
		[6] = "VMRESUME after VMXOFF", [7] = "entry: invalid control fields",
		[8] = "entry: invalid host state", [9] = "VMPTRLD: bad address",
		[10] = "VMPTRLD of the VMXON region", [11] = "VMPTRLD: bad revision",
		[12] = "VMREAD or VMWRITE: no such field", [13] = "VMWRITE to a read-only field",
		[15] = "VMXON in root", [26] = "entry: blocked by MOV SS", [28] = "INVEPT or INVVPID: bad operand",
	};

	return number < sizeof(names) / sizeof(names[0]) && names[number] ? names[number] : "see SDM 31.4";
}

static void cause(const struct core_fatal *r, char *text, size_t size)
{
	if (r->vector < 32)
		snprintf(text, size, "%s in the core, error code 0x%llx", exceptions[r->vector],
			 (unsigned long long)r->error_code);
	else if (r->vector < 256)
		snprintf(text, size, "vector %u in the core", r->vector);
	else	/* r->text says which */
		snprintf(text, size, "no exception, reason %u", r->vector - 256);
}

/* Is there a CALL before that address? E8 rel32; FF /2 in its lengths. */
static bool follows_call(const struct symbols *s, uint64_t address)
{
	unsigned char b[7];
	int length;

	if (!symbols_read(s, address - sizeof(b), b, sizeof(b)))
		return false;
	if (b[2] == 0xe8)
		return true;
	for (length = 2; length <= 7; length++)
		if (b[7 - length] == 0xff && (b[8 - length] >> 3 & 7) == 2)
			return true;
	return false;
}

static void trace(struct decoded *d)
{
	const struct core_fatal *r = &d->record;
	size_t i, k;

	if (!r->rip)	/* no exception in the core: nothing was executing there */
		return;
	if (!d->symbols) {
		d->trace[d->nr_trace++] = r->rip;
		return;
	}
	d->nr_trace = symbols_unwind(d->symbols, r, d->trace, MAX_FRAMES);
	for (i = 0; i < r->stack_words; i++) {
		char name[8];

		if (!symbols_name(d->symbols, r->stack[i], name, sizeof(name)) ||
		    !follows_call(d->symbols, r->stack[i]))
			continue;
		for (k = 0; k < d->nr_trace && d->trace[k] != r->stack[i]; k++)
			;
		if (k == d->nr_trace)
			d->maybe[d->nr_maybe++] = r->stack[i];
	}
}

/*
 * A return address is the instruction after the call; the call itself is what
 * the reader wants to see (it may be the last of a function or a line).
 */
static uint64_t place_of(size_t frame, uint64_t address)
{
	return frame ? address - 1 : address;
}

static void print_inlined(void *data, const char *function, const char *file, int line)
{
	(void)data;
	printf("\n        in %s(), inlined at %s:%d", function, file, line);
}

static void print_place(const struct symbols *s, const char *label, uint64_t address, uint64_t place)
{
	char text[512];

	printf("  %-4s %016llx", label, (unsigned long long)address);
	if (s && symbols_name(s, place, text, sizeof(text))) {
		printf(" %s", text);
		if (symbols_line(s, place, text, sizeof(text)))
			printf(" (%s)", text);
		symbols_inlined(s, place, print_inlined, NULL);
	}
	putchar('\n');
}

static void as_text(const struct decoded *d)
{
	const struct core_fatal *r = &d->record;
	char text[160], label[16];
	size_t i;

	cause(r, text, sizeof(text));
	printf("fatal error of the core on CPU slot %u: %s\n", r->cpu, text);
	if (r->text[0])
		printf("the core says: %s\n", r->text);
	printf("afterwards: %s\n", r->recovered ? "the guest got an exception and went on" : "this CPU stopped");
	printf("build       %s\n", hex_text(r->build_id, sizeof(r->build_id), text));
	if (r->vector == 14)
		printf("address     %016llx (CR2)\n", (unsigned long long)r->cr2);
	puts(d->nr_trace ? "call trace:" : "call trace: none (the record has no RIP)");
	for (i = 0; i < d->nr_trace; i++) {
		snprintf(label, sizeof(label), "#%zu", i);
		print_place(d->symbols, label, d->trace[i], place_of(i, d->trace[i]));
	}
	if (d->nr_maybe)
		puts("also on the stack, perhaps left over:");
	for (i = 0; i < d->nr_maybe; i++)
		print_place(d->symbols, "?", d->maybe[i], place_of(1, d->maybe[i]));
	printf("registers: rip %016llx rsp %016llx rflags %08llx\n", (unsigned long long)r->rip,
	       (unsigned long long)r->rsp, (unsigned long long)r->rflags);
	for (i = 0; i < 16; i++)
		printf("  %-3s %016llx%s", registers[i], (unsigned long long)r->gpr[i], i % 4 == 3 ? "\n" : "");
	printf("the exit: %s (%llu%s), qualification %llx, guest-physical %llx, IDT vectoring %llx\n",
	       exit_reason_name((unsigned int)(r->exit_reason & 0xffff)), (unsigned long long)(r->exit_reason & 0xffff),
	       r->exit_reason >> 31 & 1 ? ", entry failed" : "", (unsigned long long)r->exit_qualification,
	       (unsigned long long)r->guest_physical, (unsigned long long)r->idt_vectoring);
	if (r->vm_instruction_error)
		printf("VMX instruction error %llu: %s\n", (unsigned long long)r->vm_instruction_error,
		       instruction_error(r->vm_instruction_error));
	printf("the guest: rip %016llx rsp %016llx efer %llx\n           cr0 %llx cr3 %llx cr4 %llx\n",
	       (unsigned long long)r->guest_rip, (unsigned long long)r->guest_rsp,
	       (unsigned long long)r->guest_efer, (unsigned long long)r->guest_cr0,
	       (unsigned long long)r->guest_cr3, (unsigned long long)r->guest_cr4);
}

static void json_hex(struct json_object *object, const char *key, uint64_t value)
{
	char text[20];

	snprintf(text, sizeof(text), "0x%llx", (unsigned long long)value);
	json_set_text(object, key, text);
}

static struct json_object *json_place(const struct symbols *s, uint64_t address, uint64_t place)
{
	struct json_object *object = json_object_new_object();
	char text[512];

	json_hex(object, "address", address);
	if (s && symbols_name(s, place, text, sizeof(text)))
		json_set_text(object, "function", text);
	if (s && symbols_line(s, place, text, sizeof(text)))
		json_set_text(object, "line", text);
	return object;
}

static void as_json(const struct decoded *d)
{
	struct json_object *root = json_object_new_object(), *list, *regs;
	const struct core_fatal *r = &d->record;
	char text[160];
	size_t i;

	json_set_int(root, "cpu", r->cpu);
	cause(r, text, sizeof(text));
	json_set_text(root, "cause", text);
	json_set_field(root, "text", r->text, sizeof(r->text));
	json_set_bool(root, "recovered", r->recovered);
	json_set_text(root, "build_id", hex_text(r->build_id, sizeof(r->build_id), text));
	json_hex(root, "cr2", r->cr2);
	list = json_object_new_array();
	for (i = 0; i < d->nr_trace; i++)
		json_object_array_add(list, json_place(d->symbols, d->trace[i], place_of(i, d->trace[i])));
	json_object_object_add(root, "trace", list);
	list = json_object_new_array();
	for (i = 0; i < d->nr_maybe; i++)
		json_object_array_add(list, json_place(d->symbols, d->maybe[i], place_of(1, d->maybe[i])));
	json_object_object_add(root, "also_on_stack", list);
	regs = json_object_new_object();
	json_hex(regs, "rip", r->rip);
	json_hex(regs, "rflags", r->rflags);
	for (i = 0; i < 16; i++)
		json_hex(regs, registers[i], i == 4 ? r->rsp : r->gpr[i]);
	json_object_object_add(root, "registers", regs);
	json_set_text(root, "exit", exit_reason_name((unsigned int)(r->exit_reason & 0xffff)));
	json_hex(root, "exit_reason", r->exit_reason);
	json_hex(root, "exit_qualification", r->exit_qualification);
	json_hex(root, "guest_physical", r->guest_physical);
	json_hex(root, "idt_vectoring", r->idt_vectoring);
	json_set_int(root, "vm_instruction_error", r->vm_instruction_error);
	json_hex(root, "guest_rip", r->guest_rip);
	json_hex(root, "guest_rsp", r->guest_rsp);
	json_hex(root, "guest_cr0", r->guest_cr0);
	json_hex(root, "guest_cr3", r->guest_cr3);
	json_hex(root, "guest_cr4", r->guest_cr4);
	json_hex(root, "guest_efer", r->guest_efer);
	print_json(root);
}

/*
 * The build id is put into the flat image after linking (core/Makefile), so
 * the ELF file has zeros there and core.bin beside it has the id.
 */
static bool build_of_symbols(const char *elf, uint8_t id[20])
{
	const char *end = strrchr(elf, '.');
	char path[4096];
	bool got = false;
	FILE *file;

	if (end && snprintf(path, sizeof(path), "%.*s.bin", (int)(end - elf), elf) < (int)sizeof(path)) {
		file = fopen(path, "re");
		if (file) {
			got = !fseek(file, offsetof(struct core_image_header, build_id), SEEK_SET) &&
			      fread(id, 20, 1, file) == 1;
			fclose(file);
		}
	}
	return got;
}

/* Symbols of another build mislead: compare what both say of themselves. */
static void warn_if_other_build(const struct decoded *d, const char *elf)
{
	const uint64_t at = CORE_IMAGE_BASE + offsetof(struct core_image_header, build_id);
	uint8_t id[20];

	if (!symbols_read(d->symbols, at, id, sizeof(id)) || all_zero(id, sizeof(id)))
		if (!build_of_symbols(elf, id))
			return;
	if (!all_zero(id, sizeof(id)) && !all_zero(d->record.build_id, sizeof(id)) &&
	    memcmp(id, d->record.build_id, sizeof(id)))
		complain("warning: the record is of another build than the symbols; names and lines may be wrong");
}

static const char *find_symbols(void)
{
	static const char *const places[] = { "core/core.elf", UNDERPIN_PREFIX "/lib/underpin/core.elf" };
	size_t i;

	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (!access(places[i], R_OK))
			return places[i];
	return NULL;
}

static int decode(const char *file, const char *symbols, bool json)
{
	struct decoded d = { 0 };
	const char *why;

	if (!record_read(file, &d.record))
		return STATUS_FAILED;
	if (!symbols)
		symbols = find_symbols();
	if (symbols) {
		d.symbols = symbols_open(symbols, &why);
		if (!d.symbols)
			return complain("cannot take symbols from %s: %s; name the core.elf of that build", symbols, why);
		warn_if_other_build(&d, symbols);
	} else {
		complain("warning: no symbols: give --symbols core/core.elf of that build to see functions and lines");
	}
	trace(&d);
	if (json)
		as_json(&d);
	else
		as_text(&d);
	symbols_close(d.symbols);
	return STATUS_OK;
}

int cmd_decode(int argc, char **argv)
{
	static const struct option options[] = {
		{ "symbols", required_argument, NULL, 's' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL },
	};
	const char *symbols = NULL;
	bool json = false;
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "s:jh", options, NULL)) != -1)
		switch (option) {
		case 's':
			symbols = optarg;
			break;
		case 'j':
			json = true;
			break;
		case 'h':
			return show_usage("decode");
		default:
			return bad_usage("decode", "there is no option '%s', or its value is missing", argv[optind - 1]);
		}
	if (argc - optind > 1)
		return bad_usage("decode", "one record at a time: unexpected argument '%s'", argv[optind + 1]);
	return decode(optind < argc ? argv[optind] : NULL, symbols, json);
}
