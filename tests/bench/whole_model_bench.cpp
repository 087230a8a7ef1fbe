// The whole model: contention on, three reads in flight, ledger and metrics on. items/s are
// events/s: one completed activity of non-zero duration, or one arrival.
#include <benchmark/benchmark.h>

#include <memory>

#include "tests/bench/pipeline.h"

namespace swaplab {
namespace {

class CountSpans final : public Observer {
  public:
    void on_span(const Completion& span) override { total += (span.end - span.start).count(); }
    std::int64_t total = 0;
};

void whole_model(benchmark::State& state, Observer* observer) {
    const bench::Pipeline pipeline(bench::whole_model_shape(), state.range(0));
    std::uint64_t events = 0;
    std::int64_t simulated = 0;
    for (auto _ : state) {
        const RunResult result = pipeline.run(observer);
        if (result.verdict != Verdict::ok) state.SkipWithError(result.reason.c_str());
        events += result.events;
        simulated += result.makespan.count();
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(events));
    state.counters["x_real_time"] =
        benchmark::Counter(static_cast<double>(simulated) * 1e-9, benchmark::Counter::kIsRate);
}

BENCHMARK_CAPTURE(whole_model, plain, nullptr)->Arg(100)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(whole_model, observed, std::make_unique<CountSpans>().release())
    ->Arg(100)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace swaplab
