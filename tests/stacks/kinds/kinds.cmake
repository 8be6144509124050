# SPDX-License-Identifier: MIT
# Tests that hold whatever stacks the greenlets run on: GREENLET_TEST_STACKS=shared ctest -L stack_kinds

add_library(stack_kinds OBJECT ${CMAKE_CURRENT_LIST_DIR}/kinds.c)
target_compile_options(stack_kinds PRIVATE ${GREENLET_WARNINGS})
target_include_directories(stack_kinds PRIVATE ${PROJECT_SOURCE_DIR}/capi)
target_link_options(stack_kinds INTERFACE LINKER:--wrap=gl_new,--wrap=gl_new_with)
add_custom_target(stack_kinds_tests)

# greenlet_test_stack_kinds(TEST [PROGRAM]): the program that this test runs is one of them.
function(greenlet_test_stack_kinds test)
  set(program ${test})
  if(ARGC GREATER 1)
    set(program ${ARGV1})
  endif()
  target_link_libraries(${program} PRIVATE stack_kinds)
  add_dependencies(stack_kinds_tests ${program})
  set_property(TEST ${test} APPEND PROPERTY LABELS stack_kinds)
endfunction()
