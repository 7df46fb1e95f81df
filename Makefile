# kexec-lite. The two commands to know: make demo, make check.
#
#	make [ARCH=arm64|ppc64le|host]	static binaries: build/ARCH/kexec-lite
#	make SANITIZE=1			build/sanitize/kexec-lite, with ASan and UBSan
#	make demo [ARCH=arm64]		boot, load, jump, in the emulator
#	make check			all tests
#	make fuzz [FUZZ_SECONDS=N]	every fuzzer so long, then FUZZ_CASES random machines; see doc/testing.md
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
.PHONY: all sanitize demo check fuzz coverage analyze soak bench bench-doc install clean distclean stubs sizes

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

# What kernels may be compressed with. `make ZSTD=` leaves zstd out, and so on.
GZIP = 1
ZSTD = 1
XZ = 1
LZ4 = 1
UNPACKERS := $(if $(GZIP),gzip) $(if $(ZSTD),zstd) $(if $(XZ),xz) $(if $(LZ4),lz4)

UNUSED_UNPACKERS := $(filter-out $(UNPACKERS:%=src/formats/unpack_%.c),$(wildcard src/formats/unpack_*.c))
PURE := $(filter-out $(UNUSED_UNPACKERS),$(wildcard src/base/*.c dt/*.c src/formats/*.c src/plan/*.c arch/*.c arch/*/*.c))
EDGE := $(filter-out src/sys/bytes.c,$(wildcard src/*.c src/sys/*.c))
SOURCES := $(PURE) $(EDGE)
# a binary for one target has that target only
SOURCES_arm64 := $(filter-out arch/ppc64/%,$(SOURCES))
SOURCES_ppc64le := $(filter-out arch/arm64/%,$(SOURCES))
SOURCES_host := $(or $(SOURCES_$(MACHINE:aarch64=arm64)),$(SOURCES))
# musl on ppc64le only: takes the place of 4 KiB
HEADERS := $(wildcard src/*.h src/*/*.h dt/*.h arch/*.h arch/*/*.h)

# The decoders, from the sources of zlib, zstd, lz4 and XZ Embedded (in busybox's), which the lab fetches:
# only what unpacks, for size or speed as each needs. UNPACK_SRC=DIR takes them from elsewhere.
UNPACK_SRC ?= build/lab/src
UNPACK_LIBS := $(sort $(if $(GZIP)$(XZ),zlib) $(if $(ZSTD),zstd) $(if $(XZ),xz) $(if $(LZ4),lz4))
zlib_PARTS := $(if $(GZIP),inffast inflate inftrees zutil) crc32
zstd_PARTS := $(addprefix common/,entropy_common error_private fse_decompress xxhash zstd_common) \
	$(addprefix decompress/,huf_decompress zstd_ddict zstd_decompress zstd_decompress_block)
lz4_PARTS := lz4 xxhash
xz_PARTS :=
UNPACK_PARTS := $(foreach l,$(UNPACK_LIBS),$(addprefix $(l)/,$($(l)_PARTS)))
UNPACK_FLAGS := $(foreach f,GZIP ZSTD XZ LZ4,$(if $($(f)),-DWITH_$(f))) $(UNPACK_LIBS:%=-isystem $(UNPACK_SRC)/%)
# a table of 1 KiB for CRC-32, not of 8, and no Adler-32, which gzip has not; names of lz4's xxhash
# apart from zstd's
zlib_FLAGS := -DBUILDFIXED -DZ_TESTW= -Dadler32=crc32
zstd_FLAGS := -DZSTD_LEGACY_SUPPORT=0 -DZSTD_TRACE=0 -DDYNAMIC_BMI2=0 -DZSTD_DISABLE_ASM=1 \
	-DZSTD_STRIP_ERROR_STRINGS -DHUF_FORCE_DECOMPRESS_X1 -DZSTD_FORCE_DECOMPRESS_SEQUENCES_SHORT
lz4_FLAGS := -DXXH_NAMESPACE=LZ4_


# the one that is slower than its tool without
FAST_xz := -O3 -fno-if-conversion -fno-code-hoisting -fno-tree-loop-im -fno-move-loop-invariants

WARN := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes
LANG_FLAGS := -std=c11 -D_GNU_SOURCE -I. $(WARN) $(if $(WERROR),-Werror) $(UNPACK_FLAGS)
# No date, no path, no note in the result: the same sources give the same bytes.
CFLAGS ?= -Os -flto=auto
REPRODUCE := -ffile-prefix-map=$(CURDIR)=.
SMALL := -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables -fno-unwind-tables \
	-fno-stack-protector -fno-pie
LINK := -static -no-pie -s -flto-partition=one -Wl,--gc-sections -Wl,--build-id=none -Wl,-z,norelro

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

# unpacker ARCH LIBRARY: its objects
define unpacker
$(B)/$(1)/$(2)/%.o: $(UNPACK_SRC)/$(2)/%.c $(SPECS_$(1)) Makefile | tools-$(1)
	$$(call say,CC,$(1)/$(2)/$$*.c)
	$(Q)mkdir -p $$(@D)
	$(Q)$(CC_$(1)) $(SPECS_$(1):%=-specs=%) $(ARCH_$(1)) -w $$(CFLAGS) \
		$($(2)_FLAGS) $$(SMALL) $(REPRODUCE) -c -o $$@ $$<

endef

define binary
$(B)/$(1)/%.o: %.c $(HEADERS) Makefile $(SPECS_$(1)) | tools-$(1)
	$$(call say,CC,$(1)/$$<)
	$(Q)mkdir -p $$(@D)
	$(Q)$(CC_$(1)) $(SPECS_$(1):%=-specs=%) $(ARCH_$(1)) $(if $(SPECS_$(1)),,-idirafter /usr/include) \
		$(LANG_FLAGS) $(CFLAGS) $$(SPEED) $(SMALL) $(REPRODUCE) -c -o $$@ $$<

$(B)/$(1)/libfdt/%.o: $(LIBFDT_SRC)/%.c $(SPECS_$(1)) Makefile
	$$(call say,CC,$(1)/libfdt/$$*.c)
	$(Q)mkdir -p $$(@D)
	$(Q)$(CC_$(1)) $(SPECS_$(1):%=-specs=%) $(ARCH_$(1)) -I$(LIBFDT_SRC) $(CFLAGS) $(SMALL) $(REPRODUCE) \
		-c -o $$@ $$<

$(foreach l,$(UNPACK_LIBS),$(call unpacker,$(1),$(l)))
$(patsubst %,$(B)/$(1)/src/formats/unpack_%.o,$(UNPACKERS)): $(UNPACK_LIBS:%=$(UNPACK_SRC)/%)
$(B)/$(1)/src/formats/unpack_xz.o: SPEED = $(FAST_xz)

$(B)/$(1)/kexec-lite: $(UNPACK_PARTS:%=$(B)/$(1)/%.o) $(call fdt_objects,$(1)) $(SOURCES_$(1):%.c=$(B)/$(1)/%.o)
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

$(foreach l,$(UNPACK_LIBS),$(l:%=build/lab/src/%) $(addprefix build/lab/src/$(l)/,$($(l)_PARTS:%=%.c))): | tests/lab/unpacker
	$(Q)tests/lab/unpacker $(word 4,$(subst /, ,$@))

build/lab/sysroot/%/lib/musl-gcc.specs:
	@echo "  FETCH   musl and libfdt for $*, into build/lab"
	$(Q)tests/lab/host build
	$(Q)tests/lab/sysroot $*

# The developer's build: this machine's compiler and libc, every check that compiles in.
SANITIZE_CC ?= gcc
SANITIZERS := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
S := sanitize/$(SANITIZE_CC)
CC_$(S) := $(SANITIZE_CC)
$(foreach l,$(UNPACK_LIBS),$(eval $(call unpacker,$(S),$(l))))
$(B)/$(S)/%.o: CFLAGS = -g -O1 -fsanitize=address
$(B)/$(S)/%.o: SMALL =
.PHONY: tools-$(S)
tools-$(S):
$(B)/sanitize/kexec-lite: $(UNPACK_PARTS:%=$(B)/$(S)/%.o) $(SOURCES) $(HEADERS) Makefile
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(SANITIZE_CC) $(LANG_FLAGS) -Werror -g -O1 $(SANITIZERS) -o $@ $(SOURCES) $(filter %.o,$^) -lfdt
sanitize: $(B)/sanitize/kexec-lite
ifdef SANITIZE
all: sanitize
endif

stubs:
	$(Q)tests/build/stubs arch/arm64
	$(Q)tests/build/stubs arch/ppc64

demo:
	$(Q)tests/demo $(or $(ARCH),arm64)

check:
	$(Q)tests/check

FUZZ_SECONDS ?= 60
FUZZ_CASES ?= 1000000
fuzz:
	$(Q)tests/fuzz/run all $(FUZZ_SECONDS) $(FUZZ_CASES)

coverage: all
	$(Q)tests/coverage/run

analyze:
	$(Q)tests/build/analyze

soak:
	$(Q)tests/boot/soak $(or $(SOAK),200)

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

# For tests: which sources are pure, how they are compiled, and each library's file with its flags.
.PHONY: print-pure print-flags print-unpack
print-pure:
	@echo $(PURE)
print-flags:
	@echo $(UNPACK_FLAGS)
print-unpack: $(UNPACK_PARTS:%=$(UNPACK_SRC)/%.c) $(UNPACK_LIBS:%=$(UNPACK_SRC)/%)
	@printf '%s\n' $(foreach l,$(UNPACK_LIBS),$(foreach p,$($(l)_PARTS),'$(UNPACK_SRC)/$(l)/$(p).c $($(l)_FLAGS)'))
