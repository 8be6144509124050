# SPDX-License-Identifier: MIT
# What tests, examples and benchmarks share: strict warnings, Criterion or a plain main, a launcher such as valgrind.

option(GREENLET_TEST_PLAIN "Test programs with a plain main() in place of Criterion" OFF)
option(GREENLET_TEST_STATIC "Test the archive, where programs cannot load shared libraries" OFF)
set(GREENLET_TEST_LAUNCHER "${CMAKE_CROSSCOMPILING_EMULATOR}" CACHE STRING "Runs each test program, such as valgrind;--error-exitcode=99")
set(GREENLET_TEST_TIMEOUT 60 CACHE STRING "Seconds that a test program may take")

# Whether tools of this machine can look at test programs: gdb, perf, valgrind, other compilers.
if(CMAKE_CROSSCOMPILING OR GREENLET_TEST_LAUNCHER)
  set(GREENLET_TEST_TOOLS OFF)
else()
  set(GREENLET_TEST_TOOLS ON)
endif()

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(GREENLET_WARNINGS -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror)

if(NOT GREENLET_TEST_PLAIN)
  find_library(GREENLET_CRITERION criterion REQUIRED)
  if(NOT GREENLET_CRITERION)
    message(FATAL_ERROR "Criterion is missing: install libcriterion-dev, or set GREENLET_TEST_PLAIN")
  endif()
endif()

# Programs find libraries beside them there: those of the compiler are copied.
if(WIN32)
  foreach(library stdc++-6 gcc_s_seh-1 winpthread-1)
    execute_process(COMMAND ${CMAKE_CXX_COMPILER} -print-file-name=lib${library}.dll OUTPUT_VARIABLE path OUTPUT_STRIP_TRAILING_WHITESPACE)
    if(IS_ABSOLUTE ${path})
      file(COPY ${path} DESTINATION ${CMAKE_RUNTIME_OUTPUT_DIRECTORY})
    endif()
  endforeach()
  add_compile_definitions(__USE_MINGW_ANSI_STDIO=1) # printf() as C11 has it
  include_directories(BEFORE SYSTEM tests/windows/posix)
  list(APPEND GREENLET_WARNINGS -Wno-return-type) # pthread_exit() is not known to never return
endif()

# greenlet_only_possible(LIST): leaves out test programs that cannot work on this system. tests/windows/lacks says why.
function(greenlet_only_possible list)
  if(NOT WIN32)
    return()
  endif()
  file(STRINGS ${PROJECT_SOURCE_DIR}/tests/windows/lacks lines REGEX "^[a-z]")
  foreach(line ${lines})
    string(REGEX MATCH "^[^:]+" name ${line})
    list(FILTER ${list} EXCLUDE REGEX "/tests/${name}$")
  endforeach()
  set(${list} ${${list}} PARENT_SCOPE)
endfunction()

# greenlet_program(NAME SOURCES file... [LIBRARIES lib...]): a program with strict warnings, C11 or C++17, linked to
# greenlet::greenlet unless it names libraries of its own.
function(greenlet_program name)
  cmake_parse_arguments(P "" "" "SOURCES;LIBRARIES" ${ARGN})
  if(NOT P_LIBRARIES)
    set(P_LIBRARIES greenlet::greenlet)
  endif()
  if(GREENLET_TEST_STATIC)
    list(TRANSFORM P_LIBRARIES REPLACE "^greenlet::greenlet$" greenlet::greenlet_static)
  endif()
  add_executable(${name} ${P_SOURCES})
  set_target_properties(${name} PROPERTIES CXX_STANDARD 17 CXX_STANDARD_REQUIRED ON)
  target_compile_options(${name} PRIVATE ${GREENLET_WARNINGS} -fasynchronous-unwind-tables) # not the default of C on every CPU
  if(CMAKE_CROSSCOMPILING_EMULATOR MATCHES qemu)
    target_compile_definitions(${name} PRIVATE GREENLET_TEST_EMULATED)
  endif()
  target_link_libraries(${name} PRIVATE ${P_LIBRARIES} Threads::Threads)
endfunction()

# greenlet_test(NAME SOURCES file... [LIBRARIES lib...] [ARGS arg...] [TIMEOUT seconds] [MAIN]): a program run by ctest.
# MAIN says that it brings its own main(); all others include tests/capi/test.h.
function(greenlet_test name)
  cmake_parse_arguments(T "MAIN" "TIMEOUT" "SOURCES;LIBRARIES;ARGS" ${ARGN})
  greenlet_program(${name} SOURCES ${T_SOURCES} LIBRARIES ${T_LIBRARIES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/capi)
  if(GREENLET_TEST_PLAIN)
    target_compile_definitions(${name} PRIVATE GREENLET_TEST_PLAIN)
  elseif(NOT T_MAIN)
    target_link_libraries(${name} PRIVATE ${GREENLET_CRITERION})
  endif()
  if(NOT T_TIMEOUT)
    set(T_TIMEOUT ${GREENLET_TEST_TIMEOUT})
  endif()
  add_test(NAME ${name} COMMAND ${GREENLET_TEST_LAUNCHER} $<TARGET_FILE:${name}> ${T_ARGS})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${T_TIMEOUT})
endfunction()
