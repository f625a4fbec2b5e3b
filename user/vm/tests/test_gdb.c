// SPDX-License-Identifier: MIT
/*
 * The GDB protocol over a fake CPU: packets, properties, random ones. With --serve it is a gdb server on stdin and
 * stdout: gdb -ex 'target remote | test_gdb --serve' (tests/run has a real gdb do that).
 */
#include <poll.h>
#include <stdarg.h>
#include <unistd.h>

#include "../vm.h"
#include "fake_cpu.h"
#include "tap.h"

static struct fake f;
static char answer[GDB_PACKET * 2];

static void feed(const char *body, size_t n)
{
	char frame[GDB_PACKET * 2 + 8];
	uint8_t sum = 0;
	size_t i;

	frame[0] = '$';
	memcpy(frame + 1, body, n);
	for (i = 0; i < n; i++)
		sum += (uint8_t)body[i];
	snprintf(frame + 1 + n, 4, "#%02x", sum);
	f.out_used = 0;
	f.out[0] = 0;
	gdb_receive(&f.gdb, frame, n + 4);
	fake_run(&f, 200);
}

/* The body of the last packet that came back: "+$body#xx". */
static const char *body_of(const char *out)
{
	const char *start = strrchr(out, '$');

	answer[0] = 0;
	if (start && strchr(start, '#'))
		snprintf(answer, sizeof(answer), "%.*s", (int)(strchr(start, '#') - start - 1), start + 1);
	return answer;
}

static __attribute__((format(printf, 1, 2))) const char *ask(const char *fmt, ...)
{
	char body[GDB_PACKET * 2];
	va_list args;

	va_start(args, fmt);
	vsnprintf(body, sizeof(body), fmt, args);
	va_end(args);
	feed(body, strlen(body));
	return body_of(f.out);
}

static bool is(const char *packet, const char *expected)
{
	const char *got = ask("%s", packet);

	if (!strcmp(got, expected))
		return true;
	printf("# %s: '%s', not '%s'\n", packet, got, expected);
	return false;
}

static void framing(void)
{
	const char *piece = "$m1000,4#8e";

	fake_init(&f);
	gdb_receive(&f.gdb, "noise\x03$m1000,4#00", 17);
	ok(!strcmp(f.out, "-"), "a wrong checksum is answered by -, noise and Ctrl-C while stopped by nothing");
	f.out_used = 0;
	gdb_receive(&f.gdb, "$m1000,4#zz", 11);
	ok(!strcmp(f.out, "-"), "a checksum that is no number, too");
	f.out_used = 0;
	for (; *piece; piece++)
		gdb_receive(&f.gdb, piece, 1);
	ok(!strcmp(f.out, "+$9048ffc0#34"), "a packet in pieces of a byte");
	f.out_used = 0;
	gdb_receive(&f.gdb, "-", 1);
	ok(!strcmp(f.out, "$9048ffc0#34"), "- has it sent again");
	is("QStartNoAckMode", "OK");
	ok(!strcmp(ask("?"), "T05thread:1;") && f.out[0] == '$', "?; no acknowledgement once it is agreed");
	gdb_receive(&f.gdb, "-", 1);
	ok(f.out[0] == '$' && !strchr(f.out + 1, '$'), "nor a repetition");
	memset(answer, 'a', sizeof(answer));
	feed(answer, GDB_PACKET + 100);
	ok(!strcmp(body_of(f.out), "E16"), "a packet that is too long is an error, and no more");
	ok(is("vUnknown", "") && is("qUnknown", "") && is("!", "") && is("", ""), "what is not known has an empty answer");
	ok(strstr(ask("qSupported:swbreak+"), "PacketSize=1000;") && strstr(answer, "qXfer:features:read+"), "qSupported");
}

static void threads(void)
{
	fake_init(&f);
	ok(is("qfThreadInfo", "m1,2") && is("qsThreadInfo", "l") && is("qC", "QC1"), "CPUs are threads 1 and 2");
	ok(is("Hg2", "OK") && is("qC", "QC2") && is("Hg0", "OK") && is("Hc-1", "OK") && is("Hg3", "E16") && is("Hg", "E16"), "H: another CPU");
	ok(!strncmp(ask("p10"), "0011000000000000", 16), "whose registers are then read");
	ok(is("T2", "OK") && is("T3", "E16") && is("T", "E16"), "T");
	ok(is("qThreadExtraInfo,2", "435055203031"), "their names");
}

