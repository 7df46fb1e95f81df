# SPDX-License-Identifier: MIT
# kexec-lite. To use it: make, make install. To work on it: make demo, make check.
#
#	make			build/kexec-lite, with this system's compiler and libraries
#	make install		that program, its manual and its completion; KEXEC=1: also as kexec
#	make install-strip	the same, without debugging information
#	make clean, distclean	removes what was made, with what the lab fetched
#	make check-quick	the tests that need nothing but a compiler, these libraries and bats
#	make dist		a tarball of the sources, and packaging/ for it, in build/release; URL= where it will be
#
# CC= or CROSS_COMPILE=aarch64-linux-gnu- choose the target. CFLAGS, CPPFLAGS, LDFLAGS, LDLIBS, PKG_CONFIG,
# DESTDIR, PREFIX, sbindir, datadir and mandir are what they are everywhere; GZIP=, ZSTD=, XZ= or LZ4=
# leaves a format out, ARCHS="arm64 ppc64" says which machines it boots, BUILD=build where products go.
# These fetch and install nothing. The others first fetch what they need, as `make lab` does:
#
#	make lab		all packages, kernels, sources and libraries that any of them needs
#	make demo [ARCH=ppc64]	boot, load, jump, in the emulator
#	make check		all tests
#	make newest		tests on the newest kernel that Debian has the sources of; builds it first
#	make release		static programs for arm64 and ppc64le, what is in them, and make dist
#	make packages		Debian packages in clean chroots: built, checked, installed, removed; needs root
#	make server		a Debian server for arm64 in the emulator, which reboots with these; needs root
#	make sanitize		build/sanitize/kexec-lite, with ASan and UBSan
#	make fuzz		every fuzzer for FUZZ_SECONDS=60, then FUZZ_CASES=1000000 random machines
#	make corpus		plans for all device trees of the kernel packages, and judges them
#	make coverage		branches that the tests of this machine take
#	make analyze		cppcheck, gcc -fanalyzer, clang-tidy
#	make boots [BOOTS=10]	random machines and requests, real kernels: SEED=1 on, ARCH=arm64, JOBS=1
#	make soak [SOAK=200]	a long row of kexecs in one guest of each architecture
#	make bench		measures; make bench-doc puts the result into doc/performance.md
#	make stubs		arch/*/stub_words.h from stub.S

# Everything that names the version takes it from there.
VERSION := $(shell sed -n 's/.*VERSION "\(.*\)"/\1/p' src/version.h)

MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:
.SUFFIXES:

PREFIX ?= /usr/local
sbindir ?= $(PREFIX)/sbin
datadir ?= $(PREFIX)/share
mandir ?= $(datadir)/man
BUILD ?= build

ifeq ($(origin CC),default)
CC := $(if $(CROSS_COMPILE),$(CROSS_COMPILE)gcc,cc)
endif
STRIP ?= $(CROSS_COMPILE)strip
INSTALL ?= install
PKG_CONFIG ?= $(or $(shell command -v $(CROSS_COMPILE)pkg-config 2>/dev/null),pkg-config)

GZIP = 1
ZSTD = 1
XZ = 1
LZ4 = 1
FORMATS := $(if $(GZIP),gzip) $(if $(ZSTD),zstd) $(if $(XZ),xz) $(if $(LZ4),lz4)
PACKAGES := $(if $(GZIP),zlib) $(if $(ZSTD),libzstd) $(if $(XZ),liblzma) $(if $(LZ4),liblz4)
ARCHS = arm64 ppc64

