# SPDX-License-Identifier: MIT
"""What the library is tested on: one line a target. `--all` runs them in this order."""

from dataclasses import dataclass, field
from typing import Dict, Tuple


@dataclass(frozen=True)
class Target:
    name: str
    what: str  # as README has it
    by: str  # native, qemu, wine, assembled only
    packages: Tuple[str, ...] = ()  # Debian's, beside a compiler and CMake
    pip: Tuple[str, ...] = ()  # of PyPI
    cmake: Tuple[str, ...] = ()  # arguments for CMake
    environment: Dict[str, str] = field(default_factory=dict)  # of the tests
    build: str = ""  # the target whose build it uses, if not its own
    switches: bool = True
    assemble: Tuple[str, ...] = ()  # how the assembly alone is assembled
    note: str = ""  # what was not tested, and why

    @property
    def classes(self):
        """What tests/platforms/skips may call it."""
        return {self.name, self.by}


def linux(name, what, triplet, *cmake, by="qemu", packages=("qemu-user",), **more):
    """By Debian's cross compiler of that triplet."""
    compiler = "g++-" + triplet.replace("_", "-")
    toolchain = ("--toolchain", "cmake/toolchains/linux-cross.cmake", f"-DGREENLET_TRIPLET={triplet}")
    return Target(name, what, by, (compiler, *packages), (), (*toolchain, *cmake), **more)


def musl(name, what, cpu, *cmake, by="qemu", packages=("qemu-user",), **more):
    """By Zig's compiler, which brings musl and a C++ library, both static but for musl on x86-64."""
    toolchain = ("--toolchain", "cmake/toolchains/musl.cmake", f"-DGREENLET_CPU={cpu}")
    return Target(name, what, by, packages, ("ziglang==0.15.2",), (*toolchain, *cmake), **more)


def macos(name, what, cpu):
    """By Zig's compiler, which brings headers and the names of what the system has: programs link, and nothing here runs them."""
    toolchain = ("--toolchain", "cmake/toolchains/macos.cmake", f"-DGREENLET_CPU={cpu}")
    return Target(name, what, "assembled only", (), ("ziglang==0.15.2",), toolchain, note="compiled and linked; never run")


def assembled(name, what, *clang, note):
    return Target(name, what, "assembled only", ("clang-14",), assemble=("clang-14", *clang), note=note)


TARGETS = [
    Target("x86-64", "Linux, x86-64", "native"),
    linux("i386", "Linux, i386", "i686-linux-gnu", by="native", packages=()),
    linux("arm64", "Linux, arm64", "aarch64-linux-gnu"),
    linux("armhf", "Linux, ARM, hard float", "arm-linux-gnueabihf"),
    linux("armel", "Linux, ARM, soft float", "arm-linux-gnueabi"),
    linux("riscv64", "Linux, RISC-V, 64 bits", "riscv64-linux-gnu"),
    linux("ppc64el", "Linux, POWER, little endian", "powerpc64le-linux-gnu"),
    linux("ppc64", "Linux, POWER, big endian (ELFv1)", "powerpc64-linux-gnu"),
    linux("powerpc", "Linux, PowerPC, 32 bits", "powerpc-linux-gnu"),
    linux("s390x", "Linux, IBM Z", "s390x-linux-gnu"),
    linux("mips64el", "Linux, MIPS, 64 bits", "mips64el-linux-gnuabi64", environment={"QEMU_CPU": "MIPS64R2-generic"}),  # its default CPU keeps no FCSR
    linux("mipsel", "Linux, MIPS, 32 bits, little endian", "mipsel-linux-gnu"),
    linux("mips", "Linux, MIPS, 32 bits, big endian", "mips-linux-gnu"),
    linux("sparc64", "Linux, SPARC, 64 bits", "sparc64-linux-gnu"),
    linux("alpha", "Linux, Alpha", "alpha-linux-gnu"),
    linux("hppa", "Linux, PA-RISC", "hppa-linux-gnu", switches=False,
          note="no switches, as stacks grow upward: gl_switch() answers GL_ENOTSUP; host runtimes work"),
    linux("m68k", "Linux, m68k", "m68k-linux-gnu"),
    linux("sh4", "Linux, SuperH", "sh4-linux-gnu", by="assembled only", packages=(), note="compiled; qemu-sh4 7.2 runs no program of Debian's"),
    musl("loongarch64", "Linux, LoongArch, musl", "loongarch64", "-DGREENLET_TEST_STATIC=ON"),
    musl("musl", "Linux, x86-64, musl", "x86_64", by="native", packages=("musl",)),
    linux("x32", "Linux, x86-64 with 32-bit pointers", "x86_64-linux-gnux32", by="assembled only", packages=(),
          note="compiled; the kernels of Debian do not run it"),
    Target("win64", "Windows, x86-64, GNU", "wine", ("g++-mingw-w64-x86-64-posix", "wine64"), (),
           ("--toolchain", "cmake/toolchains/x86_64-w64-mingw32.cmake")),
    assembled("win64-msvc", "Windows, x86-64, MSVC", "--target=x86_64-pc-windows-msvc", note="assembled by clang; there is nothing here to run it"),
    macos("macos-arm64", "macOS, arm64", "aarch64"),
    macos("macos-x86-64", "macOS, x86-64", "x86_64"),
    Target("arm64-64k", "Linux, arm64, pages of 64 KiB", "qemu", build="arm64", environment={"QEMU_PAGESIZE": "65536"}),
    # Any CPU that choose.h does not know: one that does not say what it is.
    linux("unknown-cpu", "Linux, any other CPU", "aarch64-linux-gnu", "-DCMAKE_CXX_FLAGS=-U__aarch64__", "-DCMAKE_ASM_FLAGS=-U__aarch64__",
          switches=False, note="no switches: gl_switch() answers GL_ENOTSUP; host runtimes work"),
]  # fmt: skip
BY_NAME = {target.name: target for target in TARGETS}
FIVE = ["arm64", "s390x", "i386", "riscv64", "win64"]  # what every change is tested on
