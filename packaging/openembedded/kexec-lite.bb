# SPDX-License-Identifier: MIT
SUMMARY = "Boot another Linux kernel from the running one, without purgatory"
DESCRIPTION = "kexec-lite starts a kernel from the running one on arm64 and ppc64 machines, with the options \
of kexec from kexec-tools."
HOMEPAGE = "@URL@"
SECTION = "kernel/userland"
LICENSE = "MIT"
LIC_FILES_CHKSUM = "file://LICENSE;md5=@LICENSE_MD5@"

PV = "@VERSION@"
SRC_URI = "@URL@/kexec-lite-${PV}.tar.xz"
SRC_URI[sha256sum] = "@SHA256@"

DEPENDS = "dtc"
inherit pkgconfig bash-completion systemd

PACKAGECONFIG ??= "gzip zstd xz lz4"
PACKAGECONFIG[gzip] = ",,zlib"
PACKAGECONFIG[zstd] = ",,zstd"
PACKAGECONFIG[xz] = ",,xz"
PACKAGECONFIG[lz4] = ",,lz4"

EXTRA_OEMAKE = "PREFIX=${prefix} sbindir=${sbindir} datadir=${datadir} mandir=${mandir} \
    GZIP=${@bb.utils.contains('PACKAGECONFIG', 'gzip', '1', '', d)} \
    ZSTD=${@bb.utils.contains('PACKAGECONFIG', 'zstd', '1', '', d)} \
    XZ=${@bb.utils.contains('PACKAGECONFIG', 'xz', '1', '', d)} \
    LZ4=${@bb.utils.contains('PACKAGECONFIG', 'lz4', '1', '', d)} \
    "

do_install() {
    oe_runmake install KEXEC=1 DESTDIR=${D}
    install -D -m 0644 ${S}/packaging/systemd/kexec-lite.service ${D}${systemd_system_unitdir}/kexec-lite.service
}

# kexec of kexec-tools is a file of the same name
PACKAGES =+ "${PN}-kexec"
FILES:${PN}-kexec = "${sbindir}/kexec"
RDEPENDS:${PN}-kexec = "${PN}"
RCONFLICTS:${PN}-kexec = "kexec"

SYSTEMD_SERVICE:${PN} = "kexec-lite.service"
SYSTEMD_AUTO_ENABLE = "disable"

COMPATIBLE_HOST = "(aarch64|powerpc64|powerpc64le).*-linux"
