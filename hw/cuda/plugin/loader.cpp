#include "hw/cuda/plugin/loader.h"

#include <dlfcn.h>

#include "hw/cuda/plugin/plugin.h"
#include "hw/host/plugin_file.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {
namespace {

constexpr const char* kFile = "swaplab_cuda.so";

[[noreturn]] void fail(const std::string& reason) {
    throw UnsupportedError(
        text("backend cuda takes a build with the CUDA toolkit ({}): install nvcc, then `cmake "
             "--preset release` and `cmake --build --preset release`",
             reason));
}

// Never unloaded: its statics end with the process.
const CudaPlugin& load() {
    const auto file = plugin_file(kFile);
    if (!file) fail(text("no {} beside the executable", kFile));
    void* const library = dlopen(file->c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) fail(dlerror());
    const auto entry = reinterpret_cast<CudaPluginEntry>(dlsym(library, kCudaPluginEntry));
    if (entry == nullptr) fail(dlerror());
    const CudaPlugin& plugin = *entry();
    if (plugin.version != kCudaPluginVersion) fail(text("{} is from another build", kFile));
    return plugin;
}

}  // namespace

const CudaApi& cuda_api() {
    static const CudaPlugin& loaded = load();
    return *loaded.api;
}

}  // namespace swaplab
