# Loads LibTorch where it was found: afterwards the target swaplab_libtorch is there, or it is not.
#
# LibTorch's package defines imported targets that only this folder would see and flags that would
# leak; what is taken from it are its headers and the paths of its libraries.
if(NOT SWAPLAB_TORCH_VERSION)
    return()
endif()

set(swaplab_cxx_flags "${CMAKE_CXX_FLAGS}")
if(NOT CMAKE_MESSAGE_LOG_LEVEL)
    set(CMAKE_MESSAGE_LOG_LEVEL WARNING)  # 'MKL not found' and the like
endif()
find_package(Torch QUIET CONFIG)
unset(CMAKE_MESSAGE_LOG_LEVEL)  # of this folder; what the user gave is in the cache
set(CMAKE_CXX_FLAGS "${swaplab_cxx_flags}")
if(NOT Torch_FOUND)
    message(WARNING "LibTorch ${SWAPLAB_TORCH_VERSION} cannot be loaded: built without it")
    return()
endif()
if(TORCH_CXX_FLAGS MATCHES "_GLIBCXX_USE_CXX11_ABI=0")
    message(WARNING "this LibTorch has the C++ ABI of before 2015 (_GLIBCXX_USE_CXX11_ABI=0), in "
                    "which swaplab is not built: built without it; take a 'cxx11 ABI' LibTorch")
    return()
endif()

get_filename_component(torch_folder "${TORCH_LIBRARY}" DIRECTORY)
find_library(SWAPLAB_TORCH_CPU_LIBRARY torch_cpu HINTS "${torch_folder}" NO_CACHE REQUIRED)
find_library(SWAPLAB_C10_LIBRARY c10 HINTS "${torch_folder}" NO_CACHE REQUIRED)
add_library(swaplab_libtorch INTERFACE)
target_include_directories(swaplab_libtorch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
target_link_libraries(swaplab_libtorch INTERFACE "${TORCH_LIBRARY}" "${SWAPLAB_TORCH_CPU_LIBRARY}"
                                                 "${SWAPLAB_C10_LIBRARY}")
# Some of its classes have more members without NDEBUG (ATen/record_function.h): what it was built
# with must hold here too. SWAPLAB_CHECK does not depend on it.
target_compile_definitions(swaplab_libtorch INTERFACE NDEBUG)
if(SWAPLAB_SANITIZE MATCHES "undefined")
    # Some of LibTorch's classes keep their type information to themselves.
    target_compile_options(swaplab_libtorch INTERFACE -fno-sanitize=vptr)
endif()
# LibTorch is built with it; some of its classes have more members without.
target_compile_definitions(swaplab_libtorch INTERFACE NDEBUG)
