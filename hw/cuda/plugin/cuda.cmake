# The plugin with CUDA's runtime and our kernels, where nvcc is found; afterwards
# SWAPLAB_CUDA_ARCHITECTURES says what it is built for. Everything else builds and is tested without it.
#
# By default the architectures of 75 (Turing), 87 (Orin), 90 (H100) and 110 (Thor) that this nvcc
# knows; another list by -DCMAKE_CUDA_ARCHITECTURES.
set(SWAPLAB_CUDA_ARCHITECTURES "" CACHE INTERNAL "")
if(NOT CUDAToolkit_NVCC_EXECUTABLE)
    return()
endif()

if(NOT CMAKE_CUDA_ARCHITECTURES)
    execute_process(COMMAND "${CUDAToolkit_NVCC_EXECUTABLE}" --list-gpu-arch
                    OUTPUT_VARIABLE known ERROR_QUIET)
    set(CMAKE_CUDA_ARCHITECTURES "")
    foreach(architecture IN ITEMS 75 87 90 110)
        if(known MATCHES "compute_${architecture}(\n|$)")
            list(APPEND CMAKE_CUDA_ARCHITECTURES ${architecture})
        endif()
    endforeach()
endif()
set(CMAKE_CUDA_COMPILER "${CUDAToolkit_NVCC_EXECUTABLE}")
enable_language(CUDA)
set(SWAPLAB_CUDA_ARCHITECTURES "${CMAKE_CUDA_ARCHITECTURES}" CACHE INTERNAL "")

file(GLOB sources CONFIGURE_DEPENDS cuda/kernels/*.cu)
add_library(swaplab_cuda_plugin MODULE ${sources} cuda/plugin/entry.cpp)
set_target_properties(swaplab_cuda_plugin PROPERTIES
    PREFIX "" OUTPUT_NAME swaplab_cuda CXX_VISIBILITY_PRESET hidden
    CUDA_STANDARD 17 CUDA_VISIBILITY_PRESET hidden CUDA_RUNTIME_LIBRARY Static
    LIBRARY_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}")
target_include_directories(swaplab_cuda_plugin PRIVATE "${PROJECT_SOURCE_DIR}")
target_link_libraries(swaplab_cuda_plugin PRIVATE CUDA::cudart_static)
target_link_options(swaplab_cuda_plugin PRIVATE LINKER:--exclude-libs,ALL)
add_dependencies(swaplab_cuda swaplab_cuda_plugin)
