// Everything of torch_executor.h, through the plugin.
#include <dlfcn.h>

#include "hw/torch/plugin/plugin.h"
#include "profiles/error.h"
#include "profiles/text.h"

namespace swaplab {
namespace {

// Found by the executable's RUNPATH: beside it.
constexpr const char* kFile = "swaplab_torch.so";

[[noreturn]] void fail(const char* reason) {
    throw UnsupportedError(
        text("executing a model takes LibTorch, which is not there ({}): install libtorch-dev and "
             "libopenblas0-pthread (Debian, Ubuntu), or unpack a LibTorch and name it with "
             "-DCMAKE_PREFIX_PATH=DIR; then configure and build again",
             reason));
}

// Never unloaded: LibTorch does not survive it.
const TorchPlugin& load() {
    void* library = dlopen(kFile, RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) fail(dlerror());
    const auto entry = reinterpret_cast<TorchPluginEntry>(dlsym(library, kTorchPluginEntry));
    if (entry == nullptr) fail(dlerror());
    const TorchPlugin& plugin = *entry();
    if (plugin.version != kTorchPluginVersion)
        fail(text("{} is from another build", kFile).c_str());
    return plugin;
}

const TorchPlugin& plugin() {
    static const TorchPlugin& loaded = load();
    return loaded;
}

}  // namespace

std::unique_ptr<Executor> make_torch_executor(const Pack& pack, std::span<const LayerRange> blocks,
                                              const TorchOptions& options,
                                              ActivationMemory& activations) {
    return plugin().make_executor(pack, blocks, options, activations);
}

std::vector<std::string> pack_torchscript(const std::string& file, const std::string& folder,
                                          const PackOptions& options) {
    return plugin().pack(file, folder, options);
}

std::vector<std::string> torch_notes() { return plugin().notes(); }

std::string torch_environment() { return plugin().environment(); }

}  // namespace swaplab
