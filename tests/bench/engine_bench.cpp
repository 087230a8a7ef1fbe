// The event engine against a bare heap, in the hold model: take the next event, schedule one at a
// random distance, with 8 and 1000 events pending. The heap is std::priority_queue over the same
// key.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <queue>
#include <random>
#include <vector>

#include "sim/engine.h"

namespace swaplab {
namespace {

// Distances drawn beforehand, so that both sides pay for the same and for nothing else.
std::vector<std::int64_t> distances() {
    std::mt19937_64 random(1);
    std::exponential_distribution<double> draw(1e-3);
    std::vector<std::int64_t> all(1 << 14);
    for (std::int64_t& d : all) d = 1 + static_cast<std::int64_t>(draw(random));
    return all;
}

void engine_hold(benchmark::State& state) {
    const auto distance = distances();
    Engine engine;
    std::size_t next = 0;
    for (int i = 0; i < state.range(0); ++i)
        engine.set(engine.add_slot(Phase::completion), at_ns(distance[next++]));
    for (auto _ : state) {
        const auto slot = engine.step(Time::max());
        engine.set(*slot, engine.now() + Duration{distance[next++ & (distance.size() - 1)]});
    }
    state.SetItemsProcessed(state.iterations());
}

void bare_heap_hold(benchmark::State& state) {
    struct Event {
        std::int64_t time;
        std::uint8_t phase;
        std::uint64_t sequence;
        std::uint32_t slot;
        auto operator<=>(const Event&) const = default;
    };
    const auto distance = distances();
    std::priority_queue<Event, std::vector<Event>, std::greater<>> heap;
    std::size_t next = 0;
    std::uint64_t sequence = 0;
    for (std::uint32_t i = 0; i < state.range(0); ++i)
        heap.push({distance[next++], 0, sequence++, i});
    for (auto _ : state) {
        Event event = heap.top();
        heap.pop();
        event.time += distance[next++ & (distance.size() - 1)];
        event.sequence = sequence++;
        heap.push(event);
        benchmark::DoNotOptimize(event.slot);
    }
    state.SetItemsProcessed(state.iterations());
}

BENCHMARK(bare_heap_hold)->Arg(8)->Arg(1000);
BENCHMARK(engine_hold)->Arg(8)->Arg(1000);

}  // namespace
}  // namespace swaplab
