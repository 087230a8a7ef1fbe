#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/ones.h>
#include <dlfcn.h>
#include <torch/version.h>

#include <array>
#include <chrono>
#include <exception>
#include <future>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "hw/host/threads.h"
#include "hw/torch/run/threads.h"
#include "hw/torch/run/torch_executor.h"
#include "hw/torch/script/script.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {
namespace {

// A function of OpenBLAS, if that is the BLAS that LibTorch is bound to.
template <class Function>
Function* of_openblas(const char* name) {
    return reinterpret_cast<Function*>(dlsym(RTLD_DEFAULT, name));
}

std::string openblas() {
    auto* const config = of_openblas<char*()>("openblas_get_config");
    if (config == nullptr) return "";
    const std::string words = config();  // "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH ..."
    const std::size_t name = words.find(' ');
    std::string shown =
        words.substr(0, name == std::string::npos ? name : words.find(' ', name + 1));
    constexpr std::array<const char*, 3> kKinds{"unthreaded", "pthreads", "OpenMP"};
    auto* const parallel = of_openblas<int()>("openblas_get_parallel");
    auto* const threads = of_openblas<int()>("openblas_get_num_threads");
    if (parallel == nullptr || threads == nullptr) return shown;
    return shown + text(" ({}: {})", kKinds[static_cast<std::size_t>(parallel()) % 3], threads());
}

std::string blas() {
    if (at::hasMKL()) return "MKL";
    const std::string shown = openblas();
    return shown.empty() ? "unknown BLAS" : shown;
}

// LibTorch 1.13 tells it in this text only.
std::string capability() {
    const std::string config = at::show_config();
    constexpr std::string_view kMark = "CPU capability usage: ";
    const std::size_t begin = config.find(kMark);
    if (begin == std::string::npos) return "unknown CPU capability";
    const std::string rest = config.substr(begin + kMark.size());
    return rest.substr(0, rest.find('\n'));
}

// LibTorch's own pool and OpenMP's, for this thread: with fewer, the first waits for ever and the
// other ends the program.
void require_threads(std::size_t of_a_pool) {
    const std::size_t wanted = 2 * (of_a_pool - 1);
    const std::size_t there = threads_to_be_had(wanted);
    if (there < wanted)
        throw UnsupportedError(
            text("LibTorch takes {} more threads to compute with {}, and this process gets {} (is "
                 "there a limit on processes, as by `ulimit -u` or a cgroup's pids.max?): raise "
                 "it, or use fewer (--threads 1)",
                 wanted, of_a_pool, there));
}

void take(std::future<void> pool) {
    try {
        pool.get();
    } catch (const std::exception& error) {  // it could not find out about the processor
        throw UnsupportedError(
            text("LibTorch makes no pool of threads here: {}", reason_of(error)));
    }
}

// LibTorch's pool of threads waits for ever for one that the system refused; who sets their number
// first makes it. A thread that waits so is left behind: the process ends without it.
void make_pool(int threads) {
    constexpr std::chrono::seconds kMost{10};
    const auto promise = std::make_shared<std::promise<void>>();
    std::future<void> made = promise->get_future();
    std::thread maker = start_thread("LibTorch's pool of threads", [threads, promise] {
        try {
            at::set_num_threads(threads);
            promise->set_value();
        } catch (...) {
            promise->set_exception(std::current_exception());
        }
    });
    if (made.wait_for(kMost) == std::future_status::ready) {
        maker.join();
        return take(std::move(made));
    }
    maker.detach();
    throw UnsupportedError(
        text("LibTorch's pool of threads is not there after {} s: is there a limit on processes, "
             "as by `ulimit -u` or a cgroup's pids.max?",
             kMost.count()));
}

}  // namespace

void use_threads(int threads) {
    thread_local int used = 0;
    if (threads == 0 || threads == used) return;
    require_threads(static_cast<std::size_t>(threads));
    static std::once_flag once;
    std::call_once(once, make_pool, threads);
    at::set_num_threads(threads);
    if (auto* const set = of_openblas<void(int)>("openblas_set_num_threads")) set(threads);
    used = threads;
}

std::vector<std::string> torch_notes() {
    std::vector<std::string> notes;
    if (blas() == "unknown BLAS")
        notes.emplace_back(
            "LibTorch's BLAS is neither OpenBLAS nor MKL: matrix products can be 10 times slower "
            "(Debian, Ubuntu: install libopenblas0-pthread)");
    return notes;
}

void warm_up(int threads) {
    static std::once_flag once;
    std::call_once(once, [threads] {
        use_threads(threads);
        at::matmul(at::ones({512, 4096}), at::ones({4096, 1024}));
        at::conv2d(at::ones({1, 64, 56, 56}), at::ones({64, 64, 3, 3}));
    });
}

std::string torch_environment(int threads) {
    use_threads(threads);
    return text("LibTorch {} (threads: {}), {}, {}", TORCH_VERSION, at::get_num_threads(), blas(),
                capability());
}

}  // namespace swaplab
