// What a binary timeline costs: the whole model (whole_model.h) with and without an observer that
// writes a .pftrace, in turn within one run. `ratio` is the median time with over that without;
// `bytes_per_slice` is the size of the file.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>

#include "experiments/trace/perfetto_writer.h"
#include "experiments/trace/timeline_observer.h"
#include "tests/bench/whole_model.h"

namespace swaplab {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_of(const std::function<void()>& work) {
    const Clock::time_point begin = Clock::now();
    work();
    return std::chrono::duration<double>(Clock::now() - begin).count();
}

double median(std::vector<double>& values) {
    std::ranges::sort(values);
    return values[values.size() / 2];
}

void trace(benchmark::State& state, const std::string& path) {
    const WholeModel model(state.range(0));
    const TimelineBounds everything{kStart, Time::max(), std::numeric_limits<std::int64_t>::max()};
    std::uint64_t events = 0;
    std::vector<double> without, with;
    for (auto _ : state) {
        without.push_back(seconds_of([&] { events = model.run(nullptr).events; }));
        with.push_back(seconds_of([&] {
            std::ofstream file(path, std::ios::binary);
            PerfettoWriter writer(file);
            TimelineObserver observer(writer, everything);
            model.run(&observer);
            observer.finish();
            writer.finish();
        }));
        state.SetIterationTime(with.back());
    }
    const double off = median(without);
    const double on = median(with);
    state.counters["ratio"] = on / off;
    state.counters["off_ns_per_event"] = off * 1e9 / static_cast<double>(events);
    state.counters["on_ns_per_event"] = on * 1e9 / static_cast<double>(events);
    if (std::filesystem::is_regular_file(path)) {
        state.counters["bytes_per_event"] =
            static_cast<double>(std::filesystem::file_size(path)) / static_cast<double>(events);
        std::filesystem::remove(path);
    }
}

BENCHMARK_CAPTURE(trace, null, "/dev/null")
    ->Arg(100)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(trace, file,
                  (std::filesystem::temp_directory_path() / "swaplab_bench.pftrace").string())
    ->Arg(100)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace swaplab
