# kexec-lite. The two commands to know: make demo, make check.
#
#	make [ARCH=arm64|ppc64le|host]	static binaries: build/ARCH/kexec-lite
#	make SANITIZE=1			build/sanitize/kexec-lite, with ASan and UBSan
#	make demo [ARCH=arm64]		boot, load, jump, in the emulator
#	make check			all tests
#	make bench			measures, see doc/performance.md; make bench-doc puts the result there
#	make analyze			cppcheck, gcc -fanalyzer, clang-tidy
#	make coverage			branches that the tests of this machine take
#	make soak [SOAK=200]		a long row of kexecs in one guest of each architecture
#	make install DESTDIR= PREFIX=	the binary for this machine, or for ARCH; manual, completion
#	make install KEXEC=1		the same, and as kexec
#	make stubs			arch/*/stub_words.h from stub.S
#	make clean, make distclean	without, with what the lab fetched
#
# V=1 shows commands. CC_arm64=, CC_ppc64le=, CC_host= choose compilers.

MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:
.SUFFIXES:
# what one rule makes for another is kept: it was fetched
.SECONDARY:
.PHONY: all sanitize demo check coverage analyze soak bench bench-doc install clean distclean stubs sizes

PREFIX ?= /usr/local
B := build
MACHINE := $(shell uname -m)
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-8s%s\n' $(1) $(2))

# On an x86-64 machine all three; elsewhere what the machine's own compiler makes.
ARCHES := $(or $(ARCH),$(if $(filter x86_64,$(MACHINE)),arm64 ppc64le host,host))
ifneq ($(filter-out arm64 ppc64le ppc64 host,$(ARCHES)),)
$(error ARCH is one of arm64, ppc64le, host)
endif
BINARIES := $(ARCHES:%=$(B)/%/kexec-lite)

PURE := $(sort $(wildcard dt/*.c arch/*.c arch/*/*.c) \
	$(addprefix src/,check.c choose.c core.c elf.c error.c image.c iomem.c map.c options.c place.c plan.c \
	print.c quiet.c range.c sort.c span.c text.c))
EDGE := $(addprefix src/,capture.c crash.c files.c main.c pages.c probe.c transport.c walk.c)
SOURCES := $(PURE) $(EDGE)
# a binary for one target has that target only
SOURCES_arm64 := $(filter-out arch/ppc64/%,$(SOURCES))
SOURCES_ppc64le := $(filter-out arch/arm64/%,$(SOURCES))
SOURCES_host := $(or $(SOURCES_$(MACHINE:aarch64=arm64)),$(SOURCES))
# musl only: takes the place of a malloc of 12 KiB
ALLOC := src/alloc.c
HEADERS := $(wildcard src/*.h dt/*.h arch/*.h arch/*/*.h)

WARN := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes
LANG_FLAGS := -std=c11 -D_GNU_SOURCE $(WARN) $(if $(WERROR),-Werror)
# No date, no path, no note in the result: the same sources give the same bytes.
CFLAGS ?= -Os -flto=auto
REPRODUCE := -ffile-prefix-map=$(CURDIR)=.
SMALL := -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables -fno-unwind-tables \
	-fno-stack-protector -fno-pie
LINK := -static -no-pie -s -Wl,--gc-sections -Wl,--build-id=none -Wl,-z,norelro -Wl,-z,noseparate-code \
	-Wl,-T,src/link.ld

# CC_x: compiler; LIBC_x: how it finds musl; SYSROOT_x: what must be there first.
CC_arm64 ?= $(if $(filter aarch64,$(MACHINE)),musl-gcc,aarch64-linux-gnu-gcc)
CC_ppc64le ?= $(if $(filter ppc64le,$(MACHINE)),musl-gcc,powerpc64le-linux-gnu-gcc)
CC_host ?= musl-gcc
ARCH_ppc64le := -mlong-double-64
sysroot = $(if $(filter musl-gcc,$(CC_$(1))),,build/lab/sysroot/$(1)/lib/musl-gcc.specs)
SPECS_arm64 := $(call sysroot,arm64)
SPECS_ppc64le := $(call sysroot,ppc64le)
# libfdt from its source is 12 KiB smaller than from the library, whose parts only come whole. Where we
# fetch anyway, for the cross builds, we fetch that; LIBFDT_SRC= takes the library, =DIR another source.
LIBFDT_SRC ?= build/lab/src/libfdt
FDT_PARTS := fdt fdt_addresses fdt_check fdt_ro fdt_rw fdt_strerror fdt_wip
fdt_objects = $(if $(LIBFDT_SRC),$(if $(SPECS_$(1)),$(FDT_PARTS:%=$(B)/$(1)/libfdt/%.o)))
fdt_library = $(if $(SPECS_$(1)),-lfdt,$(shell $(subst musl-gcc,gcc,$(CC_$(1))) -print-file-name=libfdt.a))