# Pure code, which touches no system, and edges are told apart by their folders.
UNPACK := $(wildcard src/formats/unpack_*.c)
PURE := $(filter-out $(UNPACK),$(wildcard src/base/*.c dt/*.c src/formats/*.c src/plan/*.c arch/*.c)) \
	$(wildcard $(ARCHS:%=arch/%/*.c)) $(FORMATS:%=src/formats/unpack_%.c)
EDGE := $(wildcard src/sys/*.c src/*.c)
OBJECTS := $(patsubst %.c,$(BUILD)/obj/%.o,$(sort $(PURE) $(EDGE)))

# Ours come first, so that those of whoever builds win.
CFLAGS ?= -O2 -g -D_FORTIFY_SOURCE=2
WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes $(if $(WERROR),-Werror)
ALL_CPPFLAGS = -D_GNU_SOURCE -I. $(INCLUDES) $(CPPFLAGS)
ALL_CFLAGS = -std=c11 $(WARNINGS) -fstack-protector-strong -fPIE -ffile-prefix-map=$(CURDIR)=. $(CFLAGS)
ALL_LDFLAGS = $(if $(filter -static -static-pie -no-pie,$(LDFLAGS)),,-pie) -Wl,-z,relro,-z,now,-z,noexecstack $(LDFLAGS)
ALL_LIBS = $(LIBS) $(LDLIBS)
# Our warnings are not for others' headers.
INCLUDES := $(patsubst -I%,-isystem %,$(shell $(PKG_CONFIG) --cflags $(PACKAGES)) \
	$(shell $(PKG_CONFIG) --cflags libfdt 2>/dev/null))
# Debian's libfdt-dev, as of version 13, comes without a file for pkg-config.
LIBS := $(shell $(PKG_CONFIG) --libs $(PACKAGES)) $(shell $(PKG_CONFIG) --libs libfdt 2>/dev/null || echo -lfdt)

.PHONY: all install install-strip clean distclean check-quick dist FORCE
all: $(BUILD)/kexec-lite

$(BUILD)/kexec-lite: $(OBJECTS)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $(OBJECTS) $(ALL_LIBS)

$(BUILD)/obj/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

-include $(OBJECTS:.o=.d)

# Changes when a command would, so that everything is made anew.
$(BUILD)/flags: export FLAGS = $(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(ALL_LIBS)
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@echo "$$FLAGS" | cmp -s - $@ || echo "$$FLAGS" >$@

$(BUILD)/kexec-lite.8: doc/kexec-lite.8 src/version.h
	@mkdir -p $(@D)
	sed 's/@VERSION@/$(VERSION)/' $< >$@

install: all $(BUILD)/kexec-lite.8
	$(INSTALL) -D $(INSTALL_STRIP) -m 755 $(BUILD)/kexec-lite $(DESTDIR)$(sbindir)/kexec-lite
	$(INSTALL) -D -m 644 $(BUILD)/kexec-lite.8 $(DESTDIR)$(mandir)/man8/kexec-lite.8
	$(INSTALL) -D -m 644 doc/kexec-lite.bash $(DESTDIR)$(datadir)/bash-completion/completions/kexec-lite
ifdef KEXEC
	ln -sf kexec-lite $(DESTDIR)$(sbindir)/kexec
	ln -sf kexec-lite.8 $(DESTDIR)$(mandir)/man8/kexec.8
endif

install-strip: INSTALL_STRIP = -s --strip-program=$(STRIP)
install-strip: install

clean:
	if [ -d $(BUILD) ]; then find $(BUILD) -mindepth 1 -maxdepth 1 ! -name lab -exec rm -rf {} +; fi

distclean:
	rm -rf $(BUILD)

check-quick: all
	tests/unit/run system
	KEXEC_LITE=$(abspath $(BUILD))/kexec-lite bats tests/quick

dist:
	packaging/dist

# What follows is for those who work on kexec-lite.
.PHONY: lab demo check newest release packages server sanitize fuzz corpus coverage analyze boots soak bench bench-doc stubs

lab:
	tests/lab/all

demo:
	tests/demo $(or $(ARCH),arm64)

check:
	tests/check

# the newest kernel that Debian has the sources of, built first: about 10 minutes
newest:
	tests/lab/kernel arm64-newest
	tests/lab/kernel ppc64le-newest
	tests/check tests/newest/*.bats

release:
	tests/lab/release

packages:
	tests/packages/run

server:
	tests/packages/run arm64
	tests/server/run arm64

SANITIZERS := -fsanitize=address,undefined -fno-sanitize-recover=all
sanitize:
	$(MAKE) BUILD=$(BUILD)/sanitize WERROR=1 CFLAGS="-g -O1 -fno-omit-frame-pointer $(SANITIZERS)"

FUZZ_SECONDS ?= 60
FUZZ_CASES ?= 1000000
fuzz:
	tests/fuzz/run all $(FUZZ_SECONDS) $(FUZZ_CASES)

corpus: all
	tests/corpus/run

coverage:
	tests/coverage/run

analyze:
	tests/build/analyze

# two emulators at a time, JOBS=2, where two CPUs have nothing else to do
boots:
	tests/lab/all check
	tests/lab/binaries
	tests/boots/many $(if $(ARCH),--arch=$(ARCH)) --jobs=$(or $(JOBS),1) --first=$(or $(SEED),1) $(or $(BOOTS),10)

soak:
	tests/boot/soak $(or $(SOAK),200)

bench:
	tests/bench/run

bench-doc:
	cp build/bench/performance.md build/bench/performance.svg build/bench/downtime.svg doc/

stubs:
	tests/build/stubs arch/arm64
	tests/build/stubs arch/ppc64

# print-VARIABLE: its value, for tests
print-%:
	@echo $($*)
