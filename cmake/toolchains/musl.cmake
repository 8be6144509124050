# SPDX-License-Identifier: MIT
# Linux with musl, by Zig's compilers, which bring musl and LLVM's C++ library: pip install ziglang, then
# cmake --toolchain cmake/toolchains/musl.cmake -D GREENLET_ZIG=.../ziglang/zig [-D GREENLET_CPU=loongarch64]
# Programs for the CPU at hand load musl's libc.so; those for others are static, and run by qemu-user.
set(GREENLET_CPU x86_64 CACHE STRING "As in Zig's names of targets")
set(GREENLET_ZIG zig CACHE FILEPATH "Zig's program")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES GREENLET_CPU GREENLET_ZIG)

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR ${GREENLET_CPU})
set(zig_target -target ${GREENLET_CPU}-linux-musl)
if(GREENLET_CPU STREQUAL CMAKE_HOST_SYSTEM_PROCESSOR)
  list(APPEND zig_target -dynamic)
else()
  set(CMAKE_CROSSCOMPILING_EMULATOR qemu-${GREENLET_CPU})
endif()
get_filename_component(CMAKE_FIND_ROOT_PATH ${GREENLET_ZIG} DIRECTORY)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(CMAKE_C_COMPILER ${GREENLET_ZIG} cc ${zig_target})
set(CMAKE_CXX_COMPILER ${GREENLET_ZIG} c++ ${zig_target})
set(CMAKE_ASM_COMPILER ${CMAKE_C_COMPILER})
if(GREENLET_CPU STREQUAL x86_64) # what __builtin_cpu_supports() reads is not in Zig's runtime
  execute_process(COMMAND gcc -print-libgcc-file-name OUTPUT_VARIABLE libgcc OUTPUT_STRIP_TRAILING_WHITESPACE)
  set(CMAKE_C_STANDARD_LIBRARIES ${libgcc})
  set(CMAKE_CXX_STANDARD_LIBRARIES ${libgcc})
endif()
