# SPDX-License-Identifier: MIT
# callPackage ./package.nix { }; of pkgsStatic it is one static program.
{
  lib,
  stdenv,
  fetchurl,
  pkg-config,
  dtc,
  lz4,
  xz,
  zlib,
  zstd,
}:

stdenv.mkDerivation {
  pname = "kexec-lite";
  version = "@VERSION@";

  src = fetchurl {
    url = "@URL@/kexec-lite-@VERSION@.tar.xz";
    sha256 = "@SHA256@";
  };

  nativeBuildInputs = [ pkg-config ];
  buildInputs = [
    dtc
    lz4
    xz
    zlib
    zstd
  ];

  makeFlags = [ "PREFIX=${placeholder "out"}" ];
  enableParallelBuilding = true;

  meta = {
    description = "Boot another Linux kernel from the running one, without purgatory";
    license = lib.licenses.mit;
    mainProgram = "kexec-lite";
    # on x86_64 it only plans for captured machines of the others
    platforms = [
      "aarch64-linux"
      "powerpc64-linux"
      "powerpc64le-linux"
      "x86_64-linux"
    ];
  };
}
