# SPDX-License-Identifier: MIT
# Linux on another CPU, by Debian's cross compilers: cmake --toolchain cmake/toolchains/linux-cross.cmake -D GREENLET_TRIPLET=aarch64-linux-gnu
# Programs are run by qemu-user. Those for i386 run natively, by the C library that came with the compiler.
if(NOT GREENLET_TRIPLET)
  message(FATAL_ERROR "GREENLET_TRIPLET is what the compiler's name begins with, such as aarch64-linux-gnu")
endif()
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES GREENLET_TRIPLET)
string(REGEX MATCH "^[^-]+" cpu ${GREENLET_TRIPLET})
set(sysroot /usr/${GREENLET_TRIPLET})

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR ${cpu})
set(CMAKE_C_COMPILER ${GREENLET_TRIPLET}-gcc)
set(CMAKE_CXX_COMPILER ${GREENLET_TRIPLET}-g++)
set(CMAKE_ASM_COMPILER ${GREENLET_TRIPLET}-gcc)

set(CMAKE_FIND_ROOT_PATH ${sysroot})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)

if(cpu STREQUAL i686)
  # An old-style run path also holds for what libraries need.
  set(CMAKE_EXE_LINKER_FLAGS_INIT "-Wl,--dynamic-linker=${sysroot}/lib/ld-linux.so.2 -Wl,--disable-new-dtags,-rpath,${sysroot}/lib")
else()
  string(REGEX REPLACE "^powerpc" ppc qemu ${cpu})
  set(CMAKE_CROSSCOMPILING_EMULATOR qemu-${qemu} -L ${sysroot})
endif()
