// What a binary timeline costs: the whole model (pipeline.h) with and without an observer that
// writes a .pftrace, in turn within one run. `ratio` is the median time with over that without,
// `bytes_per_event` is the size of the file.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>

#include "experiments/trace/perfetto_writer.h"
#include "experiments/trace/timeline_observer.h"
#include "tests/bench/pipeline.h"

namespace swaplab {
namespace {

// Processor time, so that other work on the machine does not count.
double seconds_of(const std::function<void()>& work) {
    const std::clock_t begin = std::clock();
    work();
    return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
}

double median(std::vector<double>& values) {
    std::ranges::sort(values);
    return values[values.size() / 2];
}

void trace(benchmark::State& state, const std::string& path) {
    const bench::Pipeline model(bench::whole_model_shape(), state.range(0));
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
    ->Arg(400)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(trace, file,
                  (std::filesystem::temp_directory_path() / "swaplab_bench.pftrace").string())
    ->Arg(400)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace swaplab
