# SPDX-License-Identifier: MIT
# macOS, by Zig's compilers, which bring its headers and what to link with: pip install ziglang, then
# cmake --toolchain cmake/toolchains/macos.cmake -D GREENLET_ZIG=.../ziglang/zig [-D GREENLET_CPU=x86_64]
set(GREENLET_CPU aarch64 CACHE STRING "As in Zig's names of targets")
set(GREENLET_ZIG zig CACHE FILEPATH "Zig's program")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES GREENLET_CPU GREENLET_ZIG)

set(CMAKE_SYSTEM_NAME Darwin)
set(CMAKE_SYSTEM_PROCESSOR ${GREENLET_CPU})
set(zig_target -target ${GREENLET_CPU}-macos)
get_filename_component(CMAKE_FIND_ROOT_PATH ${GREENLET_ZIG} DIRECTORY)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(CMAKE_C_COMPILER ${GREENLET_ZIG} cc ${zig_target})
set(CMAKE_CXX_COMPILER ${GREENLET_ZIG} c++ ${zig_target})
set(CMAKE_ASM_COMPILER ${CMAKE_C_COMPILER})
set(CMAKE_INSTALL_NAME_TOOL llvm-install-name-tool) # which CMake wants to know of, for installing