all: $(BINARIES) sizes

sizes: $(BINARIES)
	$(Q)for f in $^; do printf '  %-8s%s %s bytes\n' SIZE "$$f" "$$(wc -c <"$$f")"; done

define binary
$(B)/$(1)/%.o: %.c $(HEADERS) Makefile $(SPECS_$(1)) | tools-$(1)
	$$(call say,CC,$(1)/$$<)
	$(Q)mkdir -p $$(@D)
	$(Q)$(CC_$(1)) $(SPECS_$(1):%=-specs=%) $(ARCH_$(1)) $(if $(SPECS_$(1)),,-idirafter /usr/include) \
		$(LANG_FLAGS) $(CFLAGS) $(SMALL) $(REPRODUCE) -c -o $$@ $$<

$(B)/$(1)/libfdt/%.o: $(LIBFDT_SRC)/%.c $(SPECS_$(1)) Makefile
	$$(call say,CC,$(1)/libfdt/$$*.c)
	$(Q)mkdir -p $$(@D)
	$(Q)$(CC_$(1)) $(SPECS_$(1):%=-specs=%) $(ARCH_$(1)) -I$(LIBFDT_SRC) $(CFLAGS) $(SMALL) $(REPRODUCE) \
		-c -o $$@ $$<

$(B)/$(1)/kexec-lite: $(call fdt_objects,$(1)) $(SOURCES_$(1):%.c=$(B)/$(1)/%.o) $(ALLOC:%.c=$(B)/$(1)/%.o) src/link.ld
	$$(call say,LINK,$$@)
	$(Q)$(CC_$(1)) $(SPECS_$(1):%=-specs=%) $(ARCH_$(1)) $(LINK) -o $$@ $$(filter %.o,$$^) $$(call fdt_library,$(1))

.PHONY: tools-$(1)
tools-$(1):
	$(Q)command -v $(firstword $(CC_$(1))) >/dev/null || tests/lab/host build
endef
$(FDT_PARTS:%=build/lab/src/libfdt/%.c):
	@echo "  FETCH   the source of libfdt, into build/lab"
	$(Q)tests/lab/libfdt

$(foreach a,arm64 ppc64le host,$(eval $(call binary,$(a))))

build/lab/sysroot/%/lib/musl-gcc.specs:
	@echo "  FETCH   musl and libfdt for $*, into build/lab"
	$(Q)tests/lab/host build
	$(Q)tests/lab/sysroot $*

# The developer's build: this machine's compiler and libc, every check that compiles in.
SANITIZE_CC ?= gcc
SANITIZERS := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
$(B)/sanitize/kexec-lite: $(SOURCES) $(HEADERS) Makefile
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(SANITIZE_CC) $(LANG_FLAGS) -Werror -g -O1 $(SANITIZERS) -o $@ $(SOURCES) -lfdt
sanitize: $(B)/sanitize/kexec-lite
ifdef SANITIZE
all: sanitize
endif

stubs:
	$(Q)tests/stubs arch/arm64
	$(Q)tests/stubs arch/ppc64

demo:
	$(Q)tests/demo $(or $(ARCH),arm64)

check:
	$(Q)tests/check

coverage: all
	$(Q)tests/coverage/run

analyze:
	$(Q)tests/analyze

soak:
	$(Q)tests/soak $(or $(SOAK),200)

bench:
	$(Q)tests/bench/run

# what the last `make bench` found
bench-doc:
	cp $(B)/bench/performance.md $(B)/bench/performance.svg doc/

install: $(B)/$(or $(ARCH),host)/kexec-lite
	install -D -m 755 $< $(DESTDIR)$(PREFIX)/sbin/kexec-lite
	install -D -m 644 doc/kexec-lite.8 $(DESTDIR)$(PREFIX)/share/man/man8/kexec-lite.8
	install -D -m 644 doc/kexec-lite.bash \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/kexec-lite
	$(if $(KEXEC),ln -sf kexec-lite $(DESTDIR)$(PREFIX)/sbin/kexec)
	$(if $(KEXEC),ln -sf kexec-lite.8 $(DESTDIR)$(PREFIX)/share/man/man8/kexec.8)

clean:
	$(Q)find $(B) -mindepth 1 -maxdepth 1 ! -name lab -exec rm -rf {} + 2>/dev/null || true

distclean:
	rm -rf $(B)

# For tests: which sources are pure.
.PHONY: print-pure
print-pure:
	@echo $(PURE)