static void registers(void)
{
	char all[GDB_PACKET], again[GDB_PACKET];
	unsigned int n, size, good = 0;
	struct gdb_regs regs;

	fake_init(&f);
	for (n = 0; n < sizeof(f.regs[0]); n++)
		((uint8_t *)&f.regs[0])[n] = (uint8_t)rand();
	regs = f.regs[0];
	strcpy(all, ask("g"));
	memset(&f.regs[0], 0, sizeof(regs));
	ok(!strcmp(ask("G%s", all), "OK"), "G takes what g gave");
	strcpy(again, ask("g"));
	ok(!strcmp(all, again), "and g gives it again");
	for (n = 0; n < gdb_nr_regs(); n++) {
		gdb_reg(&regs, n, &size);
		strcpy(all, ask("p%x", n));
		good += strlen(all) == size * 2 && (all[0] ^= all[0] == '5' ? 3 : all[0] ^ '5', true) &&
			!strcmp(ask("P%x=%s", n, all), "OK") && !strcmp(ask("p%x", n), all);
	}
	ok(good == gdb_nr_regs(), "p and P: every register alone");
	ok(is("p100", "E16") && is("P0=12", "E16") && is("P0", "E16") && is("G00", "E16") && is("p", "E16"), "registers that are none, values too short");
	f.refuse = true;
	ok(is("g", "E01") && is("P0=0000000000000000", "E01"), "a CPU that refuses");
}

static void description(void)
{
	char xml[8192];
	size_t used = 0, size, i, regs = 0;

	fake_init(&f);
	for (;;) {
		const char *part = ask("qXfer:features:read:target.xml:%zx,200", used);

		used += (size_t)sprintf(xml + used, "%s", part + 1);
		if (*part != 'm')
			break;
	}
	ok(!strcmp(xml, gdb_target_xml(&size)) && size == used, "target.xml in pieces is the whole one");
	for (i = 0; i < used; i++)
		regs += !strncmp(xml + i, "<reg ", 5);
	ok(regs == gdb_nr_regs() && strstr(xml, "\"cr3\"") && strstr(xml, "\"fs_base\"") && strstr(xml, "</target>"), "it has every register");
	ok(!strpbrk(xml, "}#$*"), "and no byte that would need an escape");
	ok(is("qXfer:features:read:other.xml:0,10", "E00") && is("qXfer:features:read:target.xml:ffff,10", "E16"), "other files, other places");
}

static void memory(void)
{
	fake_init(&f);
	ok(is("M2000,4:deadbeef", "OK") && is("m2000,4", "deadbeef"), "M and m");
	feed("X2000,3:}\x03}\x5d!", 13);
	ok(!strcmp(body_of(f.out), "OK") && is("m2000,4", "237d21ef"), "X, with escapes");
	ok(is("m7ffe,4", "0000") && is("m8000,4", "E0e") && is("mffff,9", "00"), "m: what can be read of it");
	ok(is("M7ffe,4:01020304", "E0e") && is("m7ffe,2", "0000"), "M: all or nothing");
	ok(is("M2000,4:dead", "E16") && is("M2000,1:deadbeef", "E16") && is("m2000", "E16") && is("mzz,4", "E16") &&
	   is("M2000,ffffffffffffffff:", "E16") && is("m11112222333344445,1", "E16"), "wrong ones");
	ok(strlen(ask("m0,ffffffffffffffff")) == GDB_PACKET, "as much as a packet holds");
	ok(is("mffffffffffffffff,2", "E0e"), "the last byte of all");
}

