# SPDX-License-Identifier: MIT
# cmake -D "PROGRAM=program;argument..." -D EXPECTED=FILE -P compare.cmake: fails unless the program succeeds and prints what FILE holds.
# Where there is no such file, it need only succeed.
execute_process(COMMAND ${PROGRAM} OUTPUT_VARIABLE printed RESULT_VARIABLE result)
set(expected "${printed}")
if(EXISTS ${EXPECTED})
  file(READ ${EXPECTED} expected)
endif()
if(NOT result EQUAL 0 OR NOT printed STREQUAL expected)
  message("0 passed, 1 failed")
  message(FATAL_ERROR "exit ${result}\n-- printed:\n${printed}\n-- expected:\n${expected}")
endif()
message("1 passed, 0 failed")
