// Preloaded into swaplab_bench by tests/bench/instructions.sh: every benchmark runs as often as
// BENCH_ITERATIONS says, so that instructions can be counted exactly.
#include <benchmark/benchmark.h>
#include <dlfcn.h>

#include <cstdlib>

namespace benchmark::internal {

Benchmark* RegisterBenchmarkInternal(Benchmark* bench) {
    static const auto real = reinterpret_cast<Benchmark* (*)(Benchmark*)>(
        dlsym(RTLD_NEXT, "_ZN9benchmark8internal25RegisterBenchmarkInternalEPNS0_9BenchmarkE"));
    if (const char* fixed = std::getenv("BENCH_ITERATIONS")) bench->Iterations(std::atoll(fixed));
    return real(bench);
}

}  // namespace benchmark::internal
