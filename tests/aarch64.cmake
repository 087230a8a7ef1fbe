# Cross-compiles for aarch64, as Jetsons are, against the arm64 packages that tests/aarch64.sh has
# unpacked; what comes out runs under qemu. Libraries of this machine are not seen.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)

get_filename_component(CMAKE_SYSROOT "${CMAKE_CURRENT_LIST_DIR}/../build/aarch64/root" ABSOLUTE)
if(NOT EXISTS "${CMAKE_SYSROOT}")
    message(FATAL_ERROR "no arm64 packages in ${CMAKE_SYSROOT}: tests/aarch64.sh unpacks them")
endif()
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)

find_program(QEMU_AARCH64 NAMES qemu-aarch64-static qemu-aarch64 REQUIRED)
mark_as_advanced(QEMU_AARCH64)
set(CMAKE_CROSSCOMPILING_EMULATOR "${QEMU_AARCH64}" -L "${CMAKE_SYSROOT}")
