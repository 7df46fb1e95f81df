################################################################################
#
# kexec-lite
#
################################################################################

KEXEC_LITE_VERSION = @VERSION@
KEXEC_LITE_SOURCE = kexec-lite-$(KEXEC_LITE_VERSION).tar.xz
KEXEC_LITE_SITE = @URL@
KEXEC_LITE_LICENSE = MIT
KEXEC_LITE_LICENSE_FILES = LICENSE
KEXEC_LITE_DEPENDENCIES = host-pkgconf dtc
KEXEC_LITE_SELINUX_MODULES = kdump
KEXEC_LITE_MAKE_OPTS = PREFIX=/usr ARCHS=$(if $(BR2_aarch64),arm64,ppc64)

ifeq ($(BR2_PACKAGE_ZLIB),y)
KEXEC_LITE_DEPENDENCIES += zlib
else
KEXEC_LITE_MAKE_OPTS += GZIP=
endif

ifeq ($(BR2_PACKAGE_ZSTD),y)
KEXEC_LITE_DEPENDENCIES += zstd
else
KEXEC_LITE_MAKE_OPTS += ZSTD=
endif

ifeq ($(BR2_PACKAGE_XZ),y)
KEXEC_LITE_DEPENDENCIES += xz
else
KEXEC_LITE_MAKE_OPTS += XZ=
endif

ifeq ($(BR2_PACKAGE_LZ4),y)
KEXEC_LITE_DEPENDENCIES += lz4
else
KEXEC_LITE_MAKE_OPTS += LZ4=
endif

ifeq ($(BR2_PACKAGE_KEXEC),)
KEXEC_LITE_MAKE_OPTS += KEXEC=1
endif

define KEXEC_LITE_BUILD_CMDS
	$(TARGET_MAKE_ENV) $(TARGET_CONFIGURE_OPTS) $(MAKE) -C $(@D) $(KEXEC_LITE_MAKE_OPTS)
endef

define KEXEC_LITE_INSTALL_TARGET_CMDS
	$(TARGET_MAKE_ENV) $(TARGET_CONFIGURE_OPTS) $(MAKE) -C $(@D) $(KEXEC_LITE_MAKE_OPTS) \
		DESTDIR=$(TARGET_DIR) install
endef

$(eval $(generic-package))
