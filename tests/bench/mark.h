/* SPDX-License-Identifier: MIT */
/* Marks: instructions that do nothing, that no compiler makes, and that the emulator's plugin
 * (count.c) knows. Each has a number below 8.
 */
#ifndef MARK_H
#define MARK_H

/* arm64: hint #0x70 + N. ppc64: ori 20+N, 20+N, 0. */
#define MARK_ARM64 (0xd503201fu | 0x70 << 5)
#define MARK_PPC64 (0x60000000u | 20u << 21 | 20u << 16)

enum { BEGIN = 1, END = 2, JUMP = 3 };

#if defined __aarch64__
#define mark(n) __asm__ volatile(".inst %0" : : "i"(MARK_ARM64 + ((n) << 5)) : "memory")
#elif defined __powerpc64__
#define mark(n) __asm__ volatile(".long %0" : : "i"(MARK_PPC64 + (n)*0x210000u) : "memory")
#endif

/* For the plugin: an instruction's bytes, read as little endian; programs are. */
#define MARK_IS_ARM64(w) (((w)&0xffffff1f) == (MARK_ARM64))
#define MARK_IS_PPC64(w)                                                                           \
	(((w)&0xfc00ffff) == 0x60000000 && ((w) >> 21 & 31) == ((w) >> 16 & 31) &&                 \
	 ((w) >> 21 & 31) >= 20 && ((w) >> 21 & 31) < 28)
#define MARK(w)	       (MARK_IS_ARM64(w) || MARK_IS_PPC64(w))
#define MARK_NUMBER(w) (MARK_IS_ARM64(w) ? (w) >> 5 & 7 : ((w) >> 21 & 31) - 20)

/* A Linux kernel's first instruction: arm64 "MZ" (ccmp x18, #0, #13, pl); ppc64 48 00 00 08, which
 * is b +8, or tdi 0, r0, 0x48 in little endian.
 */
#define ENTRY(w) ((w) == 0xfa405a4du || (w) == 0x08000048u)

#endif
