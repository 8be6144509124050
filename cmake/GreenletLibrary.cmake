# SPDX-License-Identifier: MIT
# The library's sources, how they are compiled, and how the shared one is linked.
include(CheckCXXSourceCompiles)
include(CheckCXXSymbolExists)

set(GREENLET_SOURCES
  core/status.cc core/blocks.cc core/realm.cc core/greenlet.cc core/orphans.cc core/tree.cc core/host.cc core/hooks.cc core/observe.cc core/dump.cc core/locals.cc core/os/posix.cc core/os/windows.cc)
set(GREENLET_SWITCH_SOURCES core/switch.cc core/backtrace.cc core/slice.cc core/buffers.cc core/copy.cc core/stack.cc core/arena.cc)

# Is there a jump for this CPU? core/arch/choose.h says so.
set(CMAKE_REQUIRED_INCLUDES ${PROJECT_SOURCE_DIR}/core/arch)
check_cxx_symbol_exists(GL_HAS_SWITCH choose.h GREENLET_CPU_HAS_SWITCH)
unset(CMAKE_REQUIRED_INCLUDES)
if(GREENLET_CPU_HAS_SWITCH AND NOT GREENLET_HOST_ONLY)
  set(GREENLET_HAS_SWITCH ON)
  list(APPEND GREENLET_SOURCES ${GREENLET_SWITCH_SOURCES})
else()
  set(GREENLET_HAS_SWITCH OFF)
  list(APPEND GREENLET_SOURCES core/arch/none.cc)
endif()
if(GREENLET_UNITY)
  set(GREENLET_SOURCES core/all.cc)
endif()

# What the code that compilers make for this CPU needs beside libc and libgcc.a: routines for atomic bytes (riscv64), for unwind tables (arm).
check_cxx_source_compiles("
#include <atomic>
std::atomic<unsigned char> byte;
int main() { unsigned char expected = 0; return byte.compare_exchange_strong(expected, 1); }" GREENLET_HAS_ATOMIC_BYTES)
set(GREENLET_RUNTIME "")
if(NOT GREENLET_HAS_ATOMIC_BYTES)
  list(APPEND GREENLET_RUNTIME atomic)
endif()
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^arm" AND CMAKE_SIZEOF_VOID_P EQUAL 4)
  list(APPEND GREENLET_RUNTIME gcc_s)
endif()

function(greenlet_library name type)
  set(sources ${GREENLET_SOURCES} core/arch/arch.S)
  if(GREENLET_COVERAGE)
    list(APPEND sources tests/proof/coverage/runtime.cc) # which the map would hide
  endif()
  list(TRANSFORM sources PREPEND ${PROJECT_SOURCE_DIR}/)
  add_library(${name} ${type} ${sources})
  add_library(greenlet::${name} ALIAS ${name})

  set_target_properties(${name} PROPERTIES
    OUTPUT_NAME greenlet
    CXX_STANDARD 20
    CXX_STANDARD_REQUIRED ON
    CXX_EXTENSIONS OFF
    CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON
    POSITION_INDEPENDENT_CODE ON)
  if(NOT GREENLET_TOP_LEVEL)
    set_target_properties(${name} PROPERTIES EXCLUDE_FROM_ALL ON)
  endif()

  target_include_directories(${name} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/capi> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_compile_definitions(${name} PRIVATE GREENLET_BUILDING $<$<BOOL:${GREENLET_HOST_ONLY}>:GREENLET_HOST_ONLY>)
  if(GREENLET_COVERAGE OR GREENLET_SANITIZE)
    target_compile_definitions(${name} PRIVATE GREENLET_INSTRUMENTED)
  endif()
  target_compile_definitions(${name} PUBLIC $<BUILD_INTERFACE:$<$<BOOL:${GREENLET_CHECKS}>:GREENLET_CHECKS>>)
  # Unwind tables although nothing throws in here: the exceptions and backtraces of others walk through.
  target_compile_options(${name} PRIVATE
    $<$<COMPILE_LANGUAGE:CXX>:-fno-exceptions -fno-rtti -fno-threadsafe-statics -fasynchronous-unwind-tables>
    $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fno-semantic-interposition -foptimize-sibling-calls>)
  if(WIN32) # its compilers do not know visibility, and check formats for another printf()
    target_compile_options(${name} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-Wno-attributes -Wno-format>)
  elseif(CMAKE_CXX_FLAGS MATCHES "-(fcf|mbranch)-protection=") # whoever builds has chosen
  elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64|AMD64|i.86)$")
    target_compile_options(${name} PRIVATE -fcf-protection=branch)
  elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
    target_compile_options(${name} PRIVATE -mbranch-protection=bti)
  endif()
  if(GREENLET_DEVELOPER)
    target_compile_options(${name} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror>)
  endif()
  target_link_libraries(${name} PRIVATE Threads::Threads ${CMAKE_DL_LIBS} ${GREENLET_RUNTIME})
endfunction()

# NEEDED is libc alone. A C++ compiler driver adds libstdc++, libm and libgcc_s by itself, and gcc has no -nostdlib++ before 13;
# so no default libraries at all, then those that are wanted: libc, and libgcc.a for what the compiler calls by itself.
# `-z defs` turns a forgotten C++ runtime call into a link error. An instrumented build needs the driver's libraries.
function(greenlet_link_shared name)
  set_target_properties(${name} PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})
  if(WIN32)
    # What is not used is not imported: the C runtime and the system are all that is. The .def file is for linkers of others.
    target_link_options(${name} PRIVATE -static-libgcc -Wl,--output-def,${PROJECT_BINARY_DIR}/libgreenlet.def)
  endif()
  if(NOT UNIX OR APPLE)
    return()
  endif()
  set(map ${PROJECT_SOURCE_DIR}/capi/greenlet.map)
  set_property(TARGET ${name} APPEND PROPERTY LINK_DEPENDS ${map})
  set(CMAKE_REQUIRED_LINK_OPTIONS -Wl,-Bsymbolic-functions)
  check_cxx_source_compiles("int main() {}" GREENLET_LINKER_BINDS_SYMBOLS)
  unset(CMAKE_REQUIRED_LINK_OPTIONS)
  # nodelete: threads that were here call our exit handler, perhaps after a dlclose.
  target_link_options(${name} PRIVATE
    $<$<NOT:$<BOOL:${GREENLET_COVERAGE}>>:-Wl,--version-script=${map}> $<$<BOOL:${GREENLET_LINKER_BINDS_SYMBOLS}>:-Wl,-Bsymbolic-functions>
    -Wl,-z,relro -Wl,-z,now -Wl,-z,nodelete -Wl,-z,noexecstack -Wl,--as-needed)
  if(NOT GREENLET_SANITIZE)
    target_link_options(${name} PRIVATE -nodefaultlibs -Wl,-z,defs)
    target_link_libraries(${name} PRIVATE $<$<BOOL:${GREENLET_COVERAGE}>:gcov> c gcc)
  endif()
endfunction()

# A plugin that has the archive inside must stay loaded for the same reason.
function(greenlet_keep_loaded name)
  if(UNIX AND NOT APPLE)
    set(type $<TARGET_PROPERTY:TYPE>)
    set(is_module $<OR:$<STREQUAL:${type},SHARED_LIBRARY>,$<STREQUAL:${type},MODULE_LIBRARY>>)
    target_link_options(${name} INTERFACE $<${is_module}:-Wl,-z,nodelete>)
  endif()
endfunction()
