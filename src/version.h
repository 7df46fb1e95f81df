/* SPDX-License-Identifier: MIT */
#define VERSION "0.1"
