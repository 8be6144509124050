# SPDX-License-Identifier: MIT
# Libraries, headers, the CMake package and pkg-config's file.
include(CMakePackageConfigHelpers)

install(TARGETS greenlet greenlet_static EXPORT greenletTargets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
if(WIN32)
  install(FILES ${PROJECT_BINARY_DIR}/libgreenlet.def DESTINATION ${CMAKE_INSTALL_LIBDIR})
endif()
install(FILES capi/greenlet.h capi/greenlet_trace.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES capi/greenlet.hpp DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} OPTIONAL)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
if(UNIX AND NOT APPLE AND GREENLET_HAS_SWITCH) # gdb loads it together with the library, by this name
  install(FILES packaging/gdb/libgreenlet-gdb.py DESTINATION ${CMAKE_INSTALL_DATADIR}/gdb/auto-load${CMAKE_INSTALL_FULL_LIBDIR}
    RENAME libgreenlet.so.${PROJECT_VERSION}-gdb.py)
endif()

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/greenlet)
install(EXPORT greenletTargets NAMESPACE greenlet:: DESTINATION ${package})
configure_package_config_file(cmake/greenletConfig.cmake.in greenletConfig.cmake INSTALL_DESTINATION ${package})
write_basic_package_version_file(greenletConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/greenletConfig.cmake ${PROJECT_BINARY_DIR}/greenletConfigVersion.cmake DESTINATION ${package})

configure_file(packaging/libgreenlet.pc.in libgreenlet.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/libgreenlet.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
