#include "policies/plan/stream_delay.h"

#include <algorithm>
#include <deque>
#include <memory>

#include "policies/lanes/servers.h"
#include "policies/memory/arena.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

// An arena in planning time: who waits for space waits until enough of the oldest items are given
// back.
class PlannedArena {
  public:
    explicit PlannedArena(const ArenaPlan& plan) : arena_(make_arena(plan)) {}

    // When there is a place for `size` bytes, for somebody who is ready at `ready`.
    Duration reserve(Bytes size, Duration ready) {
        std::optional<Place> place = arena_->reserve(size);
        while (!place) {
            SWAPLAB_CHECK(!items_.empty(), "{} bytes do not fit an arena of {}", size.count,
                          arena_->capacity().count);
            ready = std::max(ready, items_.front().free_at);
            arena_->free(items_.front().place);
            items_.pop_front();
            place = arena_->reserve(size);
        }
        items_.push_back({*place, {}});
        return ready;
    }
    // When the item reserved last will be given back.
    void free_last_at(Duration time) { items_.back().free_at = time; }

  private:
    struct Item {
        Place place;
        Duration free_at;
    };
    std::unique_ptr<Arena> arena_;
    std::deque<Item> items_;
};

}  // namespace

Duration two_stage_delay(const std::vector<BlockFacts>& layers, const ArenaPlan& arena,
                         std::uint32_t assemblers, std::uint32_t passes) {
    PlannedArena place(arena);
    Servers assembly(assemblers);
    Duration read_end{};
    Duration executed{};
    std::vector<Duration> released(layers.size());
    for (std::size_t i = 0; i < passes * layers.size(); ++i) {
        const BlockFacts& layer = layers[i % layers.size()];
        Duration ready{};
        if (layer.has_parameters()) {
            const Duration gone = std::max(read_end, released[i % layers.size()]);
            read_end = place.reserve(layer.held_bytes, gone) + layer.of(Verb::read);
            ready = assembly.serve(read_end, layer.of(Verb::assemble));
        }
        executed = std::max(ready, executed) + layer.use();
        released[i % layers.size()] = executed + layer.swap_out();
        if (layer.has_parameters()) place.free_last_at(released[i % layers.size()]);
    }
    return executed;
}

Duration async_delay(const std::vector<BlockFacts>& layers, Bytes ring, std::uint32_t assemblers,
                     std::uint32_t passes) {
    PlannedArena host({ArenaKind::ring, ring, 0});
    PlannedArena device({ArenaKind::ring, ring, 0});
    Servers assembly(assemblers);
    Duration read_end{};
    Duration copy_end{};
    Duration executed{};
    std::vector<Duration> released(layers.size());
    for (std::size_t i = 0; i < passes * layers.size(); ++i) {
        const BlockFacts& layer = layers[i % layers.size()];
        Duration ready{};
        if (layer.has_parameters()) {
            const Duration gone = std::max(read_end, released[i % layers.size()]);
            read_end = host.reserve(layer.held_bytes, gone) + layer.of(Verb::read);
            copy_end = device.reserve(layer.held_bytes, std::max(copy_end, read_end)) +
                       layer.of(Verb::copy);
            host.free_last_at(copy_end);
            ready = assembly.serve(copy_end, layer.of(Verb::assemble));
        }
        executed = std::max(ready, executed) + layer.use();
        released[i % layers.size()] = executed + layer.swap_out();
        if (layer.has_parameters()) device.free_last_at(released[i % layers.size()]);
    }
    return executed;
}

Duration sync_delay(const std::vector<BlockFacts>& layers, std::uint32_t passes) {
    const std::size_t n = passes * layers.size();
    const auto layer = [&](std::size_t i) -> const BlockFacts& {
        return layers[i % layers.size()];
    };
    // A lone layer overlaps with nothing. Of two, each is read again in the step that releases it.
    if (layers.size() == 1)
        return passes * (layer(0).swap_in() + layer(0).use() + layer(0).swap_out()) -
               layer(0).swap_out();
    Duration total{};
    for (std::size_t t = 0; t < n + 2; ++t) {
        Duration read = t < n ? layer(t).of(Verb::read) : Duration{};
        if (layers.size() == 2 && t >= 2 && t < n && layer(t).has_parameters())
            read += layer(t).use() + layer(t).swap_out();
        const Duration copy = t >= 1 && t - 1 < n
                                  ? layer(t - 1).of(Verb::copy) + layer(t - 1).of(Verb::assemble)
                                  : Duration{};
        Duration execute{};
        if (t >= 2) execute = layer(t - 2).use();
        if (t >= 2 && t < n + 1) execute += layer(t - 2).swap_out();
        total += std::max({read, copy, execute});
    }
    return total;
}

}  // namespace swaplab
