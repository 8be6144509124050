# SPDX-License-Identifier: MIT
# Tests that hold whatever stacks the greenlets run on: GREENLET_TEST_STACKS=shared ctest -L stack_kinds

if(NOT WIN32) # where what is imported is not wrapped
  set(CMAKE_REQUIRED_LINK_OPTIONS LINKER:--wrap=gl_new)
  check_cxx_source_compiles("int main() {}" GREENLET_LINKER_WRAPS) # without it they run on stacks of their own alone
  unset(CMAKE_REQUIRED_LINK_OPTIONS)
endif()
add_library(stack_kinds OBJECT ${CMAKE_CURRENT_LIST_DIR}/kinds.c)
target_compile_options(stack_kinds PRIVATE ${GREENLET_WARNINGS})
target_include_directories(stack_kinds PRIVATE ${PROJECT_SOURCE_DIR}/capi)
target_link_options(stack_kinds INTERFACE LINKER:--wrap=gl_new,--wrap=gl_new_with)
add_custom_target(stack_kinds_tests)

# greenlet_test_stack_kinds(NAME): this test, and the program of that name, is one of them.
function(greenlet_test_stack_kinds name)
  if(NOT GREENLET_LINKER_WRAPS)
    return()
  endif()
  target_link_libraries(${name} PRIVATE stack_kinds)
  add_dependencies(stack_kinds_tests ${name})
  set_property(TEST ${name} APPEND PROPERTY LABELS stack_kinds)
endfunction()
