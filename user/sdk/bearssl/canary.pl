#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# canary.pl OBJECT: Debian builds BearSSL with stack protector, so its code reads a
# canary at %fs:0x28. A PAL has no thread control block. Every such instruction gets
# the constant 0 in place of the memory operand, in the same number of bytes; pal-check
# refuses any %fs that would be left over.
use strict;
use warnings;

my $name = shift or die "usage: canary.pl OBJECT\n";
open(my $in, '<:raw', $name) or die "canary.pl: $name: $!\n";
my $object = do { local $/; <$in> };
close $in;

# REX.W(R) opcode ModRM(mod 0, reg, rm 4) SIB(25: disp32 alone) 28 00 00 00, after the FS prefix
my %group = (0x2b => 5, 0x33 => 6, 0x3b => 7);    # SUB, XOR, CMP r, r/m -> /digit of opcode 81
my $count = 0;
$object =~ s{\x64([\x48\x4c])([\x8b\x2b\x33\x3b])([\x04\x0c\x14\x1c\x24\x2c\x34\x3c])\x25\x28\0\0\0}{
	my $rex = ord($1) == 0x4c ? 0x49 : 0x48;    # the register moves from ModRM.reg to ModRM.rm
	my $reg = (ord($3) >> 3) & 7;
	my $operation = ord($2);
	my ($opcode, $digit) = $operation == 0x8b ? (0xc7, 0) : (0x81, $group{$operation});
	$count++;
	pack('CCCV', $rex, $opcode, 0xc0 | $digit << 3 | $reg, 0) . "\x66\x90";    # two-byte NOP
}gse;

open(my $out, '>:raw', $name) or die "canary.pl: $name: $!\n";
print $out $object;
close $out or die "canary.pl: $name: $!\n";
