/* SPDX-License-Identifier: MIT */
/* Made from stub.S by `make stubs`; do not edit. */
0x580000c0, 0xaa1f03e1, 0xaa1f03e2, 0xaa1f03e3, 0x58000084, 0xd61f0080,