static void running(void)
{
	fake_init(&f);
	ok(is("s", "T05thread:1;") && f.regs[0].rip == 0x1001 && f.actions[1] == GDB_STAY, "s: one instruction");
	ok(is("vCont;s:1", "T05thread:1;") && f.regs[0].rip == 0x1004, "vCont;s:1");
	ok(is("Z0,1004,1", "OK") && is("Z0,1004,1", "OK") && f.memory[0x1004] == 0xcc && is("m1004,1", "90"), "Z0: int3 in memory, not in what is read");
	ok(is("z0,1004,1", "OK") && is("z0,1004,1", "OK") && f.memory[0x1004] == 0x90, "z0: it is gone");
	is("Z0,1001,1", "OK");
	ok(is("c", "T05swbreak:;thread:1;") && f.regs[0].rip == 0x1001, "c: to the breakpoint");
	is("M1001,1:41", "OK");
	ok(f.memory[0x1001] == 0xcc && is("m1001,1", "41") && is("z0,1001,1", "OK") && f.memory[0x1001] == 0x41, "a byte written under a breakpoint");
	fake_init(&f);
	f.memory[0x1004] = 0xcc;
	ok(is("c", "") && f.gdb.running && f.own, "an int3 of the guest is the guest's");
	ok(is("g", "E01"), "nothing is read while it runs");
	f.out_used = 0;
	gdb_receive(&f.gdb, "\x03", 1);
	fake_run(&f, 10);
	ok(!strcmp(body_of(f.out), "T02thread:1;") && !f.gdb.running, "Ctrl-C");
	fake_init(&f);
	ok(is("Z1,1004,1", "OK") && is("c", "T05hwbreak:;thread:1;") && f.regs[0].rip == 0x1004 && f.memory[0x1004] == 0x90, "Z1: the debug register");
	ok(is("z1,1004,1", "OK") && is("Z2,2000,1", "OK") && is("c", "T05watch:2000;thread:1;") && f.regs[0].rip == 0x100c, "Z2: a write");
	ok(is("z2,2000,1", "OK") && is("Z4,2000,8", "OK") && is("c", "T05awatch:2000;thread:1;"), "Z4: eight bytes");
	ok(is("z4,2000,8", "OK") && is("Z3,2000,4", "OK") && is("c", "T05rwatch:2000;thread:1;"), "Z3");
	fake_init(&f);
	ok(is("Z1,1004,1", "OK") && is("Z2,2000,2", "OK") && is("Z4,2000,8", "OK") && is("c", "T05hwbreak:;thread:1;") &&
	   f.debug[0].dr7 == 0x0b50042a && f.debug[1].dr7 == 0x0b50042a && f.debug[0].dr[0] == 0x1004, "DR7: R/W and LEN as the SDM has them");
	is("z1,1004,1", "OK"), is("z2,2000,2", "OK"), is("z4,2000,8", "OK");
	ok(is("Z2,3001,2", "E16") && is("Z2,3000,3", "E16") && is("Z9,3000,1", "") && is("Z0,8000,1", "E0e") && is("Z0", "E16"), "those that cannot be");
	ok(is("Z1,5,1", "OK") && is("Z1,1,1", "OK") && is("Z1,2,1", "OK") && is("Z1,3,1", "OK") && is("Z1,4,1", "E1c"), "a fifth debug register");
	ok(is("vCont;s:7", "E16") && is("vCont", "E16") && is("vCont;", "E16") && is("vCont;x", "E16") && is("c zz", "E16"), "wrong resumptions");
	fake_init(&f);
	f.memory[0x1100] = f.memory[0x1101] = 0x90;
	ok(is("vCont;s:2", "T05thread:2;") && f.regs[0].rip == 0x1000 && f.regs[1].rip == 0x1101, "one CPU steps, the other one stays");
	ok(is("s1000", "T05thread:2;") && f.regs[1].rip == 0x1001, "s with an address");
	f.regs[1].rip = 0x1100;
	ok(is("vCont;s", "T05thread:1;") && is("c", "T05thread:2;") && f.goes == 3, "two stops of one moment are told one after the other");
	f.refuse = true;
	ok(is("vCont;c", "E01") && !f.gdb.running, "a CPU that cannot be armed");
}

static void ends(void)
{
	fake_init(&f);
	is("Z0,1001,1", "OK"), is("Z1,1004,1", "OK");
	ok(is("D", "OK") && f.memory[0x1001] == 0x48 && f.actions[0] == GDB_CONTINUE && f.actions[1] == GDB_CONTINUE && !f.debug[0].on, "D: no trace stays, all run");
	ok(is("g", ""), "after it nobody is served");
	fake_init(&f);
	ask("k");
	ok(f.quit, "k");
	fake_init(&f);
	ask("c");
	f.out_used = 0;
	gdb_exited(&f.gdb, 0x55);
	ok(!strcmp(f.out, "$W55#c1"), "the guest's end");
}

