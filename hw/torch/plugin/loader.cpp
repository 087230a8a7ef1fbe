// Everything of torch_executor.h, through the plugin.
#include <dlfcn.h>

#include <array>
#include <filesystem>

#include "hw/torch/plugin/plugin.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {
namespace {

constexpr const char* kFile = "swaplab_torch.so";
// From the executable's folder: where it is built (of the tests: one up) and where it is installed.
constexpr std::array<const char*, 3> kFolders{".", "..", "../lib"};

[[noreturn]] void fail(const std::string& reason) {
    throw UnsupportedError(
        text("executing a model takes LibTorch, which is not there ({}): install libtorch-dev and "
             "libopenblas0-pthread (Debian, Ubuntu), or unpack a LibTorch and name it with "
             "-DCMAKE_PREFIX_PATH=DIR; then `cmake --preset release -DSWAPLAB_TORCH=ON` (which "
             "experiments/quickstart.sh leaves out) and `cmake --build --preset release`",
             reason));
}

std::filesystem::path find() {
    const auto folder = std::filesystem::read_symlink("/proc/self/exe").parent_path();
    for (const char* candidate : kFolders) {
        const auto file = (folder / candidate / kFile).lexically_normal();
        if (std::filesystem::exists(file)) return file;
    }
    fail(text("no {} beside the executable", kFile));
}

// Never unloaded: LibTorch does not survive it.
const TorchPlugin& load() {
    void* library = dlopen(find().c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) fail(dlerror());
    const auto entry = reinterpret_cast<TorchPluginEntry>(dlsym(library, kTorchPluginEntry));
    if (entry == nullptr) fail(dlerror());
    const TorchPlugin& plugin = *entry();
    if (plugin.version != kTorchPluginVersion) fail(text("{} is from another build", kFile));
    return plugin;
}

const TorchPlugin& plugin() {
    static const TorchPlugin& loaded = load();
    return loaded;
}

}  // namespace

std::unique_ptr<Executor> make_torch_executor(const Pack& pack, std::span<const UnitRange> blocks,
                                              const TorchOptions& options,
                                              ActivationMemory& activations) {
    return plugin().make_executor(pack, blocks, options, activations);
}

std::vector<std::string> pack_torchscript(const std::string& file, const std::string& folder,
                                          const PackOptions& options) {
    return plugin().pack(file, folder, options);
}

FrozenRun run_frozen(const Pack& pack, const TorchOptions& options, std::uint32_t requests) {
    return plugin().frozen(pack, options, requests);
}

std::vector<std::string> torch_notes() { return plugin().notes(); }

std::string torch_environment(int threads) { return plugin().environment(threads); }

}  // namespace swaplab
