/* SPDX-License-Identifier: MIT */
/*
 * Included before everything by the compiler (-include): what is declared and
 * not defined here is inside of the PAL too, so its address is a distance, not
 * an entry of a table that the loader fills in.
 */
#pragma GCC visibility push(hidden)