/* Reads never show a breakpoint, and after the detachment memory is as a plain model says. */
static void memory_property(void)
{
	uint8_t model[0x100];
	unsigned int i, round, good = 0;

	srand(7);
	for (round = 0; round < 200; round++) {
		bool same = true;

		fake_init(&f);
		memset(model, 0, sizeof(model));
		for (i = 0; i < 60; i++) {
			unsigned int at = (unsigned int)rand() % 0xf0, byte = (unsigned int)rand() & 0xff;

			switch (rand() % 3) {
			case 0: ask("Z0,%x,1", 0x3000 + at); break;
			case 1: ask("z0,%x,1", 0x3000 + at); break;
			default:
				ask("M%x,2:%02x90", 0x3000 + at, byte);
				model[at] = (uint8_t)byte;
				model[at + 1] = 0x90;
			}
		}
		for (i = 0; i < sizeof(model); i++)
			same &= strtoul(ask("m%x,1", 0x3000 + i), NULL, 16) == model[i];
		ask("D");
		good += same && !memcmp(f.memory + 0x3000, model, sizeof(model));
	}
	ok(good == 200, "breakpoints hide nothing and leave nothing");
}

/* Valid packets changed at random, and noise: an answer or a run for each while it stands. */
static void fuzz(unsigned int rounds)
{
	static const char *const seeds[] = {
		"?", "g", "p10", "P0=0011223344556677", "m1000,20", "M2000,4:deadbeef", "X2000,3:abc", "c", "s", "vCont;c", "vCont;s:1;c:2",
		"vCont?", "Z0,1001,1", "z0,1001,1", "Z1,1004,1", "Z2,2000,4", "Z3,2000,8", "Z4,2000,1", "z2,2000,4", "qSupported", "qC",
		"qfThreadInfo", "qXfer:features:read:target.xml:0,fff", "Hg1", "Hc-1", "T1", "qThreadExtraInfo,2", "c1000",
	};
	unsigned int i, silent = 0;

	srand(11);
	fake_init(&f);
	for (i = 0; i < rounds; i++) {
		const char *seed = seeds[(unsigned int)rand() % ARRAY_SIZE(seeds)];
		char body[64];
		size_t n = strlen(seed), changes = (size_t)rand() % 4;

		memcpy(body, seed, n);
		while (changes--)
			body[(size_t)rand() % n] = (char)(rand() % 3 ? "0123456789abcdef,;:}+-"[rand() % 22] : rand());
		if (rand() % 8 == 0)
			n = (size_t)rand() % n;
		if (memchr(body, '#', n) || memchr(body, '$', n) || (n && (body[0] == 'k' || body[0] == 'D')))
			continue;
		feed(body, n);
		silent += !f.gdb.running && !strchr(f.out, '$');
		if (f.gdb.running) {
			f.out_used = 0;
			gdb_receive(&f.gdb, "\x03", 1);
			fake_run(&f, 1);
			silent += !strchr(f.out, '$');
		}
		if (i % 16 == 0) {
			for (n = 0; n < sizeof(body); n++)
				body[n] = (char)rand();
			if (!memchr(body, 'k', sizeof(body)) && !memchr(body, 'D', sizeof(body)))
				gdb_receive(&f.gdb, body, sizeof(body));
			gdb_receive(&f.gdb, "#00", 3);
			fake_run(&f, 5);
			gdb_receive(&f.gdb, "\x03", 1);
			fake_run(&f, 1);
		}
		if (i % 4096 == 0)
			fake_init(&f);
	}
	if (!ok(!silent, "random packets: each has an answer"))
		printf("# %u had none\n", silent);
}

static int serve(void)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	char bytes[256];
	ssize_t n;

	fake_init(&f);
	while (!f.quit && !f.gdb.detached) {
		if (poll(&in, 1, f.gdb.running ? 1 : -1) > 0) {
			n = read(STDIN_FILENO, bytes, sizeof(bytes));
			if (n <= 0)
				return 1;
			gdb_receive(&f.gdb, bytes, (size_t)n);
		}
		fake_run(&f, 100);
		if (f.out_used && write(STDOUT_FILENO, f.out, f.out_used) < 0)
			return 1;
		f.out_used = 0;
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "--serve"))
		return serve();
	framing();
	threads();
	registers();
	description();
	memory();
	running();
	ends();
	memory_property();
	fuzz(argc > 1 ? (unsigned int)atoi(argv[1]) : 200000);
	return tap_done();
}
