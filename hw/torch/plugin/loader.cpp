// Everything of torch_executor.h, through the plugin.
#include <dlfcn.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <thread>
#include <vector>

#include "hw/host/plugin_file.h"
#include "hw/host/threads.h"
#include "hw/torch/plugin/plugin.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {
namespace {

constexpr const char* kFile = "swaplab_torch.so";

[[noreturn]] void fail(const std::string& reason) {
    throw UnsupportedError(
        text("executing a model takes LibTorch, which is not there ({}): install libtorch-dev and "
             "libopenblas0-pthread (Debian, Ubuntu), or unpack a LibTorch and name it with "
             "-DCMAKE_PREFIX_PATH=DIR; then `cmake --preset release -DSWAPLAB_TORCH=ON` (which "
             "experiments/quickstart.sh leaves out) and `cmake --build --preset release`",
             reason));
}

// --- Threads and memory that it will take -------------------------------------------------------

// As OpenMP and OpenBLAS choose: what the environment says, else one for each core.
std::size_t threads_of_pool(const char* variable) {
    const char* const set = std::getenv(variable);
    const long asked = set == nullptr ? 0 : std::strtol(set, nullptr, 10);
    const unsigned cores = std::max(std::thread::hardware_concurrency(), 1U);
    return asked > 0 ? static_cast<std::size_t>(asked) : cores;
}

// With fewer threads than they want, OpenMP ends the program and OpenBLAS waits for ever.
void require_threads() {
    constexpr std::size_t of_a_run = 4;  // its lanes
    const std::size_t wanted =
        threads_of_pool("OMP_NUM_THREADS") + threads_of_pool("OPENBLAS_NUM_THREADS") + of_a_run;
    const std::size_t there = threads_to_be_had(wanted);
    if (there == wanted) return;
    throw UnsupportedError(
        text("LibTorch and a run take {} threads, and this process gets {} (is there a limit on "
             "processes, as by `ulimit -u` or a cgroup's pids.max?): raise it, or set "
             "OMP_NUM_THREADS=1 and OPENBLAS_NUM_THREADS=1",
             wanted, there));
}

// The loader calls it all one thing: "cannot open shared object file", "failed to map segment".
std::string memory_limit_text() {
    rlimit limit{};
    if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return "";
    return text("; its addresses are limited to {} KiB (`ulimit -v`)", limit.rlim_cur / 1024);
}

// Its libraries are mapped and its threads' heaps are reserved with it: with less, constructors of
// libraries end the program, and OpenBLAS asks again for ever.
void require_addresses() {
    constexpr std::size_t of_libraries = std::size_t{1536} << 20;
    constexpr std::size_t of_a_thread = std::size_t{128} << 20;
    const std::size_t size = of_libraries + of_a_thread * (threads_of_pool("OMP_NUM_THREADS") +
                                                           threads_of_pool("OPENBLAS_NUM_THREADS"));
    void* const probe =
        mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (probe == MAP_FAILED)
        throw UnsupportedError(
            text("LibTorch takes {} MiB of address space, and this process gets "
                 "less{}",
                 size >> 20, memory_limit_text()));
    munmap(probe, size);
}

// --- Its beginning and its end ------------------------------------------------------------------

std::atomic<bool> gave_up{false};
struct sigaction who_listens;

// OpenBLAS interrupts the process (raise) when it gets no thread; interrupts of others go where
// they went.
extern "C" void swaplab_torch_interrupted(int signal, siginfo_t* info, void* context) {
    if (info->si_code == SI_TKILL && info->si_pid == getpid())
        gave_up = true;
    else if ((who_listens.sa_flags & SA_SIGINFO) != 0)
        who_listens.sa_sigaction(signal, info, context);
    else if (who_listens.sa_handler != SIG_DFL && who_listens.sa_handler != SIG_IGN)
        who_listens.sa_handler(signal);
    else if (who_listens.sa_handler == SIG_DFL)
        _exit(128 + signal);
}

// Destructors of its libraries have nothing to do for us: they would abort where there is no
// memory, or wait for threads that were never made, when the exit code is already known.
void leave_without_it(int status, void*) {
    std::cout.flush();
    (void)std::fflush(nullptr);
    _exit(status);
}

// While the library is opened, whatever its constructors throw.
class Opening {
  public:
    Opening() {
        struct sigaction listen {};
        listen.sa_sigaction = swaplab_torch_interrupted;
        listen.sa_flags = SA_SIGINFO;
        sigaction(SIGINT, &listen, &who_listens);
    }
    ~Opening() {
        sigaction(SIGINT, &who_listens, nullptr);
        on_exit(leave_without_it, nullptr);  // before what it, or a part of it, has registered
    }
    Opening(const Opening&) = delete;
    Opening& operator=(const Opening&) = delete;
};

void* open_library(const std::filesystem::path& file) {
    const Opening opening;
    return dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
}

// Never unloaded: LibTorch does not survive it.
const TorchPlugin& load() {
    const auto file = plugin_file(kFile);
    if (!file) fail(text("no {} beside the executable", kFile));
    require_addresses();
    require_threads();
    void* library = open_library(*file);
    if (library == nullptr) fail(dlerror() + memory_limit_text());
    if (gave_up)
        throw UnsupportedError(
            "LibTorch's OpenBLAS got no thread: is there a limit on processes, as by `ulimit -u` "
            "or a cgroup's pids.max? With OPENBLAS_NUM_THREADS=1 it needs none");
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
