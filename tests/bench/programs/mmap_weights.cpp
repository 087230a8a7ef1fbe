// What people run instead of swapping: the weights memory-mapped and left to the page cache, in a
// cgroup whose memory limit is the budget (as llama.cpp's users do). Prints the latency of every
// request in ms, the first from a cold cache. Exit code 77 where no cgroup can be made.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "hw/storage/pack.h"
#include "hw/torch/run/torch_executor.h"

namespace {

using namespace swaplab;
using Clock = std::chrono::steady_clock;

bool put(const std::string& path, const std::string& value) {
    std::ofstream file(path);
    file << value << std::flush;
    return file.good();
}

// A cgroup of its own for this process from now on: only what is taken from here on counts. v1
// where a memory controller is mounted, else v2.
class Limit {
  public:
    explicit Limit(std::int64_t bytes) {
        const bool v1 = std::filesystem::exists("/sys/fs/cgroup/memory/memory.limit_in_bytes");
        root_ = v1 ? "/sys/fs/cgroup/memory" : "/sys/fs/cgroup";
        folder_ = root_ + "/swaplab-" + std::to_string(getpid());
        std::error_code error;
        std::filesystem::create_directory(folder_, error);
        const std::string limit = v1 ? "/memory.limit_in_bytes" : "/memory.max";
        works_ = !error && put(folder_ + limit, std::to_string(bytes)) &&
                 put(folder_ + "/cgroup.procs", std::to_string(getpid()));
        if (!v1) put(folder_ + "/memory.swap.max", "0");
    }
    ~Limit() {
        put(root_ + "/cgroup.procs", std::to_string(getpid()));
        rmdir(folder_.c_str());
    }
    Limit(const Limit&) = delete;
    Limit& operator=(const Limit&) = delete;
    bool works() const { return works_; }

  private:
    std::string root_, folder_;
    bool works_ = false;
};

// Activations as everybody has them: from the heap.
class Heap final : public ActivationMemory {
  public:
    void* allocate(std::size_t bytes) override {
        constexpr std::size_t alignment = 64;
        return std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
    }
    void free(void* at) override { std::free(at); }
};

int measure(const Pack& pack, std::int64_t budget, int requests, int threads) {
    const std::vector<UnitRange> blocks{pack.model()->whole()};
    Heap heap;
    TorchOptions options;
    options.threads = threads;
    const auto executor = make_torch_executor(pack, blocks, options, heap);
    const int file = open(pack.parameters_path().c_str(), O_RDONLY | O_CLOEXEC);
    const auto size = static_cast<std::size_t>(pack.index().size().count);
    posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
    const Limit limit(budget);
    if (!limit.works()) {
        std::fprintf(stderr, "no cgroup with a memory limit can be made here\n");
        return 77;
    }
    void* const at = mmap(nullptr, size, PROT_READ, MAP_SHARED, file, 0);
    if (file < 0 || at == MAP_FAILED) {
        std::perror(pack.parameters_path().c_str());
        return 1;
    }
    executor->bind({0}, static_cast<std::byte*>(at));
    for (int r = 0; r < requests; ++r) {
        const auto begin = Clock::now();
        executor->execute({static_cast<std::uint32_t>(r)}, 0, {0});
        std::printf("%.3f\n",
                    std::chrono::duration<double, std::milli>(Clock::now() - begin).count());
        std::fflush(stdout);
    }
    executor->unbind({0});
    munmap(at, size);
    close(file);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 4) {
        std::fprintf(stderr, "usage: %s PACK BUDGET_BYTES REQUESTS [THREADS]\n", argv[0]);
        return 2;
    }
    try {
        const Pack pack(argv[1]);
        return measure(pack, std::stoll(argv[2]), std::atoi(argv[3]),
                       argc > 4 ? std::atoi(argv[4]) : 0);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
}
