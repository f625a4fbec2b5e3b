// SPDX-License-Identifier: MIT
/*
 * A guest of the machine's test: a kernel of Multiboot 1, or 2 with -DMB2. Says on COM1 what it was given, each line
 * "yes" or "no", waits in spin() if the command line has "wait", and ends through port 0xf4 with the number of "no".
 */
typedef unsigned int u32;
typedef unsigned long long u64;

#ifdef MB2
#define MAGIC 0x36d76289u
#define NAME "multiboot2"
__attribute__((section(".header"), used, aligned(8)))
static const u32 header[] = { 0xe85250d6, 0, 24, -(0xe85250d6 + 0 + 24), 0, 8 };
#else
#define MAGIC 0x2badb002u
#define NAME "multiboot1"
__attribute__((section(".header"), used, aligned(8)))
static const u32 header[] = { 0x1badb002, 3, -(0x1badb002 + 3) };
#endif

__asm__(".text\n.globl _start\n_start:\tmov $stack_end, %esp\n\tpush %ebx\n\tpush %eax\n\tcall kernel\n"
	".bss\n\t.space 4096\nstack_end:\n.text\n"
	/*
	 * For a debugger, at 0x100800: counter (0x100900) goes up until someone writes go (0x100904). With interrupts on,
	 * because Bochs 2.7 does not exit for one that comes while the guest has them off (selftests/vm/README.md).
	 */
	".section .spin, \"awx\"\nspin:\tincl counter\n\tcmpl $0, go\n\tje spin\n\tret\n"
	"\t.org 0x100\ncounter:\t.long 0\ngo:\t.long 0\n.text\n");
void spin(void);
void kernel(u32 magic, const u32 *info);

static void out(unsigned short port, unsigned char v) { __asm__ volatile("outb %0, %1" : : "a"(v), "Nd"(port)); }

static void say(const char *text)
{
	while (*text)
		out(0x3f8, (unsigned char)*text++);
}

static u32 refused;
static void check(int good, const char *what)
{
	say(NAME ": ");
	say(what);
	say(good ? ": yes\n" : ": no\n");
	refused += !good;
}

static int has(const char *text, const char *word)
{
	const char *a, *b;

	for (; *text; text++) {
		for (a = text, b = word; *b && *a == *b; a++, b++)
			;
		if (!*b)
			return 1;
	}
	return 0;
}

/* RAM from 1 MiB on is what --mem 32M leaves; the VGA hole is none. */
static int ram_from_1m, hole_is_ram;
static void range(const u64 *start, u32 type)
{
	if (type == 1 && start[0] == 0x100000 && start[1] == 31 << 20)
		ram_from_1m = 1;
	if (type == 1 && start[0] < 0x100000 && start[0] + start[1] > 0xa0000)
		hole_is_ram = 1;
}

static const char *command = "";
static u32 module, module_end;

#ifdef MB2
static void read(const u32 *info)
{
	const u32 *tag, *entry;

	for (tag = info + 2; tag[0]; tag += (tag[1] + 7) / 8 * 2) {
		if (tag[0] == 1)
			command = (const char *)(tag + 2);
		if (tag[0] == 3)
			module = tag[2], module_end = tag[3];
		if (tag[0] == 6)
			for (entry = tag + 4; (char *)entry < (char *)tag + tag[1]; entry += tag[2] / 4)
				range((const u64 *)entry, entry[4]);
	}
}
#else
static void read(const u32 *info)
{
	const u32 *entry;

	if (info[0] & 4)
		command = (const char *)info[4];
	if (info[0] & 8 && info[5] == 1) {
		module = ((const u32 *)info[6])[0];
		module_end = ((const u32 *)info[6])[1];
	}
	if (info[0] & 64)
		for (entry = (const u32 *)info[12]; (u32)entry < info[12] + info[11]; entry += entry[0] / 4 + 1)
			range((const u64 *)(entry + 1), entry[5]);
}
#endif

void kernel(u32 magic, const u32 *info)
{
	volatile u32 *bios = (u32 *)0xf0000;
	u32 before;

	check(magic == MAGIC, "magic");
	if (magic == MAGIC)
		read(info);
	check(has(command, "word"), "command line");
	check(module_end - module == 7 && has((const char *)module, "module"), "module");
	check(ram_from_1m && !hole_is_ram, "memory map");
	before = *bios;
	*bios = ~before;
	check(before && *bios == before, "read-only BIOS area");
	if (has(command, "wait")) {
		out(0x21, 0xff);	/* the PICs stay silent: there is no IDT */
		out(0xa1, 0xff);
		__asm__ volatile("sti");
		spin();
		__asm__ volatile("cli");
	}
	out(0xf4, (unsigned char)(0x20 + refused));
	for (;;)
		__asm__ volatile("hlt");
}
